import { isIP } from "node:net";
import type { PlatformConfig } from "../../../components/config/platform";
import { TargetError } from "./file";
import type { Kubernetes, KubernetesObject } from "./target";

/**
 * The gateway's address must belong to the cluster of the kubeconfig. Otherwise nothing is sent: the address of a
 * cluster that is gone may meanwhile lead to somebody else's machine.
 */

interface Node extends KubernetesObject {
    status?: { addresses?: { address: string }[] };
}

interface Service extends KubernetesObject {
    spec?: { ports?: { port: number; nodePort?: number }[] };
    status?: { loadBalancer?: { ingress?: { ip?: string; hostname?: string }[] } };
}

/** Answers in one phrase why the address belongs to the cluster; throws a {@link TargetError} where it does not. */
export async function gatewayOwner(
    kubernetes: Kubernetes,
    config: PlatformConfig,
    gateway: { address: string; port: number },
): Promise<string> {
    const [nodes, services] = await Promise.all([
        kubernetes.objects<Node>({ apiVersion: "v1", kind: "Node", namespace: "" }),
        kubernetes.objects<Service>({ apiVersion: "v1", kind: "Service", namespace: "istio-system" }),
    ]);
    return ownerOf(nodes, services, config, gateway);
}

export function ownerOf(
    nodes: readonly Node[],
    services: readonly Service[],
    config: PlatformConfig,
    { address, port }: { address: string; port: number },
): string {
    const withNodePort = (wanted: number) =>
        services.find((service) => service.spec?.ports?.some(({ nodePort }) => nodePort === wanted));
    const node = nodes.find(({ status }) => status?.addresses?.some((entry) => entry.address === address));
    const service = withNodePort(port);
    if (node && service) return `port ${port} of Service ${service.metadata.name} on node ${node.metadata.name}`;

    const balanced = services.find(
        ({ status, spec }) =>
            status?.loadBalancer?.ingress?.some(({ ip, hostname }) => ip === address || hostname === address) &&
            spec?.ports?.some((entry) => entry.port === port),
    );
    if (balanced) return `load balancer of Service ${balanced.metadata.name}`;

    const loopback =
        address === "localhost" || (isIP(address) === 4 && address.startsWith("127.")) || address === "::1";
    const mapped =
        config.cluster.kind === "eks" ? undefined : config.cluster.hostPorts.find(({ hostPort }) => hostPort === port);
    const mappedService = mapped && withNodePort(mapped.nodePort);
    if (loopback && mappedService)
        return `host port ${port}, mapped to port ${mapped.nodePort} of Service ${mappedService.metadata.name}`;

    const known = nodes.flatMap(({ status }) => status?.addresses?.map((entry) => entry.address) ?? []);
    throw new TargetError(
        `the gateway address ${address}:${port} does not belong to the cluster of the kubeconfig: its nodes are ` +
            `${known.join(", ") || "(none)"}, and ${service ? `Service ${service.metadata.name} has` : "no Service in istio-system has"} ` +
            `the node port ${port}. Nothing was sent. Deploy again (npm start), so that the target file is written anew.`,
    );
}
