import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { KindClusterConfig } from "../../config/cluster";
import type { Cluster, Entrance } from "../cluster";
import { projectDirectory } from "../embedded/paths";
import { deleteObjectsWith } from "../objects";
import { KindNodes } from "./resource";

/** What a kind cluster is made of. */
export interface KindClusterArgs {
    config: KindClusterConfig;
    /** Images that are brought to its nodes, with what they are built from. */
    images: readonly { name: string; digest: string }[];
    /** NodePort of the ingress gateway. */
    gatewayNodePort: number;
    /** Its NodePort for HTTPS. */
    secureNodePort: number;
}

/**
 * A kind cluster: Kubernetes nodes in containers of Docker or Podman (P2).
 *
 * What this clone knows of it is in `.local/kind/<name>`; a cluster that somebody else has made is used as it is, and stays.
 */
export class KindCluster extends pulumi.ComponentResource implements Cluster {
    readonly kubeconfig: pulumi.Output<string>;
    readonly kubeconfigPath: pulumi.Output<string>;
    readonly provider: k8s.Provider;
    readonly gateway: pulumi.Output<Entrance>;
    readonly secureGateway: pulumi.Output<Entrance>;

    constructor(name: string, args: KindClusterArgs, opts?: pulumi.ComponentResourceOptions) {
        super("istio-platform:cluster:KindCluster", name, {}, opts);
        const { config, images, gatewayNodePort, secureNodePort } = args;
        const nodes = new KindNodes(
            name,
            {
                projectDirectory,
                name: config.name,
                nodes: config.nodes,
                hostPorts: config.hostPorts,
                runtime: config.runtime,
                nodeImage: config.nodeImage,
                registryMirrors: config.registryMirrors,
                adopt: config.adopt,
                images: images.map(({ name, digest }) => ({ name, digest })),
            },
            { parent: this },
        );
        this.kubeconfig = pulumi.secret(nodes.kubeconfig);
        this.kubeconfigPath = nodes.kubeconfigPath;
        this.provider = new k8s.Provider(
            name,
            {
                kubeconfig: this.kubeconfig,
                // The same cluster keeps its resources when it is started again; another one has its resources made anew.
                clusterIdentifier: `kind/${config.name}/${config.nodes.map(({ zone }) => zone).join(",")}`,
                // What lived on a cluster that is gone is gone with it.
                deleteUnreachable: true,
            },
            { parent: this },
        );
        // A cluster that stays must be rid of the stack's objects one by one.
        if (!config.adopt) deleteObjectsWith(nodes);
        const entrance = (nodePort: number) =>
            nodes.address.apply((address) => entranceOf(config.hostPorts, address, nodePort));
        this.gateway = entrance(gatewayNodePort);
        this.secureGateway = entrance(secureNodePort);
        this.registerOutputs({ kubeconfigPath: this.kubeconfigPath, gateway: this.gateway });
    }
}

/** Where this machine reaches a NodePort: by its host port, or else at the node, which Linux alone can. */
export function entranceOf(hostPorts: KindClusterConfig["hostPorts"], address: string, nodePort: number): Entrance {
    const mapped = hostPorts.find((port) => port.nodePort === nodePort);
    return mapped ? { address: "127.0.0.1", port: mapped.hostPort } : { address, port: nodePort };
}
