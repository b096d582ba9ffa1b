import { readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * What the API server knows about a place in an object: a reduced form of the OpenAPI schemas of Kubernetes, the Gateway API
 * and Istio. A name stands for a definition.
 */
export type Schema =
    | "string"
    | "integer"
    | "number"
    | "boolean"
    | "integer or string"
    | "anything"
    | { readonly ref: string }
    | { readonly list: Schema }
    | { readonly map: Schema }
    | { readonly oneOf: readonly string[] }
    | { readonly from?: number; readonly to?: number }
    | ObjectSchema;

export interface ObjectSchema {
    readonly fields: Readonly<Record<string, Schema>>;
    readonly required?: readonly string[];
    /** Groups of fields of which at most one may be set. */
    readonly exclusive?: readonly (readonly string[])[];
}

interface Schemas {
    /** Where the schemas come from. */
    readonly versions: Readonly<Record<string, string>>;
    /** `apps/v1/Deployment`, `v1/Service` -> schema. */
    readonly kinds: Readonly<Record<string, Schema>>;
    readonly definitions: Readonly<Record<string, Schema>>;
}

let schemas: Schemas | undefined;

function load(): Schemas {
    schemas ??= JSON.parse(readFileSync(join(__dirname, "schemas.json"), "utf8")) as Schemas;
    return schemas;
}

/** The schema of `apiVersion/Kind`, or undefined for a kind or version that is not known. */
export function schemaOf(apiVersion: string, kind: string): Schema | undefined {
    return load().kinds[`${apiVersion}/${kind}`];
}

/** The apiVersions that serve a kind. */
export function versionsOf(kind: string): string[] {
    return Object.keys(load().kinds)
        .filter((name) => name.endsWith(`/${kind}`))
        .map((name) => name.slice(0, -kind.length - 1));
}

/** The kinds of an API group. */
export function kindsOf(group: string): string[] {
    return Object.keys(load().kinds)
        .filter((name) => name.split("/").slice(0, -2).join("/") === group)
        .map((name) => name.slice(name.lastIndexOf("/") + 1));
}

/** A schema, its reference followed. */
export function resolved(schema: Schema): Exclude<Schema, { ref: string }> {
    let found = schema;
    while (typeof found === "object" && "ref" in found) found = load().definitions[found.ref] ?? "anything";
    return found as Exclude<Schema, { ref: string }>;
}
