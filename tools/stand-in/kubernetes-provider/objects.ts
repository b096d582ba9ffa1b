import { isObject, Json, JsonObject } from "../common/values";

/** A Kubernetes object: its kind and name for certain, everything else as the API server has it. */
export type KubernetesObject = JsonObject & {
    apiVersion: string;
    kind: string;
    metadata: JsonObject & { name: string; namespace?: string };
};

/** What is needed to find an object. */
export interface ObjectReference {
    apiVersion: string;
    kind: string;
    name: string;
    namespace?: string;
}

/** The reference to an object. */
export function referenceTo(object: KubernetesObject): ObjectReference {
    const { apiVersion, kind, metadata } = object;
    return { apiVersion, kind, name: metadata.name, namespace: metadata.namespace };
}

/** How messages name an object: `Deployment shop/cart`. */
export function describe({ kind, name, namespace }: ObjectReference): string {
    return `${kind} ${namespace === undefined ? "" : `${namespace}/`}${name}`;
}

/** The id of a resource in Pulumi's state: `namespace/name`, or `name` for cluster-wide kinds. */
export function idOf({ name, namespace }: Pick<ObjectReference, "name" | "namespace">): string {
    return namespace === undefined ? name : `${namespace}/${name}`;
}

/** The inverse of {@link idOf}. */
export function parseId(id: string): Pick<ObjectReference, "name" | "namespace"> {
    const slash = id.indexOf("/");
    return slash < 0 ? { name: id } : { namespace: id.slice(0, slash), name: id.slice(slash + 1) };
}

/** The API group of `apps/v1` is `apps`; of `v1` it is empty. */
export function groupOf(apiVersion: string): string {
    const slash = apiVersion.indexOf("/");
    return slash < 0 ? "" : apiVersion.slice(0, slash);
}

/** `apps/Deployment`, `Service`: the kind without the version of its API. */
export function groupKind({ apiVersion, kind }: Pick<ObjectReference, "apiVersion" | "kind">): string {
    const group = groupOf(apiVersion);
    return group === "" ? kind : `${group}/${kind}`;
}

/** The annotation of an object, if it has it. */
export function annotation(object: JsonObject, name: string): string | undefined {
    const annotations = field(object["metadata"], "annotations");
    const value = isObject(annotations) ? annotations[name] : undefined;
    return typeof value === "string" ? value : undefined;
}

/** A field of an object, whatever the value is. */
export function field(value: Json | undefined, ...path: string[]): Json | undefined {
    return path.reduce<Json | undefined>((inner, key) => (isObject(inner) ? inner[key] : undefined), value);
}

/** A field that holds a number; the fallback when it is absent. */
export function numberField(value: Json | undefined, fallback: number, ...path: string[]): number {
    const found = field(value, ...path);
    return typeof found === "number" ? found : fallback;
}

/** A field that holds a text, or undefined. */
export function textField(value: Json | undefined, ...path: string[]): string | undefined {
    const found = field(value, ...path);
    return typeof found === "string" ? found : undefined;
}

/** A field that holds a list of objects; empty when it is absent. */
export function listField(value: Json | undefined, ...path: string[]): JsonObject[] {
    const found = field(value, ...path);
    return Array.isArray(found) ? found.filter(isObject) : [];
}

/** The status condition of this type, if the object has it. */
export function condition(object: JsonObject, type: string): JsonObject | undefined {
    return listField(object, "status", "conditions").find((each) => each["type"] === type);
}
