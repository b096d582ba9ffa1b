import { label, type Labels, readLabels } from "./labels";
import { MeshObject, type SourceObject } from "./object";
import { type Answer, UNKNOWN } from "./unknown";

/** A Namespace and what it says about sidecar injection. */
export class Namespace extends MeshObject {
    readonly labels: Labels;

    constructor(source: SourceObject) {
        super(source);
        this.labels = readLabels(this.root.get("metadata", "labels"));
    }

    /** Whether pods of this namespace get a sidecar: `istio-injection: enabled` or a revision (requirement P8). */
    get injection(): Answer {
        const injection = label(this.labels, "istio-injection");
        const revision = label(this.labels, "istio.io/rev");
        if (injection === UNKNOWN) return "maybe";
        // The older label wins over the revision label.
        if (injection !== undefined) return injection === "enabled" ? "yes" : "no";
        return revision === UNKNOWN ? "maybe" : revision !== undefined ? "yes" : "no";
    }

    /** Whether the namespace refuses injection, also to pods that ask for it. */
    get isDisabled(): boolean {
        return label(this.labels, "istio-injection") === "disabled";
    }

    /** Whether the namespace runs in ambient mode, where the node's ztunnel replaces sidecars. */
    get isAmbient(): boolean {
        return label(this.labels, "istio.io/dataplane-mode") === "ambient";
    }
}
