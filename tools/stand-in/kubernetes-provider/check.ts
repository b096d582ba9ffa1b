import { createHash, randomBytes } from "node:crypto";
import { isObject, JsonObject, UNKNOWN } from "../common/values";
import { annotation, field, textField } from "./objects";
import { AUTONAMED, WAIT_FOR, TIMEOUT_SECONDS } from "./annotations";
import { parseWaitFor } from "./await/wait-for";

/** An input that cannot be accepted. */
export interface Failure {
    property: string;
    reason: string;
}

/** How the engine wants names to be made. */
export interface Autonaming {
    mode: "propose" | "enforce" | "disable";
    /** The name to propose or enforce. */
    name: string;
}

/** What the check of a resource's inputs needs besides them. */
export interface CheckContext {
    /** The resource's logical name. */
    name: string;
    /** The resource's type token. */
    type: string;
    /** The inputs of the last update; empty for a new resource. */
    before: JsonObject;
    /** Seed from which the same plan makes the same names; empty: random. */
    seed: Uint8Array;
    autonaming?: Autonaming;
    /** Namespace for objects that name none. */
    defaultNamespace: string;
    /** Whether the kind belongs to a namespace; undefined when that cannot be told. */
    isNamespaced: (apiVersion: string, kind: string) => Promise<boolean | undefined>;
}

/** Label that marks what Pulumi manages, as with the official provider. */
const MANAGED_BY_LABEL = "app.kubernetes.io/managed-by";

/** Types of the official provider that this one does not offer, and what to use instead. */
const NOT_OFFERED: readonly [RegExp, string][] = [
    [/^kubernetes:helm\.sh\/v3:Release$/, "Use kubernetes.helm.v4.Chart."],
    [/^kubernetes:kustomize\//, "Run `kubectl kustomize` and register its objects."],
    [/:\w+Patch$/, "Declare the whole object."],
    [/^kubernetes:[^:]+:\w+List$/, "Declare each object by itself."],
];

/** Why a resource type is not offered; undefined when it is. */
export function notOffered(type: string): string | undefined {
    const advice = NOT_OFFERED.find(([pattern]) => pattern.test(type))?.[1];
    return advice && `The stand-in kubernetes provider does not offer ${type}. ${advice} Or use the official provider.`;
}

/** Checks the inputs of a resource and completes them: name, namespace, label. */
export async function checkInputs(
    news: JsonObject,
    context: CheckContext,
): Promise<{ inputs: JsonObject; failures: Failure[] }> {
    const unsupported = notOffered(context.type);
    if (unsupported !== undefined) return { inputs: news, failures: [{ property: "", reason: unsupported }] };
    const failures = shapeFailures(news);
    if (failures.length > 0) return { inputs: news, failures };
    const named = withName(news, context);
    if ("reason" in named)
        return { inputs: news, failures: [{ property: "metadata.name", reason: String(named["reason"]) }] };
    const metadata = { ...(named["metadata"] as JsonObject) };
    if (metadata["labels"] === undefined || isObject(metadata["labels"]))
        metadata["labels"] = { ...metadata["labels"], [MANAGED_BY_LABEL]: "pulumi" };
    const inputs: JsonObject = { ...named, metadata };
    const namespace = metadata["namespace"] ?? (await defaultNamespace(inputs, context));
    if (namespace !== undefined) metadata["namespace"] = namespace;
    return { inputs, failures: annotationFailures(inputs) };
}

function shapeFailures(news: JsonObject): Failure[] {
    const failures = ["apiVersion", "kind"]
        .filter((property) => typeof news[property] !== "string" || news[property] === "")
        .map((property) => ({
            property,
            reason: `expected a text such as "v1" or "ConfigMap", got ${JSON.stringify(news[property])}`,
        }));
    const metadata = news["metadata"];
    if (metadata !== undefined && metadata !== UNKNOWN && !isObject(metadata))
        failures.push({ property: "metadata", reason: `expected an object, got ${JSON.stringify(metadata)}` });
    return failures;
}

function annotationFailures(inputs: JsonObject): Failure[] {
    const failures: Failure[] = [];
    const waitFor = annotation(inputs, WAIT_FOR);
    if (waitFor !== undefined && waitFor !== UNKNOWN)
        try {
            parseWaitFor(waitFor);
        } catch (error) {
            failures.push({ property: "metadata.annotations", reason: (error as Error).message });
        }
    const seconds = annotation(inputs, TIMEOUT_SECONDS);
    if (seconds !== undefined && seconds !== UNKNOWN && !(Number(seconds) > 0))
        failures.push({
            property: "metadata.annotations",
            reason: `annotation ${TIMEOUT_SECONDS}: expected a number of seconds above 0, got "${seconds}"`,
        });
    return failures;
}

/** The inputs with a name: their own, the one of the last update when that was made here, or a new one. */
function withName(news: JsonObject, { name, before, seed, autonaming }: CheckContext): JsonObject | { reason: string } {
    const metadata = isObject(news["metadata"]) ? news["metadata"] : {};
    if (metadata["name"] !== undefined || metadata["generateName"] !== undefined) return { ...news, metadata };
    const earlier = annotation(before, AUTONAMED) === "true" ? textField(before["metadata"], "name") : undefined;
    if (earlier === undefined && autonaming?.mode === "disable")
        return { reason: "automatic naming is switched off for this resource: set metadata.name" };
    const annotations = isObject(metadata["annotations"]) ? metadata["annotations"] : {};
    return {
        ...news,
        metadata: {
            ...metadata,
            name: earlier ?? autonaming?.name ?? `${name.toLowerCase()}-${suffix(seed, name)}`,
            annotations: { ...annotations, [AUTONAMED]: "true" },
        },
    };
}

/** Eight hexadecimal digits: the same for the same seed and name, random without a seed. */
function suffix(seed: Uint8Array, name: string): string {
    return seed.length === 0
        ? randomBytes(4).toString("hex")
        : createHash("sha256").update(seed).update(name).digest("hex").slice(0, 8);
}

async function defaultNamespace(inputs: JsonObject, context: CheckContext): Promise<string | undefined> {
    const { apiVersion, kind } = inputs;
    if (typeof apiVersion !== "string" || typeof kind !== "string" || apiVersion === UNKNOWN || kind === UNKNOWN)
        return undefined;
    const namespaced = await context.isNamespaced(apiVersion, kind);
    if (namespaced === undefined) return textField(field(context.before, "metadata"), "namespace");
    return namespaced ? context.defaultNamespace : undefined;
}
