import assert from "node:assert/strict";
import { validateConfig } from "../../../components/config/validate";
import { mayRed, mustRed } from "../../mutation/checks";
import { mutations } from "../../mutation/mutations";
import type { CheckSet, Mutation } from "../../mutation/mutation";
import { together } from "../../mutation/together";

const mutation = (name: string, expectRed: CheckSet, more: Partial<Mutation> = {}): Mutation => ({
    name,
    ids: ["E3"],
    description: name,
    needs: [],
    apply: async () => undefined,
    traces: async () => [],
    expectRed,
    ...more,
});
const prefix: CheckSet = { "egov-route": ["prefix"] };
const text: CheckSet = { "egov-route": ["text"] };
const smoke: CheckSet = { "ecommerce-health": ["smoke"] };

describe("Mutations: those that are made at the same time", () => {
    const validated = validateConfig({ cluster: { kind: "embedded" } });
    assert.ok(validated.ok);
    const { config } = validated;
    const names = (all: readonly Mutation[], size: number) =>
        together(all, config, size).map((batch) => batch.map(({ name }) => name).join(" "));

    it("have no check in common, whether they must or may turn it red", () => {
        assert.deepEqual(names([mutation("a", prefix), mutation("b", prefix), mutation("c", smoke)], 3), ["a c", "b"]);
        const chance = mutation("chance", smoke, { mayRed: prefix });
        assert.deepEqual(names([mutation("a", prefix), chance, mutation("c", text)], 3), ["a c", "chance"]);
    });

    it("are as many as wanted at most", () => {
        const all = [mutation("a", prefix), mutation("b", text), mutation("c", smoke)];
        assert.deepEqual(names(all, 2), ["a b", "c"]);
        assert.deepEqual(names(all, 1), ["a", "b", "c"]);
    });

    it("do not hide what an equivalent change turns red, nor stop each other", () => {
        const all = [
            mutation("breaks", prefix),
            mutation("same", {}),
            mutation("equal", {}),
            mutation("stops", smoke, { alone: true }),
            mutation("chaos", text, { suite: "chaos" }),
        ];
        assert.deepEqual(names(all, 3), ["breaks", "same equal", "stops", "chaos"]);
    });

    it("are all that there are, each once, in the order of their first", () => {
        const batches = together(mutations, config, 3);
        assert.deepEqual(new Set(batches.flat()), new Set(mutations));
        assert.equal(batches.flat().length, mutations.length);
        for (const batch of batches) {
            const checks = batch.flatMap((one) => [...new Set([...mustRed(one, config), ...mayRed(one)])]);
            assert.equal(new Set(checks).size, checks.length, batch.map(({ name }) => name).join(", "));
        }
    });
});
