import assert from "node:assert/strict";
import fc from "fast-check";
import { fromStruct, toStruct } from "../../../tools/stand-in/common/struct";
import {
    conceal,
    containsUnknown,
    equal,
    formatPath,
    Json,
    JsonObject,
    OUTPUT,
    reveal,
    SECRET,
    SIGNATURE,
    UNKNOWN,
} from "../../../tools/stand-in/common/values";

const secret = (value: Json) => ({ [SIGNATURE]: SECRET, value });

describe("property values", () => {
    it("takes secrets out and puts them back where they were", () => {
        const wrapped = { a: secret("x"), b: [1, { c: secret({ d: 2 }) }], e: "plain" };
        const { value, secrets } = reveal(wrapped);
        assert.deepEqual(value, { a: "x", b: [1, { c: { d: 2 } }], e: "plain" });
        assert.deepEqual(conceal(value, secrets), wrapped);
    });

    it("reads output values: unknown without value, secret when they say so", () => {
        const { value, secrets } = reveal({
            a: { [SIGNATURE]: OUTPUT },
            b: { [SIGNATURE]: OUTPUT, value: 1, secret: true },
        });
        assert.deepEqual(value, { a: UNKNOWN, b: 1 });
        assert.deepEqual(secrets, [["b"]]);
    });

    it("skips paths that lead nowhere and does not wrap twice", () => {
        assert.deepEqual(
            conceal({ a: 1 }, [
                ["b", "c"],
                ["a", 0],
            ]),
            { a: 1 },
        );
        const once = conceal({ a: { b: 1 } }, [["a"]]);
        assert.deepEqual(conceal(once, [["a"], ["a", "b"]]), once);
    });

    it("finds unknown values at any depth", () => {
        assert.equal(containsUnknown({ a: [{ b: UNKNOWN }] }), true);
        assert.equal(containsUnknown({ a: [{ b: "x" }] }), false);
    });

    it("writes paths as Pulumi does", () => {
        assert.equal(formatPath(["spec", "containers", 0, "image"]), "spec.containers[0].image");
        assert.equal(formatPath(["metadata", "labels", "a.b/c"]), 'metadata.labels["a.b/c"]');
    });

    it("survives the way through a protobuf Struct", () => {
        // The empty key cannot occur in Kubernetes objects; __proto__ is no own property when assigned.
        const key = fc.string({ minLength: 1 }).filter((name) => name !== "__proto__");
        const json = fc.letrec<{ value: Json }>((tie) => ({
            value: fc.oneof(
                { maxDepth: 4 },
                fc.constant(null),
                fc.boolean(),
                fc.integer(),
                fc.string(),
                fc.array(tie("value"), { maxLength: 4 }),
                fc.dictionary(key, tie("value"), { maxKeys: 4 }),
            ),
        })).value;
        fc.assert(
            fc.property(fc.dictionary(key, json), (properties) =>
                equal(fromStruct(toStruct(properties as JsonObject)), { ...properties } as JsonObject),
            ),
        );
    });
});
