import assert from "node:assert/strict";
import { toMessage } from "../../../policy/adapter/message";
import { readPlan } from "../../../cli/review/plan";
import { NOT_YET_KNOWN, SECRET } from "../../../cli/review/values";
import { failure, inComponent, judged, plan, planOf, policyEvent, step, summary } from "./support";

const service = inComponent("apps:Ecommerce", "core/v1:Service", "order-api");

describe("review: the plan in the engine's events", () => {
    it("C18 reads resources, operations and inputs", () => {
        const { resources, complete, judged, deployed } = plan(step({ urn: service, new: { spec: { ports: [] } } }));
        assert.deepEqual(resources.get(service)?.inputs, { spec: { ports: [] } });
        assert.equal(resources.get(service)?.operation, "create");
        assert.deepEqual({ complete, judged, deployed }, { complete: true, judged: true, deployed: false });
    });

    it("C18 a replacement in three steps is one, with the inputs of the new resource and why", () => {
        const detailedDiff = {
            "spec.selector": { diffKind: "update-replace" },
            "spec.replicas": { diffKind: "update" },
        };
        const { resources, deployed } = plan(
            step({ urn: service, op: "create-replacement", old: { a: 1 }, new: { a: 2 }, detailedDiff }),
            step({ urn: service, op: "replace", old: { a: 1 }, new: { a: 2 }, detailedDiff }),
            step({ urn: service, op: "delete-replaced", old: { a: 1 } }),
        );
        const { operation, inputs, replacing } = resources.get(service)!;
        assert.deepEqual(
            { operation, inputs, replacing },
            { operation: "replace", inputs: { a: 2 }, replacing: ["spec.selector"] },
        );
        assert.equal(deployed, true);
    });

    it("masks secrets, says what is not known yet, and takes the program's folder out", () => {
        const secret = inComponent("security:GatewayCertificate", "core/v1:Secret", "tls");
        const { resources } = planOf(
            [
                step({ urn: secret, new: { data: { "tls.key": "LS0t" }, type: "kubernetes.io/tls", __internal: {} } }),
                step({
                    urn: service,
                    new: {
                        masterPassword: "hunter2",
                        secretName: "tls",
                        file: "/base/tree/.local/x",
                        kubeconfig: "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
                        hidden: { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", value: "x" },
                    },
                }),
                judged,
                summary(),
            ],
            "/base/tree",
        );
        assert.deepEqual(resources.get(secret)?.inputs, { data: { "tls.key": SECRET }, type: "kubernetes.io/tls" });
        assert.deepEqual(resources.get(service)?.inputs, {
            masterPassword: SECRET,
            secretName: "tls",
            file: "./.local/x",
            kubeconfig: NOT_YET_KNOWN,
            hidden: SECRET,
        });
        assert.doesNotMatch(JSON.stringify([...resources.values()]), /hunter2|LS0t/);
    });

    it("reads the project's own violations back into their parts", () => {
        const violation = {
            object: "Service/ecommerce/order-api",
            field: "spec.selector",
            message: "selects no pod: app=orders",
            fix: "change it to app=order-api",
        };
        const text = toMessage({
            ...violation,
            rule: "service-selector",
            severity: "critical",
            enforcement: "mandatory",
            source: undefined,
        });
        for (const message of [text, `<{%reset%}>Rule: a Service has pods.\n${text}<{%reset%}>\n`]) {
            const [found] = plan(policyEvent({ rule: "service-selector-advice", message, urn: service })).violations;
            assert.deepEqual(found, {
                ...violation,
                rule: "service-selector",
                enforcement: "mandatory",
                severity: "high",
                urn: service,
            });
        }
    });

    it("shows another pack's violation as it is", () => {
        const [found] = plan(
            policyEvent({ rule: "theirs", message: "no.", level: "advisory", urn: service }),
        ).violations;
        assert.deepEqual([found?.object, found?.message, found?.fix], ["order-api", "no.", ""]);
    });

    it("C8 a plan that only the policies refuse is complete; one whose program failed is not, and says why", () => {
        const refused = planOf([
            step({ urn: service, new: {} }),
            policyEvent({ rule: "a", message: "m" }),
            judged,
            failure("preview failed"),
            summary("failed"),
        ]);
        assert.deepEqual([refused.complete, refused.errors], [true, []]);
        const failed = planOf([failure("<{%fg 1%}>istio-platform:egov: wrong<{%reset%}>\n"), summary("failed")]);
        assert.deepEqual(
            [failed.complete, failed.judged, failed.errors],
            [false, false, ["istio-platform:egov: wrong"]],
        );
    });

    it("a plan without an end is not complete", () => {
        const cut = planOf([step({ urn: service, new: {} })]);
        assert.equal(cut.complete, false);
        assert.equal(cut.errors.length, 1);
    });

    it("passes over lines that are no event", () => {
        assert.equal(readPlan(["", "Previewing", "{not json", '{"other":1}']).resources.size, 0);
    });
});
