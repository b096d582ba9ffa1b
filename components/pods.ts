import * as k8s from "@pulumi/kubernetes";
import type { types } from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

/** What the pods of all components have in common. */

/** Pods with these labels spread over zones, and in them over nodes, as far as there is room. */
export function spreadOut(labels: Readonly<Record<string, string>>) {
    return ["topology.kubernetes.io/zone", "kubernetes.io/hostname"].map((topologyKey) => ({
        maxSkew: 1,
        topologyKey,
        whenUnsatisfiable: "ScheduleAnyway",
        labelSelector: { matchLabels: { ...labels } },
    })) satisfies types.input.core.v1.TopologySpreadConstraint[];
}

/** Pods that a drain of nodes must not end all at once. */
export interface KeptPods {
    /** `metadata` of the budget. */
    readonly metadata: {
        readonly name: string;
        readonly namespace: string;
        readonly labels: Readonly<Record<string, string>>;
    };
    /** Labels of the pods. */
    readonly labels: Readonly<Record<string, string>>;
    /** Number of the pods. */
    readonly replicas: number;
}

/** The budget by which a drain of nodes ends one pod at a time; none for a single pod, whose node could never be drained. */
export function disruptionBudgets({ metadata, labels, replicas }: KeptPods, opts: pulumi.CustomResourceOptions) {
    if (replicas < 2) return [];
    const spec = { maxUnavailable: 1, selector: { matchLabels: { ...labels } } };
    return [new k8s.policy.v1.PodDisruptionBudget(metadata.name, { metadata, spec }, opts)];
}

/** `securityContext` of a container that needs no privilege: what Kubernetes' Pod Security Standard "restricted" asks for, and a read-only root. */
export function unprivileged(user: number) {
    return {
        runAsNonRoot: true,
        runAsUser: user,
        runAsGroup: user,
        readOnlyRootFilesystem: true,
        allowPrivilegeEscalation: false,
        capabilities: { drop: ["ALL"] },
        seccompProfile: { type: "RuntimeDefault" },
    } satisfies types.input.core.v1.SecurityContext;
}

/** `annotations` among the metadata of an object; nothing where there are none. */
export function annotated(annotations: Readonly<Record<string, string>>): { annotations?: Record<string, string> } {
    return Object.keys(annotations).length > 0 ? { annotations: { ...annotations } } : {};
}
