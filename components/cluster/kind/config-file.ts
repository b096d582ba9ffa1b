import { stringify } from "yaml";
import type { KindClusterConfig } from "../../config/cluster";

/** A cluster as `kind create cluster --config` takes it: kind's API kind.x-k8s.io/v1alpha4, as far as it is used. */
export interface KindConfigFile {
    kind: "Cluster";
    apiVersion: "kind.x-k8s.io/v1alpha4";
    name: string;
    nodes: KindNode[];
    /** Patches of kubeadm's configuration, as YAML documents. */
    kubeadmConfigPatches?: string[];
    /** Patches of the nodes' containerd configuration, as TOML. */
    containerdConfigPatches: string[];
}

interface KindNode {
    role: "control-plane" | "worker";
    image?: string;
    labels: Record<string, string>;
    extraPortMappings?: { containerPort: number; hostPort: number; listenAddress: string; protocol: "TCP" }[];
    extraMounts: { hostPath: string; containerPath: string; readOnly: boolean }[];
}

/** Where containerd looks for registries' mirrors in a node. */
const registriesInNode = "/etc/containerd/certs.d";

/**
 * Pods run on the node of the control plane, too, as on a cluster of one node, where kind takes the taint away itself:
 * the documents' three zones are three nodes.
 */
const withoutTaint = stringify({ kind: "InitConfiguration", nodeRegistration: { taints: [] } });

/** Has containerd read {@link registriesInNode}, which the images of newer nodes do by themselves. */
const readRegistries = `[plugins."io.containerd.grpc.v1.cri".registry]\n  config_path = "${registriesInNode}"\n`;

/**
 * What kind is given for a cluster. The host ports are the first node's: a NodePort answers on every node.
 * @param registries Folder of this machine with the registries' mirrors.
 */
export function kindConfigFile(
    { name, nodes, hostPorts, nodeImage }: Pick<KindClusterConfig, "name" | "nodes" | "hostPorts" | "nodeImage">,
    registries: string,
): KindConfigFile {
    return {
        kind: "Cluster",
        apiVersion: "kind.x-k8s.io/v1alpha4",
        name,
        nodes: nodes.map(({ zone }, index) => ({
            role: index === 0 ? "control-plane" : "worker",
            ...(nodeImage === undefined ? {} : { image: nodeImage }),
            labels: { "topology.kubernetes.io/zone": zone },
            ...(index > 0 || hostPorts.length === 0
                ? {}
                : {
                      extraPortMappings: hostPorts.map(({ hostPort, nodePort }) => ({
                          containerPort: nodePort,
                          hostPort,
                          listenAddress: "127.0.0.1",
                          protocol: "TCP" as const,
                      })),
                  }),
            extraMounts: [{ hostPath: registries, containerPath: registriesInNode, readOnly: true }],
        })),
        ...(nodes.length > 1 ? { kubeadmConfigPatches: [withoutTaint] } : {}),
        containerdConfigPatches: [readRegistries],
    };
}

/**
 * A registry's mirrors as containerd's hosts.toml: they are asked in order, then the registry itself. A node reads it at
 * every pull, so that another one is in force at once.
 */
export function hostsFile(registry: string, mirrors: readonly string[]): string {
    const server = registry === "docker.io" ? "registry-1.docker.io" : registry;
    return [
        `server = ${JSON.stringify(`https://${server}`)}`,
        ...mirrors.flatMap((mirror) => [
            "",
            `[host.${JSON.stringify(mirror)}]`,
            '  capabilities = ["pull", "resolve"]',
        ]),
        "",
    ].join("\n");
}
