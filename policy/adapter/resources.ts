import { isKnown, type Maybe, UNKNOWN } from "../model/unknown";
import type { SourceObject } from "../model/object";

/** A resource of the stack in plain data. */
export interface PlainResource {
    /** Pulumi's type: `kubernetes:apps/v1:Deployment`. */
    readonly type: string;
    readonly urn: string;
    readonly name: string;
    /** What the program declared, or for a resource that it only reads what the provider told. */
    readonly properties: Readonly<Record<string, unknown>>;
}

/** Types of the Kubernetes provider that stand for several objects or for none: what they hold is not listed. */
const NO_OBJECT = /^kubernetes:(helm\.sh|yaml|kustomize)|List$|Patch$/;

/** The Kubernetes object that a resource declares, or undefined for other resources. */
export function toObject({ type, urn, properties }: PlainResource): SourceObject | undefined {
    const match = /^kubernetes:([^:]+):([^:]+)$/.exec(type);
    if (!match || NO_OBJECT.test(type)) return undefined;
    const [, group, kind] = match as unknown as [string, string, string];
    return {
        // The type says what an omitted or not yet known apiVersion and kind are: `core/v1` is Kubernetes' `v1`.
        manifest: { ...properties, apiVersion: group.replace(/^core\//, ""), kind },
        source: urn,
    };
}

/** Namespaces that a Helm release fills with objects of its own, which the stack does not list. */
export function opaqueNamespaces(resources: readonly PlainResource[]): Maybe<string>[] {
    return resources
        .filter(({ type }) => /^kubernetes:helm\.sh\/v\d+:(Release|Chart)$/.test(type))
        .filter((chart) => !hasChildren(chart, resources))
        .map(({ properties }) => {
            const namespace = properties["namespace"];
            return namespace === UNKNOWN || typeof namespace !== "string" ? UNKNOWN : namespace;
        })
        .filter((namespace) => namespace === UNKNOWN || isKnown(namespace));
}

/** A Chart, unlike a Release, registers its objects as resources under itself. */
function hasChildren({ urn, type }: PlainResource, resources: readonly PlainResource[]): boolean {
    const [, , qualified = ""] = urn.split("::");
    const parentType = qualified || type;
    return resources.some((other) => (other.urn.split("::")[2] ?? "").startsWith(`${parentType}$kubernetes:`));
}
