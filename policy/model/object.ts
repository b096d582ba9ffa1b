import { Field } from "./field";
import { isKnown, type Maybe } from "./unknown";

/** A Kubernetes object as a manifest has it, and where it came from. */
export interface SourceObject {
    /** The object: `apiVersion`, `kind`, `metadata` and the rest. May contain {@link UNKNOWN} anywhere. */
    readonly manifest: Readonly<Record<string, unknown>>;
    /** Where a reader finds it: the resource's URN, or `file:line`. */
    readonly source?: string;
}

/** A Kubernetes object of the mesh. Every other type of the model extends it. */
export class MeshObject {
    readonly kind: string;
    /** API group: `networking.istio.io`; empty for the core group. */
    readonly group: string;
    readonly name: Maybe<string>;
    /** Namespace; `default` where a namespaced object names none, undefined for cluster-wide kinds. */
    readonly namespace: Maybe<string>;
    readonly source: string | undefined;
    readonly root: Field;

    constructor({ manifest, source }: SourceObject) {
        this.root = new Field(manifest, "");
        const kind = this.root.get("kind").text();
        const apiVersion = this.root.get("apiVersion").text();
        this.kind = isKnown(kind) ? kind : "";
        this.group =
            isKnown(apiVersion) && apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";
        this.name = this.root.get("metadata", "name").text();
        const namespace = this.root.get("metadata", "namespace").text();
        this.namespace = CLUSTER_WIDE.has(this.kind) ? undefined : (namespace ?? "default");
        this.source = source;
    }

    /** `Kind/namespace/name`, or `Kind/name` for a cluster-wide object. */
    get id(): string {
        const name = isKnown(this.name) ? this.name : "(name not known yet)";
        if (this.namespace === undefined) return `${this.kind}/${name}`;
        return `${this.kind}/${isKnown(this.namespace) ? this.namespace : "(namespace not known yet)"}/${name}`;
    }
}

/** The cluster-wide kinds that matter here. */
const CLUSTER_WIDE = new Set([
    "Namespace",
    "Node",
    "PersistentVolume",
    "ClusterRole",
    "ClusterRoleBinding",
    "CustomResourceDefinition",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
    "GatewayClass",
    "IngressClass",
    "PriorityClass",
    "StorageClass",
    "APIService",
]);
