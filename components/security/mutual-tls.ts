import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { MtlsConfig, MtlsException } from "../config/security";
import { ISTIO_NAMESPACE } from "../mesh";
import { SECURITY_API } from "./api";

/** Mutual TLS between the workloads of the mesh. */
export interface MutualTlsArgs {
    /** The stack's configuration under `istio-platform:mesh.mtls`. */
    config: MtlsConfig;
    /** What must be there before Istio's objects: the control plane. */
    mesh: readonly pulumi.Resource[];
    /** What was deployed on the mesh: an exception needs the namespace of its workload. */
    applications: readonly pulumi.Resource[];
}

/**
 * Mutual TLS (S3): one PeerAuthentication for the whole mesh, and one for every workload with ports of another mode.
 * Clients need nothing: a sidecar sees by itself what the other side takes.
 */
export class MutualTls extends pulumi.ComponentResource {
    /** Everything that was deployed. */
    readonly resources: readonly pulumi.CustomResource[];

    constructor(name: string, args: MutualTlsArgs, opts?: pulumi.ComponentResourceOptions) {
        super("istio-platform:security:MutualTls", name, {}, opts);
        const { config, mesh, applications } = args;
        const namespaces = applications.filter((resource) => resource instanceof k8s.core.v1.Namespace);
        this.resources = peerAuthentications(config).map(
            ({ metadata, spec }) =>
                new k8s.apiextensions.CustomResource(
                    metadata.name,
                    { apiVersion: SECURITY_API, kind: "PeerAuthentication", metadata, spec },
                    { parent: this, dependsOn: [...mesh, ...namespaces] },
                ),
        );
        this.registerOutputs({});
    }
}

/** Every PeerAuthentication: `default` of the control plane's namespace holds for the whole mesh. */
export function peerAuthentications({ mode, exceptions }: MtlsConfig) {
    const whole = { metadata: { name: "default", namespace: ISTIO_NAMESPACE }, spec: { mtls: { mode } } };
    return [whole, ...[...byWorkload(exceptions).values()].map(workloadPeerAuthentication)];
}

function byWorkload(exceptions: readonly MtlsException[]): Map<string, MtlsException[]> {
    const groups = new Map<string, MtlsException[]>();
    for (const exception of exceptions) {
        const key = `${exception.namespace}/${exception.app}`;
        groups.set(key, [...(groups.get(key) ?? []), exception]);
    }
    return groups;
}

/** Ports that are not named keep the mode of the mesh. */
function workloadPeerAuthentication(exceptions: readonly MtlsException[]) {
    const { namespace, app } = exceptions[0]!;
    // With the namespace in it, since Pulumi tells resources of one kind by their names alone.
    return {
        metadata: { name: `${namespace}-${app}`, namespace },
        spec: {
            selector: { matchLabels: { app } },
            portLevelMtls: Object.fromEntries(exceptions.map(({ port, mode }) => [String(port), { mode }])),
        },
    };
}
