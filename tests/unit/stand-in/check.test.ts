import assert from "node:assert/strict";
import { JsonObject } from "../../../tools/stand-in/common/values";
import { isNamespacedBuiltIn } from "../../../tools/stand-in/kubernetes-provider/api/builtin-kinds";
import { CheckContext, checkInputs } from "../../../tools/stand-in/kubernetes-provider/check";

const context = (rest: Partial<CheckContext> = {}): CheckContext => ({
    name: "My-Map",
    type: "kubernetes:core/v1:ConfigMap",
    before: {},
    seed: new Uint8Array([1]),
    defaultNamespace: "default",
    isNamespaced: async (apiVersion, kind) => isNamespacedBuiltIn(apiVersion, kind),
    ...rest,
});
const configMap: JsonObject = { apiVersion: "v1", kind: "ConfigMap" };
const metadata = ({ inputs }: { inputs: JsonObject }) => inputs["metadata"] as Record<string, unknown>;

describe("the check of inputs", () => {
    it("completes name, namespace and label; the same plan makes the same name", async () => {
        const first = metadata(await checkInputs(configMap, context()));
        assert.match(String(first["name"]), /^my-map-[0-9a-f]{8}$/);
        assert.equal(first["namespace"], "default");
        assert.deepEqual(first["labels"], { "app.kubernetes.io/managed-by": "pulumi" });
        assert.equal(metadata(await checkInputs(configMap, context()))["name"], first["name"]);
    });

    it("keeps a name that it has made", async () => {
        const before = { metadata: { name: "my-map-1", annotations: { "pulumi.com/autonamed": "true" } } };
        assert.equal(metadata(await checkInputs(configMap, context({ before })))["name"], "my-map-1");
    });

    it("leaves names as they are declared, and gives no namespace to cluster-wide kinds", async () => {
        const result = await checkInputs({ apiVersion: "v1", kind: "Namespace", metadata: { name: "a" } }, context());
        assert.deepEqual([metadata(result)["name"], metadata(result)["namespace"]], ["a", undefined]);
    });

    it("follows the engine's naming", async () => {
        const enforce = context({ autonaming: { mode: "enforce", name: "given" } });
        assert.equal(metadata(await checkInputs(configMap, enforce))["name"], "given");
        const { failures } = await checkInputs(configMap, context({ autonaming: { mode: "disable", name: "" } }));
        assert.match(failures[0]?.reason ?? "", /set metadata.name/);
    });

    it("refuses what it cannot handle, saying what to do", async () => {
        const problem = async (news: JsonObject, type?: string) =>
            (await checkInputs(news, context(type === undefined ? {} : { type }))).failures
                .map(({ property, reason }) => `${property}: ${reason}`)
                .join("\n");
        assert.match(await problem({ kind: "X" }), /^apiVersion: expected a text/);
        assert.match(await problem({ ...configMap, metadata: "x" }), /^metadata: expected an object/);
        assert.match(
            await problem(configMap, "kubernetes:helm.sh/v3:Release"),
            /does not offer kubernetes:helm.sh\/v3:Release/,
        );
        assert.match(await problem(configMap, "kubernetes:core/v1:ConfigMapPatch"), /Declare the whole object/);
        const annotated = (annotations: JsonObject) => ({ ...configMap, metadata: { name: "a", annotations } });
        assert.match(await problem(annotated({ "pulumi.com/waitFor": "soon" })), /Allowed: /);
        assert.match(await problem(annotated({ "pulumi.com/timeoutSeconds": "-1" })), /seconds above 0/);
    });
});
