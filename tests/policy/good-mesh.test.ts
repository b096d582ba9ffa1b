import assert from "node:assert/strict";
import { rules } from "../../policy/rules";
import { short, violationsAfter } from "./good-mesh";

describe("policy: the good mesh", () => {
    it("raises nothing, by any rule", () => {
        assert.deepEqual(short(violationsAfter(() => undefined, undefined, rules)), []);
    });
});
