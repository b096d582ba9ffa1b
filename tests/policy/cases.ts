import assert from "node:assert/strict";
import type { MeshContext } from "../../policy/model/mesh";
import { type GoodMesh, short, violationsAfter } from "./good-mesh";

/** A mistake: one change of the good mesh and what the rules must say about it. */
export interface Mistake {
    readonly title: string;
    change(mesh: GoodMesh): void;
    /** `rule Kind/namespace/name field` of each violation of these rules, in order. What follows from the mistake may be told by others too. */
    readonly found: readonly string[];
    /** What the first violation's message and fix must contain. */
    readonly says?: readonly (string | RegExp)[];
    readonly context?: MeshContext;
}

/** A variation that is right: no rule may speak. */
export interface Variation {
    readonly title: string;
    change(mesh: GoodMesh): void;
    readonly context?: MeshContext;
}

/** Makes a test of each mistake. */
export function catches(mistakes: readonly Mistake[]): void {
    for (const { title, change, found, says = [], context } of mistakes)
        it(`catches: ${title}`, () => {
            const rules = new Set(found.map((place) => place.split(" ")[0]));
            const violations = violationsAfter(change, context).filter(({ rule }) => rules.has(rule));
            assert.deepEqual(short(violations), found);
            const text = violations.map(({ message, fix }) => `${message} ${fix}`).join("\n");
            for (const part of says) assert.match(text, typeof part === "string" ? new RegExp(escape(part)) : part);
        });
}

/** Makes a test of each variation. */
export function accepts(variations: readonly Variation[]): void {
    for (const { title, change, context } of variations)
        it(`accepts: ${title}`, () => {
            const violations = violationsAfter(change, context);
            assert.deepEqual(
                violations.map(({ rule, object, field, message }) => `${rule} ${object} ${field}: ${message}`),
                [],
            );
        });
}

function escape(text: string): string {
    return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
