import { UNKNOWN } from "../../../policy/model/unknown";
import { type GoodCloud, policyText } from "../good-cloud";
import type { Example, Examples } from "./example";

const cluster = "eks.Cluster/shop";
const template = "ec2.LaunchTemplate/nodes";
const database = "rds.Instance/orders";
const cache = "elasticache.ReplicationGroup/sessions";

/** One input that is wrong, and a value of it that is right. */
function input(id: string, name: string, { bad, good }: { bad: unknown; good: unknown }): Example {
    return {
        bad: { cloud: (cloud) => (cloud.get(id)[name] = bad) },
        found: [`${id} ${name}`],
        good: { cloud: (cloud) => (cloud.get(id)[name] = good) },
    };
}

/** A cluster made by pulumi-eks, whose inputs have other places. */
function asComponent(cloud: GoodCloud, inputs: object): void {
    cloud.remove(cluster);
    cloud.add("eks:index:Cluster", "shop", {
        endpointPrivateAccess: true,
        endpointPublicAccess: false,
        encryptionConfigKeyArn: "arn:aws:kms:ap-northeast-2:111122223333:key/1",
        enabledClusterLogTypes: ["api", "audit", "authenticator", "controllerManager", "scheduler"],
        deletionProtection: true,
        ...inputs,
    });
    cloud.get(cluster).authenticationMode ??= "API";
}

