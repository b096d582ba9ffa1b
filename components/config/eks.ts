import { z } from "zod";
import { dataStores } from "./eks-data-stores";
import { eksDomain, eksLoadBalancer, eksLoadBalancerController } from "./eks-entrance";
import { eksNetwork } from "./eks-network";
import { eksNodes } from "./eks-nodes";
import { dnsLabel } from "./units";

/** Amazon EKS and what surrounds a cluster there: requirements P1, P3 to P6, P9. */

const role = z
    .string()
    .regex(
        /^arn:aws:iam::\d{12}:(role|user)\/\S+$/,
        'the ARN of an IAM role or user, "arn:aws:iam::123456789012:role/name"',
    );

const addOn = (version: string, what: string) =>
    z
        .string()
        .regex(/^v\d+\.\d+\.\d+-eksbuild\.\d+$/, 'a version such as "v1.2.3-eksbuild.4"')
        .default(version)
        .describe(what);

/** Versions that belong together: `aws eks describe-addon-versions --kubernetes-version 1.35` lists the others. */
const addOns = z.strictObject({
    podIdentityAgent: addOn("v1.3.10-eksbuild.3", "eks-pod-identity-agent: gives pods their IAM roles"),
    vpcCni: addOn("v1.21.1-eksbuild.8", "vpc-cni: addresses of the pods, and NetworkPolicies (S6)"),
    kubeProxy: addOn("v1.35.3-eksbuild.5", "kube-proxy: of the cluster's Kubernetes version"),
    coreDns: addOn("v1.14.2-eksbuild.4", "coredns: names of the Services"),
    ebsCsiDriver: addOn("v1.59.0-eksbuild.1", "aws-ebs-csi-driver: volumes"),
    metricsServer: addOn("v0.8.1-eksbuild.6", "metrics-server: what the autoscalers read (P10, C13)"),
});
export type EksAddOnsConfig = z.infer<typeof addOns>;

const accessPolicy = z.enum([
    "AmazonEKSClusterAdminPolicy",
    "AmazonEKSAdminPolicy",
    "AmazonEKSEditPolicy",
    "AmazonEKSViewPolicy",
]);

export const eksCluster = z.strictObject({
    kind: z.literal("eks").describe("Amazon EKS"),
    name: dnsLabel
        .max(24)
        .default("c4ang-eks-cluster")
        .describe("Name of the cluster (P1), and beginning of other names"),
    region: z
        .string()
        .regex(/^(af|ap|ca|eu|il|me|mx|sa|us)-(?!gov|iso)[a-z]+-\d$/, 'a region such as "ap-northeast-2"')
        .default("ap-northeast-2")
        .describe("AWS region (P1)"),
    availabilityZones: z
        .array(z.string().regex(/^[a-z]$/, 'the letter of a zone such as "a"'))
        .min(2, "at least 2: EKS and RDS refuse one")
        .max(3, "at most 3")
        .refine((zones) => new Set(zones).size === zones.length, "every zone once")
        .default(["a", "b", "c"])
        .describe("Letters of the availability zones that nodes, subnets and data stores spread over (P1)"),
    kubernetesVersion: z
        .string()
        .regex(/^1\.\d+$/, 'a minor version such as "1.35"')
        .default("1.35")
        .describe(
            "Version of Kubernetes: one that EKS and Istio both support. It goes up by one minor version at a time",
        ),
    endpoint: z
        .strictObject({
            publicCidrs: z
                .array(z.cidrv4().refine((block) => !block.endsWith("/0"), "a network, not the whole internet"))
                .default([])
                .describe("Networks that reach the API server over the internet. Default: none, it is private"),
            privateCidrs: z
                .array(z.cidrv4())
                .default([])
                .describe("Peered networks, such as a VPN, that reach its private address. Default: the nodes alone"),
        })
        .prefault({})
        .describe("Who reaches the API server"),
    access: z
        .record(
            dnsLabel,
            z.strictObject({
                principal: role.describe("Who it is"),
                policy: accessPolicy.default("AmazonEKSViewPolicy").describe("What they may do"),
                namespaces: z
                    .array(dnsLabel)
                    .default([])
                    .describe("Where they may do it. Default: in the whole cluster"),
            }),
        )
        .default({})
        .describe(
            "Name of an access entry -> who is let in; whoever makes the cluster always is. Default: nobody else",
        ),
    logRetentionDays: z
        .literal([7, 14, 30, 90, 180, 365])
        .default(90)
        .describe(
            "Days that the control plane's logs are kept: API server, audit, authenticator, controllers, scheduler",
        ),
    tags: z
        .record(z.string().min(1).max(128), z.string().max(256))
        .default({})
        .describe("Tags of every AWS resource, for example for the bill. Default: none beside the cluster's name"),
    network: eksNetwork.prefault({}).describe("The VPC"),
    nodes: eksNodes.prefault({}).describe("The worker nodes (P1)"),
    addOns: addOns.prefault({}).describe("What EKS runs inside the cluster, pinned"),
    loadBalancerController: eksLoadBalancerController
        .prefault({})
        .describe("AWS Load Balancer Controller: makes the load balancer of the ingress gateway's Service (P3)"),
    loadBalancer: eksLoadBalancer.prefault({}).describe("The network load balancer before the ingress gateway (P3)"),
    domain: eksDomain.describe("The public name (P4) and its certificate (P5)"),
    dataStores: dataStores.prefault({}).describe("Managed data stores that the mesh reaches (P6)"),
    deletionProtection: z
        .boolean()
        .default(true)
        .describe("AWS refuses to delete the cluster: switch it off before `pulumi destroy`"),
});
export type EksClusterConfig = z.infer<typeof eksCluster>;

/** Full names of the availability zones: `ap-northeast-2a` ... */
export function zoneNames({ region, availabilityZones }: EksClusterConfig): string[] {
    return availabilityZones.map((letter) => region + letter);
}
