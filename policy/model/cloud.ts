import type { LogGroupArgs } from "@pulumi/aws/cloudwatch/logGroup";
import type { EncryptionByDefaultArgs } from "@pulumi/aws/ebs/encryptionByDefault";
import type { VolumeArgs } from "@pulumi/aws/ebs/volume";
import type { DefaultSecurityGroupArgs } from "@pulumi/aws/ec2/defaultSecurityGroup";
import type { FlowLogArgs } from "@pulumi/aws/ec2/flowLog";
import type { InstanceArgs as Ec2InstanceArgs } from "@pulumi/aws/ec2/instance";
import type { LaunchTemplateArgs } from "@pulumi/aws/ec2/launchTemplate";
import type { SecurityGroupArgs } from "@pulumi/aws/ec2/securityGroup";
import type { SecurityGroupRuleArgs } from "@pulumi/aws/ec2/securityGroupRule";
import type { SubnetArgs } from "@pulumi/aws/ec2/subnet";
import type { VpcArgs } from "@pulumi/aws/ec2/vpc";
import type { RepositoryArgs } from "@pulumi/aws/ecr/repository";
import type { AddonArgs } from "@pulumi/aws/eks/addon";
import type { ClusterArgs } from "@pulumi/aws/eks/cluster";
import type { NodeGroupArgs } from "@pulumi/aws/eks/nodeGroup";
import type { ReplicationGroupArgs } from "@pulumi/aws/elasticache/replicationGroup";
import type { GroupPolicyArgs } from "@pulumi/aws/iam/groupPolicy";
import type { PolicyArgs } from "@pulumi/aws/iam/policy";
import type { RoleArgs } from "@pulumi/aws/iam/role";
import type { RolePolicyArgs } from "@pulumi/aws/iam/rolePolicy";
import type { RolePolicyAttachmentArgs } from "@pulumi/aws/iam/rolePolicyAttachment";
import type { UserPolicyArgs } from "@pulumi/aws/iam/userPolicy";
import type { KeyArgs } from "@pulumi/aws/kms/key";
import type { ClusterArgs as RdsClusterArgs } from "@pulumi/aws/rds/cluster";
import type { InstanceArgs as RdsInstanceArgs } from "@pulumi/aws/rds/instance";
import type { ParameterGroupArgs } from "@pulumi/aws/rds/parameterGroup";
import type { BucketArgs } from "@pulumi/aws/s3/bucket";
import type { BucketPolicyArgs } from "@pulumi/aws/s3/bucketPolicy";
import type { BucketPublicAccessBlockArgs } from "@pulumi/aws/s3/bucketPublicAccessBlock";
import type { BucketServerSideEncryptionConfigurationArgs } from "@pulumi/aws/s3/bucketServerSideEncryptionConfiguration";
import type { SecurityGroupIngressRuleArgs } from "@pulumi/aws/vpc/securityGroupIngressRule";
import type { ClusterArgs as EksComponentArgs } from "@pulumi/eks/cluster";
import { Field } from "./field";
import type { Maybe } from "./unknown";