export const awsExamples: Examples = {
    "eks-public-endpoint": {
        bad: { cloud: (cloud) => (cloud.get(cluster).vpcConfig.publicAccessCidrs = ["203.0.113.0/24", "0.0.0.0/0"]) },
        found: [`${cluster} vpcConfig.publicAccessCidrs[1]`],
        good: {
            cloud: (cloud) => {
                delete cloud.get(cluster).vpcConfig.publicAccessCidrs;
                cloud.get(cluster).vpcConfig.endpointPublicAccess = false;
            },
        },
    },
    "eks-private-endpoint": {
        bad: { cloud: (cloud) => delete cloud.get(cluster).vpcConfig.endpointPrivateAccess },
        found: [`${cluster} vpcConfig.endpointPrivateAccess`],
        good: { cloud: (cloud) => asComponent(cloud, {}) },
    },
    "eks-secrets-encryption": {
        bad: { cloud: (cloud) => asComponent(cloud, { encryptionConfigKeyArn: undefined }) },
        found: [`${cluster} encryptionConfigKeyArn`],
        good: { cloud: (cloud) => asComponent(cloud, { encryptionConfigKeyArn: UNKNOWN }) },
    },
    "eks-log-types": input(cluster, "enabledClusterLogTypes", {
        bad: ["api", "audit"],
        good: ["scheduler", "api", "audit", "authenticator", "controllerManager"],
    }),
    "eks-access-entries": {
        bad: { cloud: (cloud) => delete cloud.get(cluster).accessConfig },
        found: [`${cluster} accessConfig.authenticationMode`],
        good: { cloud: (cloud) => (cloud.get(cluster).accessConfig.authenticationMode = "API_AND_CONFIG_MAP") },
    },
    "eks-deletion-protection": {
        ...input(cluster, "deletionProtection", { bad: false, good: true }),
        good: {
            cloud: (cloud) => (cloud.get(cluster).deletionProtection = false),
            settings: { environment: "local" },
        },
    },
    "eks-network-policies": {
        bad: { cloud: (cloud) => delete cloud.get("eks.Addon/vpc-cni").configurationValues },
        found: ["eks.Addon/vpc-cni configurationValues"],
        good: { cloud: (cloud) => (cloud.get("eks.Addon/vpc-cni").configurationValues = UNKNOWN) },
    },
    "node-imdsv2": {
        bad: { cloud: (cloud) => (cloud.get(template).metadataOptions.httpTokens = "optional") },
        found: [`${template} metadataOptions.httpTokens`],
        good: { cloud: (cloud) => (cloud.get(template).metadataOptions.httpPutResponseHopLimit = 2) },
    },
    "node-ssh": {
        ...input("eks.NodeGroup/nodes", "remoteAccess", { bad: { ec2SshKey: "ops" }, good: undefined }),
        found: ["eks.NodeGroup/nodes remoteAccess.ec2SshKey"],
    },
    "disk-encryption": {
        bad: { cloud: (cloud) => (cloud.get(template).blockDeviceMappings[0].ebs.encrypted = "false") },
        found: [`${template} blockDeviceMappings[0].ebs.encrypted`],
        good: {
            cloud: (cloud) => {
                delete cloud.get(template).blockDeviceMappings;
                cloud.add("aws:ebs/encryptionByDefault:EncryptionByDefault", "account", { enabled: true });
            },
        },
    },
    "node-public-ip": {
        bad: { cloud: (cloud) => (cloud.get(template).networkInterfaces[0].associatePublicIpAddress = "true") },
        found: [`${template} networkInterfaces[0].associatePublicIpAddress`],
        good: { cloud: (cloud) => delete cloud.get(template).networkInterfaces },
    },
    "subnet-public-ip": input("ec2.Subnet/private-a", "mapPublicIpOnLaunch", { bad: true, good: false }),
    "open-security-group": {
        bad: { cloud: (cloud) => (cloud.get("ec2.SecurityGroupRule/database").cidrBlocks = ["0.0.0.0/0"]) },
        found: ["ec2.SecurityGroupRule/database cidrBlocks[0]"],
        good: {
            cloud: (cloud) =>
                (cloud.get("ec2.SecurityGroup/nodes").ingress[1] = {
                    protocol: "tcp",
                    fromPort: 80,
                    toPort: 80,
                    ipv6CidrBlocks: ["::/0"],
                }),
        },
    },
    "default-security-group": {
        bad: { cloud: (cloud) => cloud.remove("ec2.DefaultSecurityGroup/network") },
        found: ["ec2.Vpc/network defaultSecurityGroupId"],
        good: { cloud: (cloud) => (cloud.get("ec2.DefaultSecurityGroup/network").ingress = []) },
    },
    "vpc-flow-logs": {
        bad: { cloud: (cloud) => cloud.remove("ec2.FlowLog/network") },
        found: ["ec2.Vpc/network flowLogs"],
        good: { cloud: (cloud) => (cloud.get("ec2.FlowLog/network").vpcId = UNKNOWN) },
    },
    "vpc-dns": input("ec2.Vpc/network", "enableDnsHostnames", { bad: undefined, good: UNKNOWN }),
    "iam-administrator": {
        ...input("iam.RolePolicyAttachment/nodes", "policyArn", {
            bad: "arn:aws:iam::aws:policy/AdministratorAccess",
            good: "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly",
        }),
    },
    "iam-service-wildcard": input("iam.RolePolicy/controller", "policy", {
        bad: policyText({ Effect: "Allow", Action: ["ec2:DescribeSubnets", "s3:*"], Resource: "arn:aws:s3:::shop" }),
        good: policyText({ Effect: "Deny", Action: "s3:*", Resource: "*" }),
    }),
    "iam-escalation": input("iam.RolePolicy/controller", "policy", {
        bad: policyText({ Effect: "Allow", Action: "iam:PassRole", Resource: "*" }),
        good: policyText({ Effect: "Allow", Action: "iam:PassRole", Resource: "arn:aws:iam::111122223333:role/nodes" }),
    }),
    "iam-trust": input("iam.Role/nodes", "assumeRolePolicy", {
        bad: policyText({ Effect: "Allow", Action: "sts:AssumeRole", Principal: { AWS: "*" } }),
        good: policyText({
            Effect: "Allow",
            Action: "sts:AssumeRole",
            Principal: "*",
            Condition: { StringEquals: { "aws:PrincipalOrgID": "o-1" } },
        }),
    }),
    "kms-public": input("kms.Key/data", "policy", {
        bad: policyText({ Effect: "Allow", Action: "kms:Decrypt", Resource: "*", Principal: "*" }),
        good: policyText({ Effect: "Deny", Action: "kms:Decrypt", Resource: "*", Principal: "*" }),
    }),
    "kms-rotation": {
        ...input("kms.Key/data", "enableKeyRotation", { bad: undefined, good: true }),
        good: {
            cloud: (cloud) =>
                Object.assign(cloud.get("kms.Key/data"), { enableKeyRotation: false, keyUsage: "SIGN_VERIFY" }),
        },
    },
    "kms-deletion-window": input("kms.Key/data", "deletionWindowInDays", { bad: 7, good: undefined }),
    "log-encryption": input("cloudwatch.LogGroup/control-plane", "kmsKeyId", { bad: undefined, good: UNKNOWN }),
    "log-retention": input("cloudwatch.LogGroup/control-plane", "retentionInDays", { bad: undefined, good: 30 }),
    "rds-encryption": {
        ...input(database, "storageEncrypted", { bad: false, good: true }),
        good: {
            cloud: (cloud) =>
                Object.assign(cloud.get(database), { storageEncrypted: false, clusterIdentifier: "orders" }),
        },
    },
    "rds-public-access": input(database, "publiclyAccessible", { bad: true, good: undefined }),
    "rds-multi-az": {
        ...input(database, "multiAz", { bad: undefined, good: true }),
        good: { cloud: (cloud) => delete cloud.get(database).multiAz, settings: { environment: "local" } },
    },
    "rds-backups": input(database, "backupRetentionPeriod", { bad: 1, good: 7 }),
    "rds-deletion-protection": {
        bad: {
            cloud: (cloud) =>
                Object.assign(cloud.get(database), { deletionProtection: false, skipFinalSnapshot: true }),
        },
        found: [`${database} deletionProtection`, `${database} skipFinalSnapshot`],
        good: { cloud: (cloud) => delete cloud.get(database).skipFinalSnapshot },
    },
    "rds-logs": input(database, "enabledCloudwatchLogsExports", { bad: [], good: ["postgresql"] }),
    "rds-minor-upgrades": input(database, "autoMinorVersionUpgrade", { bad: false, good: undefined }),
    "rds-tls": {
        bad: { cloud: (cloud) => (cloud.get("rds.ParameterGroup/orders").parameters[0].value = "0") },
        found: ["rds.ParameterGroup/orders parameters[0].value"],
        good: {
            cloud: (cloud) =>
                Object.assign(cloud.get("rds.ParameterGroup/orders"), { family: "postgres17", parameters: [] }),
        },
    },
    "elasticache-at-rest": input(cache, "atRestEncryptionEnabled", { bad: undefined, good: UNKNOWN }),
    "elasticache-in-transit": input(cache, "transitEncryptionEnabled", { bad: false, good: true }),
    "elasticache-authentication": {
        ...input(cache, "userGroupIds", { bad: undefined, good: UNKNOWN }),
        good: {
            cloud: (cloud) => Object.assign(cloud.get(cache), { userGroupIds: undefined, authToken: UNKNOWN }),
        },
    },
    "elasticache-failover": input(cache, "automaticFailoverEnabled", { bad: undefined, good: true }),
    "elasticache-backups": input(cache, "snapshotRetentionLimit", { bad: 0, good: 1 }),
    "s3-encryption": {
        bad: {
            cloud: (cloud) => (cloud.get("s3.BucketServerSideEncryptionConfiguration/logs").bucket = "another-bucket"),
        },
        found: ["s3.Bucket/logs serverSideEncryptionConfiguration"],
        good: { cloud: (cloud) => delete cloud.get("s3.Bucket/logs").bucket },
    },
    "s3-public-access": {
        bad: { cloud: (cloud) => (cloud.get("s3.BucketPublicAccessBlock/logs").blockPublicPolicy = false) },
        found: ["s3.BucketPublicAccessBlock/logs blockPublicPolicy"],
        good: { cloud: (cloud) => (cloud.get("s3.BucketPublicAccessBlock/logs").bucket = UNKNOWN) },
    },
    "s3-tls": {
        bad: { cloud: (cloud) => cloud.remove("s3.BucketPolicy/logs") },
        found: ["s3.Bucket/logs policy"],
        good: { cloud: (cloud) => (cloud.get("s3.BucketPolicy/logs").policy = UNKNOWN) },
    },
    "ecr-scan": {
        bad: { cloud: (cloud) => delete cloud.get("ecr.Repository/shop").imageScanningConfiguration },
        found: ["ecr.Repository/shop imageScanningConfiguration.scanOnPush"],
        good: { cloud: (cloud) => cloud.remove("ecr.Repository/shop") },
    },
    "ecr-immutable-tags": input("ecr.Repository/shop", "imageTagMutability", { bad: "MUTABLE", good: "IMMUTABLE" }),
};
