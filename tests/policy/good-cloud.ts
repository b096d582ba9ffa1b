import { toCloud } from "../../policy/adapter/aws";
import type { PlainResource } from "../../policy/adapter/resources";
import type { AwsInputs, AwsType, Cloud } from "../../policy/model/cloud";
import type { Manifest } from "./good-mesh";

const ACCOUNT = "111122223333";
const KEY = `arn:aws:kms:ap-northeast-2:${ACCOUNT}:key/1`;
const policy = (...statements: object[]): string => JSON.stringify({ Version: "2012-10-17", Statement: statements });

/** A resource with inputs as the provider's own types have them: a misspelt one does not compile. */
function resource<T extends AwsType>(type: T, name: string, inputs: AwsInputs[T]): PlainResource {
    return { type, name, urn: `urn:${type}::${name}`, properties: inputs as unknown as Record<string, unknown> };
}

/** What a sound EKS environment is made of, as far as rules look at it. */
const pattern: readonly PlainResource[] = [
    resource("aws:ec2/vpc:Vpc", "network", {
        cidrBlock: "10.0.0.0/16",
        enableDnsHostnames: true,
        enableDnsSupport: true,
    }),
    resource("aws:ec2/flowLog:FlowLog", "network", { vpcId: "vpc-1", trafficType: "ALL" }),
    resource("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", "network", { vpcId: "vpc-1" }),
    resource("aws:ec2/subnet:Subnet", "private-a", { vpcId: "vpc-1", cidrBlock: "10.0.0.0/20" }),
    resource("aws:eks/cluster:Cluster", "shop", {
        name: "shop",
        roleArn: `arn:aws:iam::${ACCOUNT}:role/control-plane`,
        accessConfig: { authenticationMode: "API" },
        enabledClusterLogTypes: ["api", "audit", "authenticator", "controllerManager", "scheduler"],
        encryptionConfig: { provider: { keyArn: KEY }, resources: ["secrets"] },
        deletionProtection: true,
        vpcConfig: {
            subnetIds: ["subnet-1"],
            endpointPrivateAccess: true,
            endpointPublicAccess: true,
            publicAccessCidrs: ["203.0.113.0/24"],
        },
    }),
    resource("aws:eks/addon:Addon", "vpc-cni", {
        clusterName: "shop",
        addonName: "vpc-cni",
        configurationValues: JSON.stringify({ enableNetworkPolicy: "true" }),
    }),
    resource("aws:ec2/launchTemplate:LaunchTemplate", "nodes", {
        metadataOptions: { httpTokens: "required", httpPutResponseHopLimit: 1 },
        blockDeviceMappings: [{ deviceName: "/dev/xvda", ebs: { encrypted: "true", volumeType: "gp3" } }],
        networkInterfaces: [{ associatePublicIpAddress: "false", securityGroups: ["sg-1"] }],
    }),
    resource("aws:eks/nodeGroup:NodeGroup", "nodes", {
        clusterName: "shop",
        nodeRoleArn: `arn:aws:iam::${ACCOUNT}:role/nodes`,
        subnetIds: ["subnet-1"],
        scalingConfig: { desiredSize: 3, minSize: 3, maxSize: 6 },
        launchTemplate: { id: "lt-1", version: "1" },
    }),
    resource("aws:ec2/securityGroup:SecurityGroup", "nodes", {
        vpcId: "vpc-1",
        ingress: [{ protocol: "tcp", fromPort: 15012, toPort: 15017, securityGroups: ["sg-2"] }],
    }),
    resource("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "https", {
        securityGroupId: "sg-3",
        ipProtocol: "tcp",
        fromPort: 443,
        toPort: 443,
        cidrIpv4: "0.0.0.0/0",
    }),
    resource("aws:ec2/securityGroupRule:SecurityGroupRule", "database", {
        securityGroupId: "sg-4",
        type: "ingress",
        protocol: "tcp",
        fromPort: 5432,
        toPort: 5432,
        cidrBlocks: ["10.0.0.0/16"],
    }),
    resource("aws:iam/role:Role", "nodes", {
        assumeRolePolicy: policy({
            Effect: "Allow",
            Action: "sts:AssumeRole",
            Principal: { Service: "ec2.amazonaws.com" },
        }),
    }),
    resource("aws:iam/rolePolicy:RolePolicy", "controller", {
        role: "controller",
        policy: policy({ Effect: "Allow", Action: ["ec2:DescribeSubnets"], Resource: "*" }),
    }),
    resource("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "nodes", {
        role: "nodes",
        policyArn: "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy",
    }),
    resource("aws:kms/key:Key", "data", {
        enableKeyRotation: true,
        deletionWindowInDays: 30,
        policy: policy({
            Effect: "Allow",
            Action: "kms:*",
            Resource: "*",
            Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` },
        }),
    }),
    resource("aws:cloudwatch/logGroup:LogGroup", "control-plane", { kmsKeyId: KEY, retentionInDays: 365 }),
    resource("aws:rds/instance:Instance", "orders", {
        engine: "postgres",
        instanceClass: "db.t4g.medium",
        storageEncrypted: true,
        publiclyAccessible: false,
        multiAz: true,
        backupRetentionPeriod: 14,
        deletionProtection: true,
        skipFinalSnapshot: false,
        autoMinorVersionUpgrade: true,
        enabledCloudwatchLogsExports: ["postgresql", "upgrade"],
    }),
    resource("aws:rds/parameterGroup:ParameterGroup", "orders", {
        family: "postgres14",
        parameters: [{ name: "rds.force_ssl", value: "1" }],
    }),
    resource("aws:elasticache/replicationGroup:ReplicationGroup", "sessions", {
        description: "Sessions",
        atRestEncryptionEnabled: true,
        transitEncryptionEnabled: true,
        userGroupIds: ["sessions"],
        automaticFailoverEnabled: true,
        snapshotRetentionLimit: 7,
    }),
    resource("aws:s3/bucket:Bucket", "logs", { bucket: "shop-logs" }),
    resource("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "logs", {
        bucket: "shop-logs",
        blockPublicAcls: true,
        blockPublicPolicy: true,
        ignorePublicAcls: true,
        restrictPublicBuckets: true,
    }),
    resource("aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration", "logs", {
        bucket: "shop-logs",
        rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } }],
    }),
    resource("aws:s3/bucketPolicy:BucketPolicy", "logs", {
        bucket: "shop-logs",
        policy: policy({
            Effect: "Deny",
            Action: "s3:*",
            Principal: "*",
            Resource: ["arn:aws:s3:::shop-logs", "arn:aws:s3:::shop-logs/*"],
            Condition: { Bool: { "aws:SecureTransport": "false" } },
        }),
    }),
    resource("aws:ecr/repository:Repository", "shop", {
        imageTagMutability: "IMMUTABLE",
        imageScanningConfiguration: { scanOnPush: true },
    }),
];

/** The resources of a sound environment, by module, kind and name: every test changes a copy of its own. */
export class GoodCloud {
    readonly resources = new Map<string, PlainResource & { properties: Manifest }>(
        structuredClone(pattern).map((resource) => [idOf(resource), resource]),
    );

    /** The inputs of the resource of the given id, such as `rds.Instance/orders`, to be changed. */
    get(id: string): Manifest {
        const found = this.resources.get(id);
        if (!found) throw new Error(`no ${id} in good-cloud.ts`);
        return found.properties;
    }

    remove(id: string): void {
        this.get(id);
        this.resources.delete(id);
    }

    add<T extends AwsType>(type: T, name: string, inputs: AwsInputs[T]): void {
        const added = resource(type, name, inputs);
        this.resources.set(idOf(added), added);
    }

    cloud(): Cloud {
        return toCloud([...this.resources.values()]);
    }
}

function idOf({ type, name }: PlainResource): string {
    const [provider = "", module = "", kind = ""] = type.split(":");
    return `${provider === "eks" ? "eks" : module.split("/")[0]}.${kind}/${name}`;
}

export { policy as policyText };
