import type { Field } from "./field";
import { type Labels, readLabels, selects } from "./labels";
import { meshConfig } from "./mesh-config";
import type { Mesh } from "./mesh";
import type { MeshObject } from "./object";
import { all, type Answer, isKnown, same } from "./unknown";
import type { Workload } from "./workload";

/** Namespace whose policies count for the whole mesh. */
export function rootNamespace(mesh: Mesh): string {
    return meshConfig(mesh).rootNamespace;
}

/** The labels by which an Istio object selects workloads; undefined: it selects none in particular. */
export function istioSelector(object: MeshObject): { field: Field; labels: Labels } | undefined {
    const spec = object.root.get("spec");
    for (const path of [
        ["selector", "matchLabels"],
        ["workloadSelector", "labels"],
        ["workloadSelector", "matchLabels"],
    ]) {
        const field = spec.get(...path);
        if (field.isUnknown || (field.isSet && field.keys().length > 0)) return { field, labels: readLabels(field) };
    }
    return undefined;
}

/** Whether an Istio policy counts for a workload: by namespace, or by selector within it. */
export function appliesTo(mesh: Mesh, policy: MeshObject, workload: Workload): Answer {
    if (policy.root.get("spec").isUnknown) return "maybe";
    const targets = policy.root.get("spec", "targetRefs");
    const target = policy.root.get("spec", "targetRef");
    if (targets.isSet || target.isSet) return "maybe";
    const namespace = policy.namespace === rootNamespace(mesh) ? "yes" : same(policy.namespace, workload.namespace);
    const selector = istioSelector(policy);
    return all([namespace, selector ? selects(selector.labels, workload.labels) : "yes"]);
}

/** The policies of a kind that certainly count for a workload. */
export function policiesFor(mesh: Mesh, kind: string, workload: Workload): MeshObject[] {
    return mesh
        .ofKind(kind)
        .filter(({ group }) => group.endsWith("istio.io"))
        .filter((policy) => appliesTo(mesh, policy, workload) === "yes");
}

/** Whether some policy of a kind may count for the workload without it being known. */
export function mayHaveMore(mesh: Mesh, kind: string, workload: Workload): boolean {
    return mesh
        .ofKind(kind)
        .some((policy) => !isKnown(policy.namespace) || appliesTo(mesh, policy, workload) === "maybe");
}
