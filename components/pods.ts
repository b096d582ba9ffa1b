import type { types } from "@pulumi/kubernetes";

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

/** `securityContext` of a container that needs no privilege: what Kubernetes' Pod Security Standard "restricted" asks for, and a read-only root. */
export function unprivileged(user: number) {
    return {
        runAsNonRoot: true,
        runAsUser: user,
        runAsGroup: user,
        readOnlyRootFilesystem: true,
        allowPrivilegeEscalation: false,
        capabilities: { drop: ["ALL"] },
    } satisfies types.input.core.v1.SecurityContext;
}
