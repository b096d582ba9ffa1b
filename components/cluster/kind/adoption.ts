import type { KindClusterConfig } from "../../config/cluster";
import type { NodeContainer } from "./nodes";

/**
 * What a cluster that somebody else has made lacks of what is declared.
 * @param zones Zone of each of its nodes.
 */
export function adoptionProblems(
    { nodes, hostPorts }: Pick<KindClusterConfig, "nodes" | "hostPorts">,
    containers: readonly NodeContainer[],
    zones: readonly string[],
): string[] {
    const declared = nodes.map(({ zone }) => zone).sort();
    const found = zones.map((zone) => zone || "(none)").sort();
    const open = containers.flatMap(({ ports }) => ports);
    return [
        ...(declared.join() === found.join()
            ? []
            : [
                  `the zones of its nodes are ${found.join(", ")}, declared are ${declared.join(", ")}: change cluster.nodes, ` +
                      "or label the nodes (kubectl label node NAME topology.kubernetes.io/zone=ZONE)",
              ]),
        ...hostPorts
            .filter(
                ({ hostPort, nodePort }) =>
                    !open.some((port) => port.hostPort === hostPort && port.nodePort === nodePort),
            )
            .map(
                ({ hostPort, nodePort }) =>
                    `no node opens port ${hostPort} of 127.0.0.1 for its NodePort ${nodePort}: leave it out of cluster.hostPorts`,
            ),
    ];
}
