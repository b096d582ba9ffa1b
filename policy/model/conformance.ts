import { readDuration } from "./duration";
import type { Field } from "./field";
import type { Mesh } from "./mesh";
import type { MeshObject } from "./object";
import { type ObjectSchema, resolved, type Schema, schemaOf } from "./schema";
import { isKnown } from "./unknown";

/** How an object departs from the schema of its kind. */
export type Departure = {
    readonly object: MeshObject;
    readonly field: Field;
} & (
    | { readonly what: "unknown field"; readonly key: string; readonly known: readonly string[] }
    | { readonly what: "missing field"; readonly key: string }
    | { readonly what: "exclusive fields"; readonly keys: readonly string[] }
    | { readonly what: "wrong value"; readonly expected: string; readonly allowed?: readonly string[] }
);

const found = new WeakMap<Mesh, readonly Departure[]>();

/** Every departure of the mesh's objects from the schemas of their kinds: worked out once for all rules. */
export function departures(mesh: Mesh): readonly Departure[] {
    const known = found.get(mesh) ?? mesh.objects.flatMap((object) => [...departuresOf(object)]);
    found.set(mesh, known);
    return known;
}

function* departuresOf(object: MeshObject): Iterable<Departure> {
    const apiVersion = object.root.get("apiVersion").text();
    const schema = isKnown(apiVersion) ? schemaOf(apiVersion, object.kind) : undefined;
    if (schema !== undefined) yield* compare(object, object.root, schema, "");
}

function* compare(object: MeshObject, field: Field, reference: Schema, key: string): Iterable<Departure> {
    if (!field.isSet || field.isUnknown) return;
    const schema = resolved(reference);
    const wrong = (expected: string, allowed?: readonly string[]): Departure => ({
        object,
        field,
        what: "wrong value",
        expected,
        ...(allowed && { allowed }),
    });
    const { value } = field;
    if (typeof schema === "string") {
        if (!isOfType(value, schema)) yield wrong(TYPES[schema] as string);
        else yield* byName(object, field, key, wrong);
    } else if ("list" in schema) {
        if (!Array.isArray(value)) yield wrong("a list");
        else for (const item of field.items()) yield* compare(object, item, schema.list, key);
    } else if ("map" in schema) {
        if (!isMap(value)) yield wrong("a map");
        else for (const name of field.keys()) yield* compare(object, field.get(name), schema.map, "");
    } else if ("oneOf" in schema) {
        if (typeof value !== "string" || !schema.oneOf.includes(value))
            yield wrong(`one of ${schema.oneOf.join(", ")}`, schema.oneOf);
    } else if ("fields" in schema) {
        if (isMap(value)) yield* compareFields(object, field, schema);
        else yield wrong("a map of fields");
    } else {
        const { from = -Infinity, to = Infinity } = schema;
        if (typeof value !== "number") yield wrong("a number");
        else if (value < from || value > to) yield wrong(rangeText(from, to));
        else yield* byName(object, field, key, wrong);
    }
}

function* compareFields(object: MeshObject, field: Field, schema: ObjectSchema): Iterable<Departure> {
    for (const key of field.keys()) {
        const child = Object.hasOwn(schema.fields, key) ? schema.fields[key] : undefined;
        if (child !== undefined) yield* compare(object, field.get(key), child, key);
        else
            yield {
                object,
                field: field.get(key),
                what: "unknown field",
                key,
                known: Object.keys(schema.fields),
            };
    }
    for (const key of schema.required ?? [])
        if (!field.get(key).isSet) yield { object, field: field.get(key), what: "missing field", key };
    for (const group of schema.exclusive ?? []) {
        const set = group.filter((key) => field.get(key).isSet);
        if (set.length > 1) yield { object, field, what: "exclusive fields", keys: set };
    }
}

const TYPES: Readonly<Record<string, string>> = {
    string: "a text (in quotation marks)",
    integer: "a whole number, without quotation marks",
    number: "a number, without quotation marks",
    boolean: "true or false, without quotation marks",
    "integer or string": "a whole number or a text",
};

function isOfType(value: unknown, type: Exclude<Schema, object>): boolean {
    switch (type) {
        case "string":
            return typeof value === "string";
        case "integer":
            return typeof value === "number" && Number.isInteger(value);
        case "number":
            return typeof value === "number";
        case "boolean":
            return typeof value === "boolean";
        case "integer or string":
            return typeof value === "string" || (typeof value === "number" && Number.isInteger(value));
        default:
            return true;
    }
}

function isMap(value: unknown): boolean {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}

function rangeText(from: number, to: number): string {
    return to === Infinity ? `${from} or more` : `from ${from} to ${to}`;
}

/** What every field of a name holds, wherever it stands: schemas say "a string" of durations and "a number" of ports. */
const DURATIONS = new Set(
    (
        "timeout perTryTimeout fixedDelay interval baseEjectionTime connectTimeout idleTimeout maxConnectionDuration maxAge ttl " +
        "drainDuration dnsRefreshRate request backendRequest"
    ).split(" "),
);
const PORTS = new Set(["containerPort", "targetPort", "port", "number", "targetPortNumber"]);

function* byName(
    object: MeshObject,
    field: Field,
    key: string,
    wrong: (expected: string) => Departure,
): Iterable<Departure> {
    const { value } = field;
    const isMeshApi = object.group.endsWith("istio.io") || object.group.startsWith("gateway.networking");
    if (isMeshApi && typeof value === "string" && DURATIONS.has(key) && readDuration(value) === undefined)
        yield wrong("a duration such as 500ms, 10s or 1m");
    if (
        typeof value === "number" &&
        PORTS.has(key) &&
        (value < 1 || value > 65_535) &&
        !/metrics|value$/.test(field.path)
    )
        yield wrong("a port from 1 to 65535");
    if (key === "httpStatus" && typeof value === "number" && (value < 200 || value > 599))
        yield wrong("an HTTP status from 200 to 599");
    if (key === "redirectCode" && typeof value === "number" && ![301, 302, 303, 307, 308].includes(value))
        yield wrong("301, 302, 303, 307 or 308");
    if (/(maxEjectionPercent|minHealthPercent|percentage\.value|percent)$/.test(field.path))
        if (isMeshApi && typeof value === "number" && (value < 0 || value > 100)) yield wrong("a number from 0 to 100");
}
