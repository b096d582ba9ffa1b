import assert from "node:assert/strict";
import { explain, isRight, judge } from "../../mutation/verdict";

describe("verdict on a mutation", () => {
    const cases: [string, string[], string[], string, boolean][] = [
        ["exactly the expected checks", ["a", "b"], ["b", "a"], "killed", true],
        ["nothing, as expected of an equivalent change", [], [], "quiet", true],
        ["nothing although something had to be", ["a"], [], "survived", false],
        ["one too few", ["a", "b"], ["a"], "inexact", false],
        ["one too many", ["a"], ["a", "b"], "inexact", false],
        ["something although the change is equivalent", [], ["a"], "false alarm", false],
    ];
    for (const [what, expected, red, kind, right] of cases)
        it(`${what} red: ${kind}`, () => {
            const verdict = judge(new Set(expected), new Set(red));
            assert.equal(verdict.kind, kind);
            assert.equal(isRight(verdict), right);
        });

    it("lets chance decide on the checks that may go red", () => {
        const may = new Set(["b"]);
        assert.equal(judge(new Set(["a"]), new Set(["a"]), may).kind, "killed");
        assert.equal(judge(new Set(["a"]), new Set(["a", "b"]), may).kind, "killed");
        assert.equal(judge(new Set(["a"]), new Set(["b"]), may).kind, "inexact");
        assert.equal(judge(new Set(["a"]), new Set(["a", "c"]), may).kind, "inexact");
    });

    it("names what differs", () => {
        assert.deepEqual(explain(judge(new Set(["a", "b"]), new Set(["b", "c"]))), [
            "not red although it had to be: a",
            "red although it must not be: c",
        ]);
    });
});
