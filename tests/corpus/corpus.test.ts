import assert from "node:assert/strict";
import { buildMesh } from "../../policy/model/mesh";
import { checkMesh, defaultRules } from "../../policy/rules";
import type { Violation } from "../../policy/rules/rule";
import { strictSettings } from "../../policy/settings";
import { corpus } from "./cases";
import { System } from "./corpus";
import { variations } from "./variations";

const settings = strictSettings("2026-12-01");

/** What lint says, and what the policy pack says that knows of nothing beside the objects. */
function judge(system: System, partial = true): Violation[] {
    const sources = [...system.objects.values()].map((manifest) => ({ manifest }));
    return checkMesh(buildMesh(sources, { partial }), defaultRules, settings);
}

const shown = (violations: readonly Violation[]) =>
    violations.map(({ rule, object, field, message }) => `${rule} ${object} ${field}: ${message}`);

describe("corpus: mistakes of the real world (C8)", function () {
    this.timeout("60s");

    it("has at least 120 mistakes, each with an id of its own and a source", () => {
        assert.ok(corpus.length >= 120, `${corpus.length}`);
        assert.equal(new Set(corpus.map(({ id }) => id)).size, corpus.length);
        for (const { id, title, source } of corpus) {
            assert.ok(title.length > 10, id);
            assert.match(source, /^(IST\d{4}|https:\/\/\S+|[CEPST]\d+( problem \d)?)$/, id);
        }
    });

    for (const { id, title, rule, object, given, change, says } of corpus) {
        it(`${id}: ${title}`, () => {
            const broken = new System(given);
            change(broken);
            const found = judge(broken);
            const right = found.filter((violation) => violation.rule === rule && violation.object === object);
            assert.ok(right.length > 0, `not found: ${rule} ${object}\n${shown(found).join("\n")}`);
            if (says) assert.match(right.map(({ message, fix }) => `${message} ${fix}`).join("\n"), says);
            for (const { message, fix } of found) assert.doesNotMatch(`${message} ${fix}`, /undefined|Symbol|\[object/);
        });
    }

    it("the correct twin of each raises nothing", () => {
        const seen = new Set<string>();
        for (const { id, given = "" } of corpus) {
            if (seen.has(given)) continue;
            seen.add(given);
            assert.deepEqual(shown(judge(new System(given))), [], id);
        }
        assert.deepEqual(shown(judge(new System(), false)), []);
    });

    it("at least 20 variations of the good system raise nothing", () => {
        assert.ok(variations.length >= 20, `${variations.length}`);
        for (const { title, change } of variations) {
            const system = new System();
            change(system);
            assert.deepEqual(shown(judge(system)), [], title);
        }
    });
});
