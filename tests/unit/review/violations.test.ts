import assert from "node:assert/strict";
import { Locator } from "../../../cli/review/locate";
import { reviewSarif } from "../../../cli/review/sarif";
import { compareViolations } from "../../../cli/review/violations";
import { failure, inComponent, judged, plan, planOf, policyEvent, step, summary } from "./support";

const service = inComponent("apps:Ecommerce", "core/v1:Service", "order-api");
const violation = (
    rule: string,
    object: string,
    field = "spec.selector",
    level: "mandatory" | "advisory" = "mandatory",
) => policyEvent({ rule, level, urn: service, message: `${object}, ${field}: it is wrong.\nFix: mend it.` });

describe("review: the policy pack's verdict", () => {
    it("C8 tells new violations from fixed and unchanged ones", () => {
        const base = plan(violation("old", "Service/a/kept"), violation("old", "Service/a/mended"));
        const change = plan(violation("old", "Service/a/kept"), violation("new", "Service/a/broken"));
        const { added, fixed, unchanged, passes, reservations } = compareViolations(base, change);
        assert.deepEqual(
            [added, fixed, unchanged].map((list) => list.map(({ object }) => object)),
            [["Service/a/broken"], ["Service/a/mended"], ["Service/a/kept"]],
        );
        assert.equal(added[0]?.fix, "mend it");
        assert.deepEqual([passes, reservations], [false, []]);
    });

    it("a violation that only moved in a list is unchanged; a second one of its kind is new", () => {
        const at = (...places: string[]) =>
            plan(...places.map((place) => violation("r", "VirtualService/a/b", place, "advisory")));
        const moved = compareViolations(at("spec.http[0].route"), at("spec.http[1].route"));
        assert.deepEqual([moved.added.length, moved.fixed.length, moved.unchanged.length], [0, 0, 1]);
        const second = compareViolations(at("spec.http[0].route"), at("spec.http[0].route", "spec.http[1].route"));
        assert.deepEqual([second.added.length, second.unchanged.length, second.passes], [1, 1, true]);
    });

    it("C8 violations are shown also where the preview itself fails, and nothing is called fixed", () => {
        const base = plan(violation("old", "Service/a/b"));
        const change = planOf([
            violation("new", "Service/a/c"),
            failure("the API server refuses it"),
            summary("failed"),
        ]);
        const { added, fixed, passes, reservations } = compareViolations(base, change);
        assert.deepEqual([added.length, fixed.length, passes], [1, 0, false]);
        assert.match(reservations.join(), /The change was judged only in part/);
    });

    it("a change that was not judged does not pass", () => {
        assert.equal(compareViolations(plan(), planOf([step({ urn: service, new: {} }), summary()])).passes, false);
        assert.equal(compareViolations(plan(), planOf([judged, summary()])).passes, true);
    });

    it("C18 SARIF: each at the component that declares the resource, with the rule, its fix and how it stands to the base", () => {
        const locator = new Locator([
            ["components/apps/ecommerce.ts", 'x\nsuper("istio-platform:apps:Ecommerce", name)\n'],
        ]);
        const base = plan(violation("service-selector", "Service/a/mended"));
        const change = plan(
            violation("service-selector", "Service/a/b"),
            violation("hpa", "Service/a/c", "", "advisory"),
        );
        const log = reviewSarif(compareViolations(base, change), locator) as {
            version: string;
            runs: { tool: { driver: { rules: { id: string }[] } }; results: Record<string, unknown>[] }[];
        };
        const [run] = log.runs;
        assert.equal(log.version, "2.1.0");
        assert.deepEqual(
            run!.tool.driver.rules.map(({ id }) => id),
            ["service-selector"],
        );
        assert.deepEqual(
            run!.results.map(({ ruleId, level, baselineState }) => [ruleId, level, baselineState]),
            [
                ["service-selector", "error", "new"],
                ["hpa", "warning", "new"],
                ["service-selector", "error", "absent"],
            ],
        );
        assert.deepEqual((run!.results[0]!["locations"] as { physicalLocation: unknown }[])[0]!.physicalLocation, {
            artifactLocation: { uri: "components/apps/ecommerce.ts" },
            region: { startLine: 2, startColumn: 1 },
        });
    });

    it("finds the lines of this project's components", () => {
        const place = Locator.of(process.cwd()).of(service);
        assert.equal(place.file, "components/apps/ecommerce.ts");
        assert.ok(place.line > 1);
        assert.deepEqual(new Locator([]).of(undefined), { file: "index.ts", line: 1 });
    });
});
