import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { types } from "@pulumi/kubernetes";

/** Pods by their namespace and labels. */
export interface Peer {
    /** Their namespace. */
    readonly namespace: string;
    /**
     * Their labels.
     * @default all pods of the namespace
     */
    readonly labels?: Readonly<Record<string, string>>;
}

/** Addresses outside of the cluster. */
export interface Addresses {
    /** Network, such as `0.0.0.0/0`. */
    readonly network: string;
}

/** Some peers, and the ports by which they are reached, or reach. */
export interface Opening {
    /**
     * Who.
     * @default everybody, inside and outside of the cluster
     */
    readonly peers?: readonly (Peer | Addresses)[];
    /**
     * Ports of the pods, not of Services.
     * @default all ports
     */
    readonly ports?: readonly { readonly port: number; readonly protocol?: "TCP" | "UDP" }[];
}

/** What pods of a namespace may be reached by, and what they may reach. */
export interface NetworkPolicyArgs {
    /** Name of the policy; of all namespaces, since Pulumi tells resources of one kind by their names alone. */
    name: string;
    /** Namespace of the pods. */
    namespace: string;
    /**
     * Labels of the pods.
     * @default all pods of the namespace
     */
    pods?: Readonly<Record<string, string>>;
    /** Who reaches them; nobody else does. */
    from: readonly Opening[];
    /**
     * What they reach; nothing else.
     * @default everything
     */
    to?: readonly Opening[];
}

/** `spec` of a NetworkPolicy. */
export function networkPolicySpec({ pods, from, to }: NetworkPolicyArgs) {
    return {
        podSelector: pods ? { matchLabels: pods } : {},
        policyTypes: ["Ingress", ...(to ? ["Egress"] : [])],
        ingress: from.map(({ peers, ports }) => ({ ...(peers && { from: peers.map(peerSpec) }), ...portsSpec(ports) })),
        ...(to && {
            egress: to.map(({ peers, ports }) => ({ ...(peers && { to: peers.map(peerSpec) }), ...portsSpec(ports) })),
        }),
    } satisfies types.input.networking.v1.NetworkPolicySpec;
}

function peerSpec(peer: Peer | Addresses) {
    if ("network" in peer) return { ipBlock: { cidr: peer.network } };
    const { namespace, labels } = peer;
    return {
        // The label that the API server itself keeps on every namespace.
        namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
        ...(labels && { podSelector: { matchLabels: labels } }),
    };
}

function portsSpec(ports: Opening["ports"]) {
    return ports && { ports: ports.map(({ port, protocol = "TCP" }) => ({ port, protocol })) };
}

/** A NetworkPolicy; several for the same pods admit what any of them does. */
export class NetworkPolicy extends k8s.networking.v1.NetworkPolicy {
    constructor(args: NetworkPolicyArgs, opts?: pulumi.CustomResourceOptions) {
        const { name, namespace } = args;
        super(name, { metadata: { name, namespace }, spec: networkPolicySpec(args) }, opts);
    }
}
