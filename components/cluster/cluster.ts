import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterConfig } from "../config/cluster";
import { EmbeddedCluster } from "./embedded/embedded-cluster";
import type { ResolvedImages } from "./images";
import { KindCluster } from "./kind/kind-cluster";

/** Where requests from outside come in. */
export interface Entrance {
    address: string;
    port: number;
}

/** A Kubernetes cluster. The rest of the program cannot tell one kind from another. */
export interface Cluster extends pulumi.ComponentResource {
    /** Content of a kubeconfig for this cluster: secret. */
    readonly kubeconfig: pulumi.Output<string>;
    /** The same as a file on this machine. */
    readonly kubeconfigPath: pulumi.Output<string>;
    /** Every Kubernetes resource uses this provider. */
    readonly provider: k8s.Provider;
    /** HTTP entrance for clients on this machine. */
    readonly gateway: pulumi.Output<Entrance>;
    /** HTTPS entrance for clients on this machine; open where a Gateway serves HTTPS (P5). */
    readonly secureGateway: pulumi.Output<Entrance>;
}

/** Options of {@link createCluster}. */
export interface ClusterOptions extends pulumi.ComponentResourceOptions {
    /** NodePort of the ingress gateway, for clusters whose gateway is reached by one (P10). Default: 32314. */
    gatewayNodePort?: number;
    /** The same for HTTPS (P2). Default: 30005. */
    secureNodePort?: number;
}

/**
 * The cluster of a stack, of the kind that its configuration names.
 * @throws pulumi.RunError for a kind that is not implemented.
 */
export function createCluster(config: ClusterConfig, images: ResolvedImages, options: ClusterOptions = {}): Cluster {
    const { gatewayNodePort = 32314, secureNodePort = 30005, ...opts } = options;
    switch (config.kind) {
        case "embedded":
            return new EmbeddedCluster(
                "cluster",
                { config, images: images.bundled, toolchain: images.toolchain, gatewayNodePort, secureNodePort },
                opts,
            );
        case "kind":
            return new KindCluster(
                "cluster",
                { config, images: images.bundled, gatewayNodePort, secureNodePort },
                opts,
            );
        case "eks":
            throw new pulumi.RunError(
                'istio-platform:cluster.kind: EKS clusters are not implemented yet: use "kind: embedded" on a Linux machine.',
            );
    }
}
