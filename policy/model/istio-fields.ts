import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Names of the fields below a place; 1: any content (a plain value, a map, free form). Lists are looked through. */
export type FieldTree = 1 | { readonly [name: string]: FieldTree };

let trees: Readonly<Record<string, FieldTree>> | undefined;

/** The fields that Istio's CRD knows below `spec` of a kind, or undefined for a kind that is not Istio's. */
export function istioFields(group: string, kind: string): FieldTree | undefined {
    if (!group.endsWith(".istio.io")) return undefined;
    trees ??= JSON.parse(readFileSync(join(__dirname, "istio-crd-fields.json"), "utf8")) as Record<string, FieldTree>;
    return trees[`${group}/${kind}`];
}
