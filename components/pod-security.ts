import type { types } from "@pulumi/kubernetes";

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
