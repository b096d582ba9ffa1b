import { z } from "zod";
import { eksCluster } from "./eks";
import { dnsLabel, nodePort, port } from "./units";

/** Which cluster the platform runs on: the rest of the program cannot tell the kinds apart. */

/** A port of this machine that leads to a NodePort of the cluster. */
export const hostPort = z.strictObject({
    hostPort: port.describe("Port on 127.0.0.1 of this machine"),
    nodePort: nodePort.describe("NodePort of the cluster that it leads to"),
});
export type HostPort = z.infer<typeof hostPort>;

/** A node of an embedded or kind cluster. */
export const node = z.strictObject({
    zone: dnsLabel.describe("Value of the node label topology.kubernetes.io/zone (P2)"),
});

/** Host ports of requirement P2: 32314 eGov gateway, 30000 HTTP, 30005 HTTPS. */
const hostPorts = z
    .array(hostPort)
    .default([
        { hostPort: 32314, nodePort: 32314 },
        { hostPort: 30000, nodePort: 30000 },
        { hostPort: 30005, nodePort: 30005 },
    ])
    .describe("Ports on 127.0.0.1 of this machine; an empty list opens none");

/** A real Kubernetes node in Linux namespaces of this machine: no Docker, Linux and root. */
export const embeddedCluster = z.strictObject({
    kind: z.literal("embedded").describe("A Kubernetes node in Linux namespaces of this machine: no Docker"),
    name: dnsLabel.max(20).default("local").describe("Name of the cluster; two names live side by side"),
    nodes: z
        .array(node)
        .min(1)
        .max(4)
        .default([{ zone: "zone-a" }])
        .describe("Nodes; the first one carries the control plane"),
    hostPorts,
    networkPolicies: z
        .boolean()
        .default(false)
        .describe("Have the nodes enforce NetworkPolicies, by kube-router; else they are without effect (S6)"),
});
export type EmbeddedClusterConfig = z.infer<typeof embeddedCluster>;

/** The host of an image registry as image names begin with it, with its port where it has one. */
const registryHost = z
    .string()
    .regex(
        /^[a-z0-9]([-.a-z0-9]*[a-z0-9])?(:\d+)?$/,
        'a registry\'s host such as "docker.io" or "mirror.example:5000"',
    );

/** A kind cluster (Docker or Podman). */
export const kindCluster = z.strictObject({
    kind: z.literal("kind").describe("A kind cluster: Kubernetes nodes in containers of Docker or Podman"),
    name: dnsLabel
        .max(40)
        .default("c4ang-dev")
        .describe("Name of the cluster, one of its kind on the machine; its nodes are called <name>-control-plane ..."),
    nodes: z
        .array(node)
        .min(1)
        .max(9)
        .default([{ zone: "zone-a" }, { zone: "zone-b" }, { zone: "zone-c" }])
        .describe("Nodes; the first one carries the control plane, and pods like the others (P2)"),
    hostPorts,
    runtime: z
        .enum(["docker", "podman"])
        .optional()
        .describe("What runs the nodes. Default: the one that is there; Docker where both are"),
    nodeImage: z
        .string()
        .min(1)
        .optional()
        .describe(
            "Image of the nodes, which decides the version of Kubernetes: of kindest/node, of a mirror, or one that the machine has. Default: the one that the installed kind was made with",
        ),
    registryMirrors: z
        .record(registryHost, z.array(z.url({ protocol: /^https?$/, error: "a URL with http or https" })).min(1))
        .default({})
        .describe(
            "Registry -> URLs that the nodes ask in its place, in order, before the registry itself (P7). Default: none",
        ),
    adopt: z
        .boolean()
        .default(false)
        .describe(
            "Use the cluster of this name that somebody else has made: it must have the nodes, zones and ports declared here, and it stays when the stack is destroyed",
        ),
});
export type KindClusterConfig = z.infer<typeof kindCluster>;

export const cluster = z
    .discriminatedUnion("kind", [embeddedCluster, kindCluster, eksCluster])
    .describe("The Kubernetes cluster");
export type ClusterConfig = z.infer<typeof cluster>;
