import assert from "node:assert/strict";
import { validateConfig } from "../../../components/config/validate";
import { commonMistakes, cover } from "../../mutation/cover";
import { mutations } from "../../mutation/mutations";
import { missing } from "../../verification/features";

describe("Mutations: the selection for tests whose time is limited", () => {
    const validated = validateConfig({ cluster: { kind: "embedded" } });
    assert.ok(validated.ok);
    const { config } = validated;
    const redOf = (selection: typeof mutations) =>
        new Set(
            selection.flatMap(({ expectRed }) =>
                Object.entries(typeof expectRed === "function" ? expectRed(config) : expectRed).flatMap(
                    ([spec, checks]) => checks.map((check) => `${spec}/${check}`),
                ),
            ),
        );

    it("turns every check red that all mutations together do which the environment can have", () => {
        const possible = mutations.filter(({ needs }) => missing(needs, config) === undefined);
        assert.ok(possible.length < mutations.length);
        assert.deepEqual(redOf(cover(mutations, config)), redOf(possible));
    });

    it("has the common mistakes and every equivalent change", () => {
        const names = new Set(cover(mutations, config).map(({ name }) => name));
        for (const name of commonMistakes) assert.ok(names.has(name), name);
        for (const { name, ids } of mutations) if (ids.length === 0) assert.ok(names.has(name), name);
    });

    it("is smaller than all", () => assert.ok(cover(mutations, config).length < mutations.length));
});
