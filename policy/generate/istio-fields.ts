/**
 * Writes policy/model/istio-crd-fields.json, the names of all fields of Istio's objects, from the CRDs on standard input:
 *
 *     istioctl manifest generate | npx tsx policy/generate/istio-fields.ts
 *
 * Run it when the pinned Istio version changes. Istio's own field names are the only content.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import type { FieldTree } from "../model/istio-fields";

/** The part of a JSON schema that tells the names of fields. */
interface Schema {
    type?: string;
    properties?: Record<string, Schema>;
    items?: Schema;
    additionalProperties?: Schema | boolean;
    "x-kubernetes-preserve-unknown-fields"?: boolean;
}

interface Crd {
    kind: string;
    spec: {
        group: string;
        names: { kind: string };
        versions: { storage: boolean; schema: { openAPIV3Schema: Schema } }[];
    };
}

function toTree(schema: Schema): FieldTree {
    if (schema.items) return toTree(schema.items);
    if (!schema.properties || schema["x-kubernetes-preserve-unknown-fields"]) return 1;
    return Object.fromEntries(Object.entries(schema.properties).map(([name, child]) => [name, toTree(child)]));
}

const crds = parseAllDocuments(readFileSync(0, "utf8"))
    .map((document) => document.toJS() as Crd | null)
    .filter((object): object is Crd => object?.kind === "CustomResourceDefinition");
if (crds.length === 0) {
    console.error("no CustomResourceDefinition on standard input; pipe `istioctl manifest generate` into this command");
    process.exit(1);
}
const trees = Object.fromEntries(
    crds
        .map(({ spec }) => {
            const stored = spec.versions.find(({ storage }) => storage) ?? spec.versions[0];
            const tree = toTree(stored?.schema.openAPIV3Schema.properties?.spec ?? {});
            return [`${spec.group}/${spec.names.kind}`, tree] as const;
        })
        .sort(([left], [right]) => (left < right ? -1 : 1)),
);
const file = join(__dirname, "..", "model", "istio-crd-fields.json");
writeFileSync(file, `${JSON.stringify(trees, null, 4)}\n`);
console.log(`${file}: the fields of ${crds.length} kinds`);
