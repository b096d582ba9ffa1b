import assert from "node:assert/strict";
import { formatPath, UNKNOWN } from "../../../tools/stand-in/common/values";
import {
    isImmutableRefusal,
    mustDeleteFirst,
    propertyChanges,
    refusedChanges,
    replacingChanges,
} from "../../../tools/stand-in/kubernetes-provider/diff";

const object = (kind: string, rest: object = {}, apiVersion = "v1", name = "a") => ({
    apiVersion,
    kind,
    metadata: { name, namespace: "n" },
    ...rest,
});
const paths = (changes: readonly { path: readonly (string | number)[] }[]) =>
    changes.map(({ path }) => formatPath(path));

describe("differences between inputs", () => {
    it("names each property that differs, and how", () => {
        const changes = propertyChanges({ a: 1, b: { c: [1, 2] }, d: 1 }, { a: 1, b: { c: [1, 3, 4] }, e: 1 });
        assert.deepEqual(
            changes.map(({ path, kind }) => `${kind} ${formatPath(path)}`),
            ["update b.c[1]", "add b.c[2]", "delete d", "add e"],
        );
    });

    it("takes an unknown value for a change, and the provider's own keys for none", () => {
        assert.deepEqual(paths(propertyChanges({ a: UNKNOWN }, { a: UNKNOWN })), ["a"]);
        assert.deepEqual(propertyChanges({ __inputs: 1 }, { __inputs: 2 }), []);
    });

    const cases: [string, object, object, string[]][] = [
        ["a name", object("ConfigMap"), object("ConfigMap", {}, "v1", "b"), ["metadata.name"]],
        [
            "a namespace",
            object("ConfigMap"),
            { ...object("ConfigMap"), metadata: { name: "a", namespace: "m" } },
            ["metadata.namespace"],
        ],
        ["a kind", object("ConfigMap"), object("Secret"), ["kind"]],
        ["data", object("ConfigMap", { data: { a: "1" } }), object("ConfigMap", { data: { a: "2" } }), []],
        ["an API version", object("Deployment", {}, "apps/v1beta1"), object("Deployment", {}, "apps/v1"), []],
        [
            "a selector",
            object("Deployment", { spec: { selector: { matchLabels: { a: "1" } }, replicas: 1 } }, "apps/v1"),
            object("Deployment", { spec: { selector: { matchLabels: { a: "2" } }, replicas: 2 } }, "apps/v1"),
            ["spec.selector.matchLabels.a"],
        ],
        ["the type of a Secret", object("Secret", { type: "a" }), object("Secret", { type: "b" }), ["type"]],
    ];
    for (const [what, before, after, expected] of cases)
        it(`${expected.length > 0 ? "replaces" : "keeps"} the object when ${what} changes`, () => {
            const [old, now] = [before as Record<string, never>, after as Record<string, never>];
            assert.deepEqual(paths(replacingChanges(now, old, propertyChanges(old, now))), expected);
        });

    it("recognises what the API server says of immutable fields", () => {
        for (const message of [
            'Deployment.apps "web" is invalid: spec.selector: Invalid value: {}: field is immutable',
            'StatefulSet.apps "a" is invalid: spec: Forbidden: updates to statefulset spec for fields other than replicas are forbidden',
            'PersistentVolumeClaim "a" is invalid: spec: Forbidden: spec is immutable after creation except resources',
            'Service "a" is invalid: spec.clusterIPs[0]: Invalid value: ["None"]: may not change once set',
            'RoleBinding "a" is invalid: roleRef: Invalid value: {}: cannot change roleRef',
        ])
            assert.equal(isImmutableRefusal(422, message), true, message);
        assert.equal(isImmutableRefusal(422, "spec.replicas: Invalid value: -1"), false);
        assert.equal(isImmutableRefusal(500, "field is immutable"), false);
    });

    it("replaces for the fields that the API server names, or for all when it names none of them", () => {
        const changes = propertyChanges({ spec: { a: 1, b: 1 } }, { spec: { a: 2, b: 2 } });
        assert.deepEqual(paths(refusedChanges(changes, [{ field: "spec.b", message: "" }])), ["spec.b"]);
        assert.deepEqual(paths(refusedChanges(changes, [{ field: "data", message: "" }])), ["spec.a", "spec.b"]);
    });

    it("deletes first only when the new object has the old one's name", () => {
        assert.equal(mustDeleteFirst(object("ConfigMap"), object("ConfigMap")), true);
        assert.equal(mustDeleteFirst(object("ConfigMap"), object("ConfigMap", {}, "v1", "b")), false);
        const autonamed = {
            ...object("ConfigMap"),
            metadata: { name: "a", namespace: "n", annotations: { "pulumi.com/autonamed": "true" } },
        };
        assert.equal(mustDeleteFirst(autonamed, autonamed), false);
    });
});
