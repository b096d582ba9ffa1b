import { strict as assert } from "node:assert";
import { platform } from "../../../components/config/platform";
import { environmentOf } from "../../../components/config/policy";
import { validateConfig } from "../../../components/config/validate";
import { stackFileConfig } from "../../support/program";

const exemption = {
    rule: "host-path",
    resource: "DaemonSet/monitoring/node-exporter",
    reason: "It reads the figures of its node.",
    expires: "2027-03-31",
};

function problemsOf(change: object): string[] {
    const exemptions = [{ ...exemption, ...change }];
    const result = validateConfig({ cluster: { kind: "embedded" }, policy: { exemptions } });
    return result.ok ? [] : result.problems;
}

describe("Configuration: policy", () => {
    it("takes an exemption with a rule, what it covers, a reason and a last day", () => {
        assert.deepEqual(problemsOf({}), []);
    });

    it("refuses a rule that does not exist, with its path", () => {
        const [problem, ...others] = problemsOf({ rule: "host-paths" });
        assert.match(
            problem!,
            /^istio-platform:policy\.exemptions\.0\.rule: must be .*"host-path".*, but is "host-paths"/,
        );
        assert.deepEqual(others, []);
    });

    for (const [title, change, path] of [
        ["no reason", { reason: undefined }, "reason"],
        ["a reason that says nothing", { reason: "needed" }, "reason"],
        ["no last day", { expires: undefined }, "expires"],
        ["a day that does not exist", { expires: "2027-02-30" }, "expires"],
        ["no object", { resource: "*" }, "resource"],
    ] as const)
        it(`refuses ${title}`, () => {
            const problems = problemsOf(change);
            assert.equal(problems.length, 1, problems.join("\n"));
            assert.ok(problems[0]!.startsWith(`istio-platform:policy.exemptions.0.${path}: `), problems[0]);
        });

    it("an embedded cluster is local, kind is dev, EKS is prod, unless the stack says otherwise", () => {
        const environments = ["local", "dev", "prod"].map((stack) =>
            environmentOf(platform.parse(stackFileConfig(stack))),
        );
        assert.deepEqual(environments, ["local", "dev", "prod"]);
        const said = platform.parse({ cluster: { kind: "embedded" }, policy: { environment: "prod" } });
        assert.equal(environmentOf(said), "prod");
    });
});
