import * as aws from "@pulumi/aws";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { DataStores, type DataStore } from "../../aws/data-stores/data-stores";
import { ClusterAddOns, NodeAddOns } from "../../aws/eks/add-ons";
import { ControlPlane } from "../../aws/eks/control-plane";
import { LOAD_BALANCER_CLASS, LoadBalancerController } from "../../aws/eks/load-balancer-controller";
import { NodeGroups } from "../../aws/eks/node-groups";
import { ClusterSecurityGroups } from "../../aws/eks/security-groups";
import { EncryptionKey } from "../../aws/encryption-key";
import { AccessLogBucket } from "../../aws/entrance/access-log-bucket";
import { Certificate } from "../../aws/entrance/certificate";
import { DRAIN_SECONDS, loadBalancerAnnotations } from "../../aws/entrance/load-balancer";
import { PublicNames } from "../../aws/entrance/public-names";
import { Network, type Zone } from "../../aws/network/network";
import { zoneNames, type EksClusterConfig } from "../../config/eks";
import type { Cluster, Entrance, LoadBalancer } from "../cluster";
import { writeKubeconfig } from "./kubeconfig-file";

/** What an EKS cluster is made of. */
export interface EksClusterArgs {
    config: EksClusterConfig;
    /** All names under which requests come from outside; the first one is that of `domain.host`. */
    publicHosts: readonly [string, ...string[]];
    /** Where the ingress gateway says whether it is ready. */
    gatewayHealth: { port: number; path: string };
}

/**
 * A cluster of Amazon EKS with what surrounds it: network (P1), load balancer (P3), names (P4), certificate (P5), data
 * stores (P6). Every AWS resource carries the tags of the configuration.
 */
export class EksCluster extends pulumi.ComponentResource implements Cluster {
    readonly kubeconfig: pulumi.Output<string>;
    readonly kubeconfigPath: pulumi.Output<string>;
    readonly provider: k8s.Provider;
    readonly gateway: pulumi.Output<Entrance>;
    readonly secureGateway: pulumi.Output<Entrance>;
    readonly loadBalancer: LoadBalancer;
    readonly dataStores: readonly DataStore[];

    private readonly account: pulumi.Output<string>;

    constructor(
        private readonly name: string,
        private readonly args: EksClusterArgs,
        opts?: pulumi.ComponentResourceOptions,
    ) {
        const { config } = args;
        const provider = new aws.Provider(
            name,
            { region: config.region, defaultTags: { tags: clusterTags(config) } },
            opts?.parent ? { parent: opts.parent } : undefined,
        );
        super("istio-platform:cluster:EksCluster", name, {}, { ...opts, providers: [provider] });
        this.account = aws.getCallerIdentityOutput({}, { parent: this }).accountId;

        const key = new EncryptionKey(
            `${name}-secrets-and-logs`,
            {
                alias: `${config.name}/secrets-and-logs`,
                description: `Secrets and logs of ${config.name}`,
                accountId: this.account,
                logsOf: config.region,
            },
            { parent: this },
        );
        const network = this.createNetwork(key);
        const groups = new ClusterSecurityGroups(
            name,
            { clusterName: config.name, vpcId: network.vpcId, privateCidrs: config.endpoint.privateCidrs },
            { parent: this },
        );
        const controlPlane = new ControlPlane(
            name,
            {
                config,
                vpcId: network.vpcId,
                subnetIds: ids(network, "pods"),
                securityGroup: groups.controlPlane,
                keyArn: key.arn,
            },
            { parent: this },
        );
        const running = this.createNodes(controlPlane, network, groups);

        this.kubeconfig = controlPlane.kubeconfig;
        this.kubeconfigPath = writeKubeconfig(config.name, this.kubeconfig);
        this.provider = new k8s.Provider(
            name,
            {
                kubeconfig: this.kubeconfig,
                // Objects stay the same objects when the kubeconfig is written differently.
                clusterIdentifier: `eks/${config.region}/${config.name}`,
            },
            // Whatever runs on the cluster waits for its nodes and add-ons.
            { parent: this, dependsOn: [...running] },
        );
        const controller = this.createLoadBalancerController(network, groups, running);
        this.loadBalancer = this.createEntrance(network, controller);
        const [address] = args.publicHosts;
        this.gateway = pulumi.output({ address, port: 80 });
        this.secureGateway = pulumi.output({ address, port: 443 });
        this.dataStores = this.createDataStores(network, groups);
        this.registerOutputs({ kubeconfigPath: this.kubeconfigPath, gateway: this.gateway });
    }

