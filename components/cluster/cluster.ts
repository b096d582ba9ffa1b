import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { DataStore } from "../aws/data-stores/data-stores";
import type { ClusterConfig } from "../config/cluster";
import { EksCluster } from "./eks/eks-cluster";
import { EmbeddedCluster } from "./embedded/embedded-cluster";
import type { ResolvedImages } from "./images";
import { KindCluster } from "./kind/kind-cluster";

/** Where requests from outside come in. */
export interface Entrance {
    address: string;
    port: number;
}

/** How the ingress gateway's Service asks for the load balancer of a cluster. */
export interface LoadBalancer {
    /** Class of the Service: who makes the load balancer. */
    readonly className: string;
    /** Annotations of the Service: what the load balancer is like. */
    readonly annotations: Readonly<Record<string, pulumi.Input<string>>>;
    /** Whether every connection begins with a header that tells the client's address. */
    readonly proxyProtocol: boolean;
    /** Seconds that it still sends requests to a pod that is being removed. */
    readonly drainSeconds: number;
    /** Whether HTTPS ends at the load balancer: clients see its certificate, not the gateway's. */
    readonly endsTls: boolean;
    /** What must be there before the Service, and longer than it. */
    readonly after: readonly pulumi.CustomResource[];
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
    /**
     * Load balancer of the ingress gateway.
     * @default what the cluster makes of a Service by itself
     */
    readonly loadBalancer?: LoadBalancer;
    /**
     * Data stores beside the cluster, which the mesh has to know (P6).
     * @default none
     */
    readonly dataStores?: readonly DataStore[];
    /** Gives the load balancer its public names, where the cluster has any: whoever uses these waits for them. */
    publish?(loadBalancer: pulumi.Output<string>): readonly pulumi.CustomResource[];
}

/** Options of {@link createCluster}. */
export interface ClusterOptions extends pulumi.ComponentResourceOptions {
    /** NodePort of the ingress gateway, for clusters whose gateway is reached by one (P10). Default: 32314. */
    gatewayNodePort?: number;
    /** The same for HTTPS (P2). Default: 30005. */
    secureNodePort?: number;
    /** Names under which requests come from outside, for clusters that have public names (P4). Default: that of the cluster. */
    publicHosts?: readonly string[];
    /** Where the ingress gateway says whether it is ready, for clusters whose load balancer asks it (P3). */
    gatewayHealth: { port: number; path: string };
}

/** The cluster of a stack, of the kind that its configuration names. */
export function createCluster(config: ClusterConfig, images: ResolvedImages, options: ClusterOptions): Cluster {
    const { gatewayNodePort = 32314, secureNodePort = 30005, publicHosts = [], gatewayHealth, ...opts } = options;
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
        case "eks": {
            const { host } = config.domain;
            const hosts: [string, ...string[]] = [host, ...publicHosts.filter((other) => other !== host)];
            return new EksCluster("cluster", { config, publicHosts: hosts, gatewayHealth }, opts);
        }
    }
}
