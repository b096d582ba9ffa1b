import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { EksNodesConfig } from "../../config/eks-nodes";
import { ServiceRole } from "../role";

/** The worker nodes of a cluster. */
export interface NodeGroupsArgs {
    /** The stack's configuration under `istio-platform:cluster.nodes`. */
    config: EksNodesConfig;
    clusterName: pulumi.Input<string>;
    /** Version of Kubernetes. */
    kubernetesVersion: string;
    /** Zone -> its subnet for nodes and pods. */
    subnets: Readonly<Record<string, pulumi.Input<string>>>;
    /** Security group of nodes and pods. */
    securityGroup: aws.ec2.SecurityGroup;
    /** Tags of instances and volumes, which the provider's own tags do not reach. */
    tags: Readonly<Record<string, string>>;
    /** What must be there before a node joins: ways out, security rules, the network add-ons. */
    after: readonly pulumi.Resource[];
}

/** Names of the volumes: Bottlerocket has a second one, for images and logs. */
const DEVICES = { bottlerocket: ["/dev/xvda", "/dev/xvdb"], amazonLinux: ["/dev/xvda"] };

/** Size of Bottlerocket's own volume, in GiB. */
const BOTTLEROCKET_ROOT = 4;

/**
 * A managed node group a zone (P1), so that every zone has its nodes and volumes find theirs again. The nodes' metadata
 * asks for a session token and does not answer pods; volumes are encrypted; there is no SSH.
 */
export class NodeGroups extends pulumi.ComponentResource {
    /** What pods need to run. */
    readonly groups: readonly aws.eks.NodeGroup[];

    constructor(name: string, args: NodeGroupsArgs, opts?: pulumi.ComponentResourceOptions) {
        super("istio-platform:aws:NodeGroups", name, {}, opts);
        const { config, clusterName, kubernetesVersion, subnets, after } = args;
        const role = new ServiceRole(
            `${name}-nodes`,
            {
                service: "ec2.amazonaws.com",
                description: "Nodes join the cluster and pull images; pods have roles of their own",
                managedPolicies: ["AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly"],
            },
            { parent: this },
        );
        const template = this.createTemplate(name, args);
        this.groups = Object.entries(subnets).map(
            ([zone, subnetId]) =>
                new aws.eks.NodeGroup(
                    `${name}-${zone}`,
                    {
                        clusterName,
                        nodeRoleArn: role.arn,
                        subnetIds: [subnetId],
                        version: kubernetesVersion,
                        amiType: config.operatingSystem,
                        capacityType: config.capacity,
                        instanceTypes: config.instanceTypes,
                        launchTemplate: { id: template.id, version: template.latestVersion.apply(String) },
                        scalingConfig: {
                            minSize: config.perZone.min,
                            desiredSize: config.perZone.desired,
                            maxSize: config.perZone.max,
                        },
                        updateConfig: { maxUnavailable: 1 },
                        nodeRepairConfig: { enabled: true },
                    },
                    {
                        parent: this,
                        dependsOn: [...role.resources, ...after],
                        // An autoscaler, or a person in need, changes the number; a deployment does not take it back.
                        ignoreChanges: ["scalingConfig.desiredSize"],
                    },
                ),
        );
        this.registerOutputs({});
    }

    private createTemplate(name: string, { config, securityGroup, tags }: NodeGroupsArgs): aws.ec2.LaunchTemplate {
        return new aws.ec2.LaunchTemplate(
            `${name}-nodes`,
            {
                vpcSecurityGroupIds: [securityGroup.id],
                metadataOptions: {
                    httpEndpoint: "enabled",
                    httpTokens: "required",
                    // One hop: pods with networks of their own do not reach the metadata, nor the nodes' role.
                    httpPutResponseHopLimit: 1,
                },
                blockDeviceMappings: volumes(config),
                monitoring: { enabled: true },
                tagSpecifications: ["instance", "volume"].map((resourceType) => ({
                    resourceType,
                    tags: { Name: `${name}-node`, ...tags },
                })),
                updateDefaultVersion: true,
            },
            { parent: this },
        );
    }
}

/** The volumes of a node; the last one holds images and logs. */
export function volumes({ operatingSystem, volumeGiB }: EksNodesConfig) {
    const devices = operatingSystem.startsWith("BOTTLEROCKET") ? DEVICES.bottlerocket : DEVICES.amazonLinux;
    return devices.map((deviceName, index) => ({
        deviceName,
        ebs: {
            volumeType: "gp3",
            volumeSize: index === devices.length - 1 ? volumeGiB : BOTTLEROCKET_ROOT,
            encrypted: "true",
            deleteOnTermination: "true",
        },
    }));
}
