import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { EmbeddedClusterConfig } from "../../config/cluster";
import type { Cluster, Entrance } from "../cluster";
import { deleteObjectsWith } from "../objects";
import { projectDirectory } from "./paths";
import { EmbeddedNodes } from "./resource";

/** What an embedded cluster is made of. */
export interface EmbeddedClusterArgs {
    config: EmbeddedClusterConfig;
    /** Images that its nodes have from the start, with what they are built from. */
    images: readonly { name: string; digest: string }[];
    /** Key of the tools that run it. */
    toolchain: string;
    /** NodePort of the ingress gateway. */
    gatewayNodePort: number;
    /** Its NodePort for HTTPS. */
    secureNodePort: number;
}

/**
 * A real Kubernetes cluster in Linux namespaces of this machine: no Docker, no systemd.
 *
 * Its state is in `.local/clusters/<name>`; `npm run cluster -- --help` looks at it and controls it.
 */
export class EmbeddedCluster extends pulumi.ComponentResource implements Cluster {
    readonly kubeconfig: pulumi.Output<string>;
    readonly kubeconfigPath: pulumi.Output<string>;
    readonly provider: k8s.Provider;
    readonly gateway: pulumi.Output<Entrance>;
    readonly secureGateway: pulumi.Output<Entrance>;

    constructor(name: string, args: EmbeddedClusterArgs, opts?: pulumi.ComponentResourceOptions) {
        super("istio-platform:cluster:EmbeddedCluster", name, {}, opts);
        const { config, images, toolchain, gatewayNodePort, secureNodePort } = args;
        const nodes = new EmbeddedNodes(
            name,
            {
                projectDirectory,
                name: config.name,
                nodes: config.nodes,
                hostPorts: config.hostPorts,
                networkPolicies: config.networkPolicies,
                images: images.map(({ name, digest }) => ({ name, digest })),
                toolchain,
            },
            { parent: this },
        );
        this.kubeconfig = pulumi.secret(nodes.kubeconfig);
        this.kubeconfigPath = nodes.kubeconfigPath;
        this.provider = new k8s.Provider(
            name,
            {
                kubeconfig: this.kubeconfig,
                // The same cluster keeps its resources when it is started again, whatever its kubeconfig says by then;
                // other nodes make another cluster, and its resources are made anew.
                clusterIdentifier: `embedded/${config.name}/${config.nodes.map(({ zone }) => zone).join(",")}`,
                // What lived on a cluster that is gone is gone with it.
                deleteUnreachable: true,
            },
            { parent: this },
        );
        deleteObjectsWith(nodes);
        this.gateway = nodes.address.apply((address) => ({ address, port: gatewayNodePort }));
        this.secureGateway = nodes.address.apply((address) => ({ address, port: secureNodePort }));
        this.registerOutputs({ kubeconfigPath: this.kubeconfigPath, gateway: this.gateway });
    }
}
