// Property values as they travel between the engine and its plugins: JSON with two marks of Pulumi's own, one for values
// that are not known yet and one for secrets. Their texts are part of Pulumi's wire protocol.

/** A JSON value; objects may lack keys. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A JSON object: the properties of a resource. */
export type JsonObject = { [key: string]: Json };

/** Stands for a value that is only known after the update. */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** The key that marks an object as one of Pulumi's special values. */
export const SIGNATURE = "4dabf18193072939515e22adb298388d";

/** The value of {@link SIGNATURE} in a secret; the secret itself is under `value`. */
export const SECRET = "1b47061264138c4ac30d75fd1eb44270";

/** The value of {@link SIGNATURE} in an output value: `value` (missing when unknown), `secret`, `dependencies`. */
export const OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4";

/** Where a value lies inside another: object keys and array indices from the outside in. */
export type Path = readonly (string | number)[];

/** Properties with the secrets taken out of their wrappers, and where they were. */
export interface Revealed<T extends Json = JsonObject> {
    value: T;
    secrets: Path[];
}

/** True for a JSON object, not for an array or null. */
export function isObject(value: Json | undefined): value is JsonObject {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Takes every secret (and output value) out of its wrapper and remembers where the secrets were. */
export function reveal<T extends Json = JsonObject>(wrapped: Json): Revealed<T> {
    const secrets: Path[] = [];
    const walk = (value: Json, path: Path): Json => {
        if (Array.isArray(value)) return value.map((item, index) => walk(item, [...path, index]));
        if (!isObject(value)) return value;
        if (value[SIGNATURE] === SECRET) {
            secrets.push(path);
            return walk(value["value"] ?? null, path);
        }
        if (value[SIGNATURE] === OUTPUT) {
            if (value["secret"] === true) secrets.push(path);
            return value["value"] === undefined ? UNKNOWN : walk(value["value"], path);
        }
        return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, walk(item, [...path, key])]));
    };
    const value = walk(wrapped, []) as T;
    return { value, secrets };
}

/** Wraps the values at the given paths as secrets; a path that leads nowhere is skipped. The input is left as it is. */
export function conceal(value: Json, secrets: readonly Path[]): Json {
    return secrets.reduce<Json>((result, path) => concealAt(result, path), value);
}

function concealAt(value: Json, path: Path): Json {
    if (isObject(value) && value[SIGNATURE] === SECRET) return value;
    const [key, ...rest] = path;
    if (key === undefined) return { [SIGNATURE]: SECRET, value };
    if (Array.isArray(value) && typeof key === "number" && key < value.length)
        return value.map((item, index) => (index === key ? concealAt(item, rest) : item));
    if (isObject(value) && value[key] !== undefined) return { ...value, [key]: concealAt(value[key], rest) };
    return value;
}

/** True when some value inside is not known yet. */
export function containsUnknown(value: Json | undefined): boolean {
    if (value === UNKNOWN) return true;
    if (Array.isArray(value)) return value.some(containsUnknown);
    return isObject(value) && Object.values(value).some(containsUnknown);
}

/** True when both are the same JSON, whatever the order of keys. */
export function equal(a: Json | undefined, b: Json | undefined): boolean {
    if (a === b) return true;
    if (Array.isArray(a) && Array.isArray(b))
        return a.length === b.length && a.every((item, index) => equal(item, b[index]));
    if (!isObject(a) || !isObject(b)) return false;
    const keys = Object.keys(a);
    return keys.length === Object.keys(b).length && keys.every((key) => key in b && equal(a[key], b[key]));
}

/** The value at a path, or undefined. */
export function at(value: Json | undefined, path: Path): Json | undefined {
    return path.reduce<Json | undefined>(
        (inner, key) => (Array.isArray(inner) ? inner[Number(key)] : isObject(inner) ? inner[String(key)] : undefined),
        value,
    );
}

/** A path as Pulumi writes it in a detailed diff: `spec.containers[0].image`, `metadata.labels["app.kubernetes.io/name"]`. */
export function formatPath(path: Path): string {
    return path.reduce<string>((text, key) => {
        if (typeof key === "number") return `${text}[${key}]`;
        if (!/^[A-Za-z_$][\w$]*$/.test(key)) return `${text}["${key.replace(/["\\]/g, "\\$&")}"]`;
        return text === "" ? key : `${text}.${key}`;
    }, "");
}
