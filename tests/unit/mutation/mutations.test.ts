import assert from "node:assert/strict";
import { platform } from "../../../components/config/platform";
import { stackFileConfig } from "../../support/program";
import { checkNames, namesOf } from "../../mutation/checks";
import { mutations } from "../../mutation/mutations";
import type { CheckSet } from "../../mutation/mutation";

const config = platform.parse(stackFileConfig("local"));
const expected = ({ expectRed }: { expectRed: (typeof mutations)[number]["expectRed"] }): CheckSet =>
    typeof expectRed === "function" ? expectRed(config) : expectRed;

/** Checks that no mutation turns red, each with the reason. */
const untouched: Readonly<Record<string, string>> = {
    "egov-weights/shares": "skipped unless weights are configured",
    "alerts-calm/quiet": "the same check as alerts-quiet/quiet, for ten minutes",
};

describe("mutations", () => {
    it("have unique names in words with hyphens", () => {
        const names = mutations.map(({ name }) => name);
        assert.deepEqual(names, [...new Set(names)]);
        for (const name of names) assert.match(name, /^[a-z0-9]+(-[a-z0-9]+)+$/);
    });

    it("are at least 20, beside equivalent changes", () => {
        const breaking = mutations.filter((mutation) => namesOf(expected(mutation)).size > 0);
        assert.ok(breaking.length >= 20);
        assert.ok(breaking.length < mutations.length);
    });

    it("expect checks that the suite has", () => {
        for (const mutation of mutations) namesOf(expected(mutation));
    });

    it("name the requirements that they violate, unless they are equivalent", () => {
        for (const mutation of mutations)
            assert.equal(mutation.ids.length === 0, namesOf(expected(mutation)).size === 0, mutation.name);
    });

    it("turn every check of the suite red at least once", () => {
        const red = new Set(mutations.flatMap((mutation) => [...namesOf(expected(mutation))]));
        const never = checkNames().filter((name) => !red.has(name) && !(name in untouched));
        assert.deepEqual(never, []);
    });

    it("refuses a check that does not exist, naming it", () => {
        assert.throws(() => namesOf({ "egov-route": ["prefixes"] }), /no check egov-route\/prefixes/);
    });
});
