import { at, conceal, equal, isObject, Json, JsonObject, Path } from "../common/values";
import { groupKind, KubernetesObject } from "./objects";

/** Owner of the fields that a resource declares, as server-side apply sees it. */
export const FIELD_MANAGER = "pulumi-kubernetes";

/** Keys in a resource's outputs that are the provider's own and not the object's: the same as with the official provider. */
const INPUTS_KEY = "__inputs";
const FIELD_MANAGER_KEY = "__fieldManager";
const INITIAL_VERSION_KEY = "__initialApiVersion";

/** The manifest to send: the inputs without the provider's own keys and without status, which only controllers write. */
export function manifestOf(inputs: JsonObject): KubernetesObject {
    return Object.fromEntries(
        Object.entries(inputs).filter(([key]) => !key.startsWith("__") && key !== "status"),
    ) as KubernetesObject;
}

/** The outputs to keep for an object: as the API server has it, without the book-keeping of field owners, and the inputs. */
export function outputsOf(object: JsonObject, inputs: JsonObject, fieldManager: string): JsonObject {
    const metadata = isObject(object["metadata"]) ? { ...object["metadata"] } : {};
    delete metadata["managedFields"];
    return {
        ...object,
        metadata,
        [INPUTS_KEY]: inputs,
        [FIELD_MANAGER_KEY]: fieldManager,
        [INITIAL_VERSION_KEY]: inputs["apiVersion"] ?? null,
    };
}

/** The inputs in a resource's outputs. */
export function inputsIn(outputs: JsonObject): JsonObject | undefined {
    const inputs = outputs[INPUTS_KEY];
    return isObject(inputs) ? inputs : undefined;
}

/** The field manager with which a resource was applied. */
export function fieldManagerIn(outputs: JsonObject): string {
    const manager = outputs[FIELD_MANAGER_KEY];
    return typeof manager === "string" && manager !== "" ? manager : FIELD_MANAGER;
}

/**
 * Wraps the secrets of a resource's outputs: what was secret in the inputs, and the data of every Secret.
 * A secret text that the API server repeats elsewhere in the object is wrapped there too.
 */
export function concealOutputs(outputs: JsonObject, inputs: JsonObject, secrets: readonly Path[]): JsonObject {
    const all = [...secrets, ...secretDataPaths(inputs)];
    const paths = [...all, ...all.map((path) => [INPUTS_KEY, ...path]), ...secretDataPaths(outputs)];
    return concealTexts(conceal(outputs, paths), secretTexts(inputs, secrets)) as JsonObject;
}

/** Wraps the secrets of a resource's inputs. */
export function concealInputs(inputs: JsonObject, secrets: readonly Path[]): JsonObject {
    return conceal(inputs, [...secrets, ...secretDataPaths(inputs)]) as JsonObject;
}

function secretDataPaths(object: JsonObject): Path[] {
    const isSecret =
        groupKind({ apiVersion: String(object["apiVersion"] ?? ""), kind: String(object["kind"] ?? "") }) === "Secret";
    return isSecret ? [["data"], ["stringData"]] : [];
}

/** Shorter texts are too likely to be equal by chance ("true", "8080"). */
const SHORTEST_SECRET_TEXT = 8;

function secretTexts(inputs: JsonObject, secrets: readonly Path[]): Set<string> {
    const texts = new Set<string>();
    const collect = (value: Json | undefined): void => {
        if (typeof value === "string" && value.length >= SHORTEST_SECRET_TEXT) texts.add(value);
        else if (Array.isArray(value)) value.forEach(collect);
        else if (isObject(value)) Object.values(value).forEach(collect);
    };
    for (const path of secrets) collect(at(inputs, path));
    return texts;
}

function concealTexts(value: Json, texts: ReadonlySet<string>): Json {
    if (texts.size === 0) return value;
    const found: Path[] = [];
    const walk = (inner: Json, path: Path): void => {
        if (typeof inner === "string" && texts.has(inner)) found.push(path);
        else if (Array.isArray(inner)) inner.forEach((item, index) => walk(item, [...path, index]));
        else if (isObject(inner)) for (const [key, item] of Object.entries(inner)) walk(item, [...path, key]);
    };
    walk(value, []);
    return conceal(value, found);
}

/**
 * The inputs that would describe the object as it is now: a declared field that differs from what was there after the last
 * apply takes its present value; everything else stays as declared, so that defaults and normalised values are no change.
 */
export function inputsFromLive(inputs: JsonObject, before: JsonObject, live: JsonObject): JsonObject {
    const project = (declared: Json, old: Json | undefined, now: Json | undefined): Json | undefined => {
        if (old === undefined || equal(old, now)) return declared;
        if (isObject(declared) && isObject(old) && isObject(now)) {
            const entries = Object.entries(declared).map(
                ([key, value]) => [key, project(value, old[key], now[key])] as const,
            );
            return Object.fromEntries(entries.filter((entry): entry is [string, Json] => entry[1] !== undefined));
        }
        if (
            Array.isArray(declared) &&
            Array.isArray(old) &&
            Array.isArray(now) &&
            declared.length === old.length &&
            old.length === now.length
        )
            return declared.map((value, index) => project(value, old[index], now[index]) ?? null);
        return now;
    };
    return Object.fromEntries(
        Object.entries(inputs)
            .map(
                ([key, value]) => [key, key.startsWith("__") ? value : project(value, before[key], live[key])] as const,
            )
            .filter((entry): entry is [string, Json] => entry[1] !== undefined),
    );
}