    /** Gives the load balancer of the ingress gateway its public names, once AWS has made it. */
    publish(loadBalancer: pulumi.Output<string>): readonly pulumi.CustomResource[] {
        const { config, publicHosts } = this.args;
        return new PublicNames(
            this.name,
            { config: config.domain, hosts: publicHosts, region: config.region, loadBalancer },
            { parent: this },
        ).resources;
    }

    private createNetwork(key: EncryptionKey): Network {
        const { config } = this.args;
        return new Network(
            this.name,
            {
                config: config.network,
                clusterName: config.name,
                region: config.region,
                zones: zoneNames(config),
                logKeyArn: key.arn,
            },
            { parent: this },
        );
    }

    /** Nodes with what runs on them: in this order, for a node without network is never Ready. */
    private createNodes(controlPlane: ControlPlane, network: Network, groups: ClusterSecurityGroups) {
        const { config } = this.args;
        const { clusterName } = controlPlane;
        const addOns = { config: config.addOns, clusterName };
        const beneath = new NodeAddOns(this.name, addOns, { parent: this });
        const { groups: nodes } = new NodeGroups(
            this.name,
            {
                config: config.nodes,
                clusterName,
                kubernetesVersion: config.kubernetesVersion,
                subnets: Object.fromEntries(network.zones.map(({ name, pods }) => [name, pods.id])),
                securityGroup: groups.nodes,
                tags: clusterTags(config),
                after: [...network.waysOut, ...groups.rules, ...beneath.resources],
            },
            { parent: this },
        );
        const above = new ClusterAddOns(this.name, { ...addOns, nodes }, { parent: this });
        return [...nodes, ...above.resources];
    }

    private createLoadBalancerController(
        network: Network,
        groups: ClusterSecurityGroups,
        after: readonly pulumi.Resource[],
    ): LoadBalancerController {
        const { config } = this.args;
        return new LoadBalancerController(
            this.name,
            {
                config: config.loadBalancerController,
                clusterName: config.name,
                region: config.region,
                accountId: this.account,
                vpcId: network.vpcId,
                nodeSecurityGroupArn: groups.nodes.arn,
                after,
            },
            { parent: this, providers: [this.provider] },
        );
    }

    /** Everything that the load balancer of the ingress gateway's Service has to know. */
    private createEntrance(network: Network, controller: LoadBalancerController): LoadBalancer {
        const { config, publicHosts, gatewayHealth } = this.args;
        const logs = new AccessLogBucket(
            `${this.name}-access-logs`,
            {
                clusterName: config.name,
                region: config.region,
                accountId: this.account,
                keepDays: config.loadBalancer.accessLogDays,
            },
            { parent: this },
        );
        const certificate =
            config.loadBalancer.tls === "load-balancer"
                ? new Certificate(this.name, { hosts: publicHosts, zoneId: config.domain.zoneId }, { parent: this })
                : undefined;
        return {
            className: LOAD_BALANCER_CLASS,
            annotations: loadBalancerAnnotations({
                config: config.loadBalancer,
                clusterName: config.name,
                subnetIds: ids(network, "entrance"),
                logBucket: logs.bucket,
                certificateArn: certificate?.arn,
                health: gatewayHealth,
                tags: clusterTags(config),
            }),
            proxyProtocol: config.loadBalancer.clientAddress === "proxy-protocol",
            drainSeconds: DRAIN_SECONDS,
            endsTls: certificate !== undefined,
            after: [controller.release, ...logs.resources],
        };
    }

    private createDataStores(network: Network, groups: ClusterSecurityGroups): readonly DataStore[] {
        const { config } = this.args;
        if (!config.dataStores.postgres && !config.dataStores.cache) return [];
        return new DataStores(
            this.name,
            {
                config: config.dataStores,
                clusterName: config.name,
                accountId: this.account,
                vpcId: network.vpcId,
                subnetIds: ids(network, "data"),
                clients: groups.nodes.id,
            },
            { parent: this },
        ).stores;
    }
}

const ids = ({ zones }: Network, use: Exclude<keyof Zone, "name">) => zones.map((zone) => zone[use].id);

/** Tags by which every resource of an environment is found, and paid for. */
export function clusterTags({ name, tags }: EksClusterConfig): Record<string, string> {
    return { "istio-platform/cluster": name, ...tags };
}
