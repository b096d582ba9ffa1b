import type * as aws from "@pulumi/aws";
import * as eks from "@pulumi/eks";
import * as pulumi from "@pulumi/pulumi";
import type { EksClusterConfig } from "../../config/eks";
import { createLogGroup } from "../log-group";
import { ServiceRole } from "../role";

/** The control plane of a cluster. */
export interface ControlPlaneArgs {
    /** The stack's configuration under `istio-platform:cluster`. */
    config: EksClusterConfig;
    vpcId: pulumi.Input<string>;
    /** Subnets of its network interfaces, one a zone. */
    subnetIds: readonly pulumi.Input<string>[];
    /** Its security group, beside the one that EKS makes. */
    securityGroup: aws.ec2.SecurityGroup;
    /** Key that encrypts the keys of Secrets, and the logs. */
    keyArn: pulumi.Input<string>;
}

/** All of them: what happened can be told afterwards. */
const LOG_TYPES = ["api", "audit", "authenticator", "controllerManager", "scheduler"];

/**
 * The control plane (P1): Secrets encrypted with a key of ours, all logs, people let in by access entries, its address
 * private unless networks are named.
 */
export class ControlPlane extends pulumi.ComponentResource {
    /** Name of the cluster, known once it is there. */
    readonly clusterName: pulumi.Output<string>;
    /** Content of a kubeconfig that asks AWS' command line program for tokens: secret. */
    readonly kubeconfig: pulumi.Output<string>;

    constructor(name: string, args: ControlPlaneArgs, opts?: pulumi.ComponentResourceOptions) {
        super("istio-platform:aws:ControlPlane", name, {}, opts);
        const { config, vpcId, subnetIds, securityGroup, keyArn } = args;
        // EKS would make it without key and end.
        const logs = createLogGroup(
            `${name}-control-plane`,
            { path: `/aws/eks/${config.name}/cluster`, retentionDays: config.logRetentionDays, keyArn },
            { parent: this },
        );
        const role = new ServiceRole(
            `${name}-control-plane`,
            {
                service: "eks.amazonaws.com",
                description: `Control plane of ${config.name}`,
                managedPolicies: ["AmazonEKSClusterPolicy"],
                statements: [
                    {
                        sid: "EncryptSecrets",
                        actions: ["kms:Encrypt", "kms:Decrypt", "kms:ListGrants", "kms:DescribeKey"],
                        resources: [keyArn],
                    },
                ],
            },
            { parent: this },
        );
        const cluster = new eks.Cluster(
            name,
            {
                name: config.name,
                version: config.kubernetesVersion,
                vpcId,
                subnetIds: [...subnetIds],
                clusterSecurityGroup: securityGroup,
                serviceRole: role.role,
                ...endpoint(config.endpoint),
                authenticationMode: "API",
                accessEntries: accessEntries(config.access),
                encryptionConfigKeyArn: keyArn,
                enabledClusterLogTypes: LOG_TYPES,
                deletionProtection: config.deletionProtection,
                // After the 14 months of standard support EKS moves the cluster on, rather than charge six times as much.
                upgradePolicy: { supportType: "STANDARD" },
                // Nodes and add-ons are ours: pinned, and visible in the plan.
                skipDefaultNodeGroup: true,
                createInstanceRole: false,
                bootstrapSelfManagedAddons: false,
                useDefaultVpcCni: true,
                corednsAddonOptions: { enabled: false },
                kubeProxyAddonOptions: { enabled: false },
                tags: config.tags,
            },
            { parent: this, dependsOn: [logs, ...role.resources] },
        );
        this.clusterName = cluster.eksCluster.apply(({ name }) => name);
        this.kubeconfig = pulumi.secret(cluster.kubeconfigJson);
        this.registerOutputs({});
    }
}

/** Who reaches the API server. */
function endpoint({ publicCidrs }: EksClusterConfig["endpoint"]) {
    const isPublic = publicCidrs.length > 0;
    return {
        endpointPrivateAccess: true,
        endpointPublicAccess: isPublic,
        ...(isPublic && { publicAccessCidrs: publicCidrs }),
    };
}

/** Access entries, in the place of the ConfigMap aws-auth. */
function accessEntries(access: EksClusterConfig["access"]) {
    return Object.fromEntries(
        Object.entries(access).map(([name, { principal, policy, namespaces }]) => [
            name,
            {
                principalArn: principal,
                accessPolicies: {
                    [policy]: {
                        policyArn: `arn:aws:eks::aws:cluster-access-policy/${policy}`,
                        accessScope: namespaces.length > 0 ? { type: "namespace", namespaces } : { type: "cluster" },
                    },
                },
            },
        ]),
    );
}
