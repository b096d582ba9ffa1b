import type * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { admit, createSecurityGroup, letReach, type TrafficRule } from "../security-group";

/** Who reaches whom between the control plane, the nodes and everybody else. */
export interface ClusterSecurityGroupsArgs {
    /** Name of the cluster. */
    clusterName: string;
    vpcId: pulumi.Input<string>;
    /** Peered networks that reach the API server's private address. */
    privateCidrs: readonly string[];
}

/** Port of the API server. */
const API_SERVER = 443;

/** What the control plane opens connections to on the nodes and their pods; nothing else. */
export const CONTROL_PLANE_REACHES: readonly Omit<TrafficRule, "peer">[] = [
    { name: "kubelet", port: 10250, description: "kubelet: logs, exec, port-forward" },
    { name: "istiod-webhooks", port: 15017, description: "istiod: injection and validation webhooks (P9)" },
    { name: "istiod-discovery", port: 15012, description: "istiod: configuration of the proxies (P9)" },
    { name: "metrics-server", port: 10251, description: "metrics-server: what the autoscalers read" },
    { name: "load-balancer-webhooks", port: 9443, description: "AWS Load Balancer Controller: its webhooks" },
];

/**
 * The security groups of control plane and nodes. The nodes' group carries the tag by which the AWS Load Balancer
 * Controller finds where to admit the load balancer: exactly one group of a node may have it.
 */
export class ClusterSecurityGroups extends pulumi.ComponentResource {
    readonly controlPlane: aws.ec2.SecurityGroup;
    readonly nodes: aws.ec2.SecurityGroup;
    /** The rules: without them no node joins and no webhook answers. */
    readonly rules: readonly pulumi.CustomResource[];

    constructor(name: string, args: ClusterSecurityGroupsArgs, opts?: pulumi.ComponentResourceOptions) {
        super("istio-platform:aws:ClusterSecurityGroups", name, {}, opts);
        const { clusterName, vpcId, privateCidrs } = args;
        const child = { parent: this };
        const controlPlane = createSecurityGroup(
            `${name}-control-plane`,
            { vpcId, description: `Control plane of ${clusterName}` },
            child,
        );
        const nodes = createSecurityGroup(
            `${name}-nodes`,
            {
                vpcId,
                description: `Nodes and pods of ${clusterName}`,
                tags: { [`kubernetes.io/cluster/${clusterName}`]: "owned" },
            },
            child,
        );
        this.rules = [
            ...admit(
                `${name}-control-plane`,
                controlPlane,
                [
                    {
                        name: "nodes",
                        description: "API server, from nodes and pods",
                        port: API_SERVER,
                        peer: { group: nodes.id },
                    },
                    ...privateCidrs.map((cidr, index) => ({
                        name: `network-${index}`,
                        description: "API server, from a peered network",
                        port: API_SERVER,
                        peer: { cidr },
                    })),
                ],
                child,
            ),
            ...letReach(
                `${name}-control-plane`,
                controlPlane,
                CONTROL_PLANE_REACHES.map((rule) => ({ ...rule, peer: { group: nodes.id } })),
                child,
            ),
            ...admit(
                `${name}-nodes`,
                nodes,
                [
                    ...CONTROL_PLANE_REACHES.map((rule) => ({ ...rule, peer: { group: controlPlane.id } })),
                    { name: "nodes", description: "Nodes and pods among each other", peer: { group: nodes.id } },
                ],
                child,
            ),
            ...letReach(
                `${name}-nodes`,
                nodes,
                [
                    {
                        name: "everywhere",
                        description: "Images, AWS, and what the mesh lets out",
                        peer: { cidr: "0.0.0.0/0" },
                    },
                ],
                child,
            ),
        ];
        this.controlPlane = controlPlane;
        this.nodes = nodes;
        this.registerOutputs({});
    }
}
