import { strict as assert } from "node:assert";
import { fieldDifferences, objectDifferences } from "../../verification/specs/support/declared-objects";
import type { DeclaredObject } from "../../verification/target/file";
import type { KubernetesObject } from "../../verification/target/target";

const kind = { apiVersion: "security.istio.io/v1", kind: "AuthorizationPolicy" };
const rules = [{ from: [{ source: { principals: ["a"] } }] }];
const declared: DeclaredObject = {
    ...kind,
    metadata: { name: "allow", namespace: "shop", labels: {}, annotations: {} },
    spec: { selector: { matchLabels: { app: "x" } }, rules },
};

/** What is said of the declared policy, read back after a change. */
function differences(change: (object: KubernetesObject) => void = () => {}, compared?: "names"): string[] {
    const found: KubernetesObject = {
        metadata: { name: "allow", namespace: "shop", annotations: { "kubectl.kubernetes.io/by": "hand" } },
        spec: structuredClone(declared.spec),
    };
    change(found);
    return objectDifferences({ ...kind, ...(compared && { compared }) }, [found], [declared]);
}

describe("Verification, S4: objects of the API server against the declared ones", () => {
    it("finds nothing in what the program has registered, whatever the order of the fields", () => {
        assert.deepEqual(differences(), []);
        assert.deepEqual(
            differences((object) => (object.spec = { rules, selector: { matchLabels: { app: "x" } } })),
            [],
        );
    });

    it("names what nobody declares, and what is missing", () => {
        assert.deepEqual(
            differences((object) => (object.metadata.name = "other")),
            ["AuthorizationPolicy shop/other is not declared", "AuthorizationPolicy shop/allow is missing"],
        );
        assert.deepEqual(objectDifferences({ ...kind, kind: "Telemetry" }, [], [declared]), []);
        assert.deepEqual(objectDifferences({ ...kind, apiVersion: "security.istio.io/v1beta1" }, [], [declared]), [
            "AuthorizationPolicy shop/allow is missing",
        ]);
    });

    it("names every field that differs, with its path, and marks that Istio reads", () => {
        assert.deepEqual(
            differences((object) => (object.spec!["action"] = "DENY")),
            ['AuthorizationPolicy shop/allow: spec.action is "DENY" instead of not set'],
        );
        assert.deepEqual(
            differences((object) => delete object.spec),
            [
                'AuthorizationPolicy shop/allow: spec.selector is not set instead of {"matchLabels":{"app":"x"}}',
                `AuthorizationPolicy shop/allow: spec.rules is not set instead of ${JSON.stringify(rules)}`,
            ],
        );
        assert.deepEqual(
            differences(({ metadata }) => (metadata.annotations = { "istio.io/dry-run": "true" })),
            ['AuthorizationPolicy shop/allow: annotations.istio.io/dry-run is "true" instead of not set'],
        );
    });

    it("leaves the content to others where only names are compared", () => {
        assert.deepEqual(
            differences((object) => (object.spec!["action"] = "DENY"), "names"),
            [],
        );
    });

    it("reads what the client makes classes of", () => {
        class Rule {
            constructor(readonly _from: unknown) {}
        }
        const policy = { ...declared, kind: "NetworkPolicy", spec: { ingress: [{ from: [{ podSelector: {} }] }] } };
        const found = { metadata: policy.metadata, spec: { ingress: [new Rule([{ podSelector: {} }])] } };
        const networkPolicy = { apiVersion: policy.apiVersion, kind: policy.kind };
        assert.deepEqual(objectDifferences(networkPolicy, [found], [policy]), []);
    });
});

describe("Verification, P7: settings of the control plane against the declared ones", () => {
    const declared = { webhooks: [{ name: "a", failurePolicy: "Fail", rules: [{ operations: ["CREATE"] }] }] };

    it("may have more than is declared, such as what the API server or istiod adds", () => {
        const webhooks = [{ ...declared.webhooks[0], clientConfig: { caBundle: "x" }, timeoutSeconds: 10 }];
        assert.deepEqual(fieldDifferences(declared, { webhooks }), []);
    });

    it("names what is missing and what differs, with its path", () => {
        assert.deepEqual(fieldDifferences(declared, undefined), ["is missing"]);
        assert.deepEqual(
            fieldDifferences(declared, { webhooks: [{ ...declared.webhooks[0], failurePolicy: "Ignore" }] }),
            ['webhooks[0].failurePolicy: line 1 is "Ignore" instead of "Fail"'],
        );
        assert.deepEqual(fieldDifferences(declared, { webhooks: [] }), [
            `webhooks is [] instead of ${JSON.stringify(declared.webhooks)}`,
        ]);
    });

    it("shows of a file the first line that differs", () => {
        assert.deepEqual(fieldDifferences({ data: { mesh: "a: 1\nb: 2\n" } }, { data: { mesh: "a: 1\nb: 3\n" } }), [
            'data.mesh: line 2 is "b: 3" instead of "b: 2"',
        ]);
        assert.deepEqual(fieldDifferences({ data: { mesh: "a: 1" } }, { data: { mesh: "a: 1\nc: 3" } }), [
            'data.mesh: line 2 is "c: 3" instead of not set',
        ]);
    });
});
