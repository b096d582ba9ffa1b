import assert from "node:assert/strict";
import { buildMesh } from "../../policy/model/mesh";
import { checkMesh, rules } from "../../policy/rules";
import type { Violation } from "../../policy/rules/rule";
import { strictSettings } from "../../policy/settings";
import { awsExamples } from "./examples/aws";
import type { Examples, Situation } from "./examples/example";
import { kubernetesExamples } from "./examples/kubernetes";
import { meshExamples } from "./examples/mesh";
import { corpus } from "../corpus/cases";
import { GoodCloud } from "./good-cloud";
import { GoodMesh, short } from "./good-mesh";

const TODAY = "2026-07-01";

const exemption = { rule: "host-path", resource: "Deployment/shop/*", reason: "Reads figures of the node." };

const examples: Examples = {
    ...meshExamples,
    ...kubernetesExamples,
    ...awsExamples,
    "expired-exemption": {
        bad: { settings: { exemptions: [{ ...exemption, expires: "2026-06-30" }] } },
        found: ["Exemption/host-path policy.exemptions[0].expires"],
        good: { settings: { exemptions: [{ ...exemption, expires: TODAY }] } },
    },
};

function judge({ mesh: changeMesh, cloud: changeCloud, settings }: Situation): Violation[] {
    const [mesh, cloud] = [new GoodMesh(), new GoodCloud()];
    changeMesh?.(mesh);
    changeCloud?.(cloud);
    const model = buildMesh(mesh.sources(), { cloud: cloud.cloud() });
    return checkMesh(model, rules, { ...strictSettings(TODAY), ...settings });
}

describe("policy: every rule by example", () => {
    it("each rule has a bad and a good one, here or in the corpus, and no example is without a rule", () => {
        const shown = new Set([...Object.keys(examples), ...corpus.map(({ rule }) => rule).filter(Boolean)]);
        assert.deepEqual([...shown].toSorted(), rules.map(({ id }) => id).toSorted());
    });

    for (const [rule, { bad, found, good = {} }] of Object.entries(examples)) {
        it(`${rule}: finds what is wrong`, () => {
            const violations = judge(bad).filter((violation) => violation.rule === rule);
            assert.deepEqual(
                short(violations),
                found.map((place) => `${rule} ${place}`),
            );
            for (const { message, fix } of violations) {
                assert.ok(message.length > 15 && fix.length > 5, `${message}: ${fix}`);
                assert.doesNotMatch(`${message} ${fix}`, /undefined|Symbol|\[object|\.$/);
            }
        });
        it(`${rule}: accepts what is right`, () => assert.deepEqual(short(judge(good)), []));
    }
});
