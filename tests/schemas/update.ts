import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { kubernetesKinds } from "./kinds";
import type { JsonSchema } from "./strict";

/**
 * Writes kubernetes.json: the OpenAPI schemas of the kinds that the program uses, taken from the API server of kubectl's
 * current context, without descriptions. Run it after a change of the Kubernetes version: `npx tsx tests/schemas/update.ts`.
 * (Istio's schemas are in the custom resource definitions of components/mesh/rendered.)
 */

const kubectl = (...args: string[]) =>
    execFileSync("kubectl", args, { encoding: "utf8", maxBuffer: 256 * 1024 * 1024 });

interface OpenApi {
    components: {
        schemas: Record<
            string,
            JsonSchema & { "x-kubernetes-group-version-kind"?: { group: string; version: string; kind: string }[] }
        >;
    };
}

function main(): void {
    const { gitVersion } = JSON.parse(kubectl("get", "--raw", "/version")) as { gitVersion: string };
    const kinds: Record<string, string> = {};
    const definitions: Record<string, JsonSchema> = {};
    for (const apiVersion of new Set(kubernetesKinds.map((kind) => kind.slice(0, kind.lastIndexOf("/"))))) {
        const path = apiVersion.includes("/") ? `apis/${apiVersion}` : `api/${apiVersion}`;
        const { schemas } = (JSON.parse(kubectl("get", "--raw", `/openapi/v3/${path}`)) as OpenApi).components;
        for (const kind of kubernetesKinds.filter((name) => name.startsWith(`${apiVersion}/`))) {
            const root = findKind(schemas, kind);
            kinds[kind] = root;
            collect(root, schemas, definitions);
        }
    }
    const content = { kubernetes: gitVersion, kinds, definitions };
    writeFileSync(join(__dirname, "kubernetes.json"), `${lines(content)}\n`);
}

/** Name of the schema of `apps/v1/Deployment`. */
function findKind(schemas: OpenApi["components"]["schemas"], name: string): string {
    const [kind, version, group = ""] = name.split("/").reverse();
    const found = Object.entries(schemas).find(([, schema]) =>
        schema["x-kubernetes-group-version-kind"]?.some(
            (gvk) => gvk.group === group && gvk.version === version && gvk.kind === kind,
        ),
    );
    if (!found) throw new Error(`the API server has no schema of ${name}`);
    return found[0];
}

/** Copies a schema and everything that it refers to. */
function collect(name: string, from: Record<string, JsonSchema>, into: Record<string, JsonSchema>): void {
    if (into[name]) return;
    const schema = JSON.parse(
        JSON.stringify(withoutNotes(from[name])).replaceAll("#/components/schemas/", "#/definitions/"),
    ) as JsonSchema;
    into[name] = schema;
    for (const [, reference] of JSON.stringify(schema).matchAll(/"#\/definitions\/([^"]+)"/g))
        collect(reference!, from, into);
}

/** A schema without what does not constrain a value; properties by these names are kept. */
function withoutNotes(value: unknown, isPropertyMap = false): unknown {
    if (Array.isArray(value)) return value.map((item) => withoutNotes(item));
    if (value === null || typeof value !== "object") return value;
    const isNote = (key: string) => key === "description" || key === "default" || key.startsWith("x-kubernetes-");
    return Object.fromEntries(
        Object.entries(value)
            .filter(([key]) => isPropertyMap || !isNote(key))
            .map(([key, inner]) => [key, withoutNotes(inner, key === "properties" && !isPropertyMap)]),
    );
}

/** JSON with one line a definition, so that a change of version can be read as a diff. */
function lines({ definitions, ...head }: { definitions: Record<string, JsonSchema> }): string {
    const sorted = Object.entries(definitions).sort(([a], [b]) => a.localeCompare(b));
    const body = sorted.map(([name, schema]) => `${JSON.stringify(name)}: ${JSON.stringify(schema)}`).join(",\n");
    return `${JSON.stringify(head).slice(0, -1)},\n"definitions": {\n${body}\n}}`;
}

main();
