import assert from "node:assert/strict";
import { SECRET, SIGNATURE } from "../../../tools/stand-in/common/values";
import {
    concealInputs,
    concealOutputs,
    inputsFromLive,
    manifestOf,
    outputsOf,
} from "../../../tools/stand-in/kubernetes-provider/state";

const isSecret = (value: unknown) => (value as Record<string, unknown>)[SIGNATURE] === SECRET;

describe("the state of a resource", () => {
    const inputs = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" }, data: { token: "a-long-secret" } };

    it("sends neither status nor the provider's own keys", () => {
        assert.deepEqual(manifestOf({ ...inputs, status: {}, __inputs: {} }), inputs);
    });

    it("keeps the inputs, and drops the book-keeping of field owners", () => {
        const outputs = outputsOf({ ...inputs, metadata: { name: "a", uid: "1", managedFields: [] } }, inputs, "me");
        assert.deepEqual(outputs["metadata"], { name: "a", uid: "1" });
        assert.deepEqual(outputs["__inputs"], inputs);
        assert.equal(outputs["__fieldManager"], "me");
    });

    it("conceals a secret input in the outputs, in the copy of the inputs, and where its text is repeated", () => {
        const live = { ...inputs, status: { echo: "a-long-secret" } };
        const outputs = concealOutputs(outputsOf(live, inputs, "me"), inputs, [["data", "token"]]);
        assert.ok(
            !JSON.stringify(outputs)
                .replaceAll(/\{"4dabf[^}]*\}/g, "")
                .includes("a-long-secret"),
        );
    });

    it("conceals the data of every Secret", () => {
        const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "a" }, data: { a: "eA==" } };
        assert.ok(isSecret(concealInputs(secret, [])["data"]));
        const outputs = concealOutputs(
            outputsOf(secret, { ...secret, data: {}, stringData: { a: "x" } }, "me"),
            secret,
            [],
        );
        assert.ok(isSecret(outputs["data"]));
        assert.ok(isSecret((outputs["__inputs"] as Record<string, unknown>)["data"]));
    });

    it("takes drift into the inputs, but no defaults and no normalised values", () => {
        const declared = { spec: { cpu: "1000m", replicas: 2, list: [{ a: 1 }], gone: 1 } };
        const before = { spec: { cpu: "1", replicas: 2, list: [{ a: 1, b: "default" }], gone: 1, extra: 1 } };
        const live = { spec: { cpu: "1", replicas: 5, list: [{ a: 2, b: "default" }], extra: 2 } };
        assert.deepEqual(inputsFromLive(declared, before, before), declared);
        assert.deepEqual(inputsFromLive(declared, before, live), {
            spec: { cpu: "1000m", replicas: 5, list: [{ a: 2 }] },
        });
    });
});