/** The resources that rules look at, by Pulumi's type, with the inputs that the provider itself declares. */
export interface AwsInputs {
    "aws:cloudwatch/logGroup:LogGroup": LogGroupArgs;
    "aws:ebs/encryptionByDefault:EncryptionByDefault": EncryptionByDefaultArgs;
    "aws:ebs/volume:Volume": VolumeArgs;
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": DefaultSecurityGroupArgs;
    "aws:ec2/flowLog:FlowLog": FlowLogArgs;
    "aws:ec2/instance:Instance": Ec2InstanceArgs;
    "aws:ec2/launchTemplate:LaunchTemplate": LaunchTemplateArgs;
    "aws:ec2/securityGroup:SecurityGroup": SecurityGroupArgs;
    "aws:ec2/securityGroupRule:SecurityGroupRule": SecurityGroupRuleArgs;
    "aws:ec2/subnet:Subnet": SubnetArgs;
    "aws:ec2/vpc:Vpc": VpcArgs;
    "aws:ecr/repository:Repository": RepositoryArgs;
    "aws:eks/addon:Addon": AddonArgs;
    "aws:eks/cluster:Cluster": ClusterArgs;
    "aws:eks/nodeGroup:NodeGroup": NodeGroupArgs;
    "aws:elasticache/replicationGroup:ReplicationGroup": ReplicationGroupArgs;
    "aws:iam/groupPolicy:GroupPolicy": GroupPolicyArgs;
    "aws:iam/policy:Policy": PolicyArgs;
    "aws:iam/role:Role": RoleArgs;
    "aws:iam/rolePolicy:RolePolicy": RolePolicyArgs;
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": RolePolicyAttachmentArgs;
    "aws:iam/userPolicy:UserPolicy": UserPolicyArgs;
    "aws:kms/key:Key": KeyArgs;
    "aws:rds/cluster:Cluster": RdsClusterArgs;
    "aws:rds/instance:Instance": RdsInstanceArgs;
    "aws:rds/parameterGroup:ParameterGroup": ParameterGroupArgs;
    "aws:s3/bucket:Bucket": BucketArgs;
    "aws:s3/bucketPolicy:BucketPolicy": BucketPolicyArgs;
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": BucketPublicAccessBlockArgs;
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": BucketServerSideEncryptionConfigurationArgs;
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": SecurityGroupIngressRuleArgs;
    "eks:index:Cluster": EksComponentArgs;
}
export type AwsType = keyof AwsInputs;

/** A resource of AWS: what the program declares for it, any of it perhaps not known yet. */
export class CloudResource<T extends AwsType = AwsType> {
    readonly root: Field;

    constructor(
        readonly type: T,
        /** Name that Pulumi knows it by. */
        readonly name: string,
        readonly source: string,
        properties: Readonly<Record<string, unknown>>,
    ) {
        this.root = new Field(properties, "");
    }

    /** `rds.Instance/orders`. */
    get id(): string {
        const [, module = "", kind = ""] = this.type.split(":");
        return `${this.type.startsWith("eks:") ? "eks" : module.split("/")[0]}.${kind}/${this.name}`;
    }

    /** One of the inputs. */
    input<K extends keyof AwsInputs[T] & string>(key: K): Field {
        return this.root.get(key);
    }
}

/** An EKS cluster of the stack. */
export interface EksCluster {
    readonly name: Maybe<string>;
    readonly source: string;
}

/** A security group that the stack makes for the cluster's nodes. */
export interface NodeSecurityGroup {
    readonly name: string;
    readonly id: Maybe<string>;
    readonly source: string;
}

/** Inbound traffic that a security group admits. */
export interface IngressRule {
    /** The group; unknown until it exists. */
    readonly securityGroupId: Maybe<string>;
    /** URN of the group when the rule is written inside it. */
    readonly securityGroupSource: string | undefined;
    /** `tcp`, `-1` (everything) ... */
    readonly protocol: Maybe<string>;
    readonly fromPort: Maybe<number>;
    readonly toPort: Maybe<number>;
    readonly source: string;
}

/** What lies under the cluster. */
export interface Cloud {
    /** What the way from control plane to webhook consists of (requirement P9). */
    readonly eksClusters: readonly EksCluster[];
    readonly nodeSecurityGroups: readonly NodeSecurityGroup[];
    readonly ingressRules: readonly IngressRule[];
    /** Every resource of AWS. */
    readonly resources: readonly CloudResource[];
}

/** No cloud: embedded, kind or any other cluster. */
export const NO_CLOUD: Cloud = { eksClusters: [], nodeSecurityGroups: [], ingressRules: [], resources: [] };

/** The resources of a type. */
export function resourcesOf<T extends AwsType>({ resources }: Cloud, type: T): CloudResource<T>[] {
    return resources.filter((resource): resource is CloudResource<T> & CloudResource => resource.type === type);
}
