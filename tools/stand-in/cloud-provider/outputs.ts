import { JsonObject, UNKNOWN } from "../common/values";

/** Invented, and recognisably so: the account of AWS's own documentation. */
const ACCOUNT = "123456789012";

/** Region of the answers when the program configures none. */
const DEFAULT_REGION = "us-east-1";

/** Answers to the data sources that programs commonly ask at their start. */
export function functionResult(
    token: string,
    args: JsonObject,
    region: string = DEFAULT_REGION,
): JsonObject | undefined {
    switch (token) {
        case "aws:index/getCallerIdentity:getCallerIdentity":
            return { accountId: ACCOUNT, arn: `arn:aws:iam::${ACCOUNT}:root`, id: ACCOUNT, userId: ACCOUNT };
        case "aws:index/getRegion:getRegion":
            return { id: region, name: region, region, description: region, endpoint: `ec2.${region}.amazonaws.com` };
        case "aws:index/getPartition:getPartition":
            return { id: "aws", partition: "aws", dnsSuffix: "amazonaws.com", reverseDnsPrefix: "com.amazonaws" };
        case "aws:index/getAvailabilityZones:getAvailabilityZones": {
            const names = ["a", "b", "c"].map((zone) => region + zone);
            return { id: region, names, zoneIds: names.map((_, index) => `zone-${index + 1}`), groupNames: [region] };
        }
        case "aws:lb/getHostedZoneId:getHostedZoneId":
            return { id: `ZONE-OF-${region}`, region };
        case "aws:iam/getPolicyDocument:getPolicyDocument":
            return {
                id: "preview",
                json: JSON.stringify({ Version: "2012-10-17", Statement: args["statements"] ?? [] }),
            };
        case "aws:ec2/getVpc:getVpc":
            return { id: UNKNOWN, arn: UNKNOWN, cidrBlock: UNKNOWN };
        case "aws:ec2/getSubnets:getSubnets":
            return { id: region, ids: [] };
        default:
            return undefined;
    }
}

/** Outputs of components that are only known once they exist. */
export function componentOutputs(type: string): JsonObject {
    if (type !== "eks:index:Cluster") return {};
    const outputs = [
        "eksCluster",
        "kubeconfig",
        "kubeconfigJson",
        "clusterSecurityGroupId",
        "nodeSecurityGroupId",
        "oidcProviderArn",
        "oidcIssuer",
        "oidcProviderUrl",
    ];
    return Object.fromEntries(outputs.map((name) => [name, UNKNOWN]));
}

/** A resource that a component makes beneath itself. */
export interface Child {
    readonly type: string;
    /** What follows the component's name in its own. */
    readonly suffix: string;
    readonly inputs: JsonObject;
}

/**
 * What the official components make beneath themselves, as far as policies judge it: of `eks.Cluster` the cluster, with
 * what version 4 of the component hands on to it.
 */
export function componentChildren(type: string, args: JsonObject): Child[] {
    if (type !== "eks:index:Cluster") return [];
    const given = (keys: readonly string[]) =>
        Object.fromEntries(keys.flatMap((key) => (args[key] === undefined ? [] : [[key, args[key]]])));
    const key = args["encryptionConfigKeyArn"];
    const inputs: JsonObject = {
        ...given(["name", "version", "enabledClusterLogTypes", "upgradePolicy", "deletionProtection", "tags"]),
        ...given(["bootstrapSelfManagedAddons"]),
        roleArn: UNKNOWN,
        vpcConfig: {
            ...given(["subnetIds", "endpointPrivateAccess", "endpointPublicAccess", "publicAccessCidrs"]),
            securityGroupIds: UNKNOWN,
        },
        ...(key !== undefined && { encryptionConfig: { provider: { keyArn: key }, resources: ["secrets"] } }),
        ...(args["authenticationMode"] !== undefined && {
            accessConfig: {
                authenticationMode: args["authenticationMode"],
                bootstrapClusterCreatorAdminPermissions: true,
            },
        }),
    };
    return [{ type: "aws:eks/cluster:Cluster", suffix: "-eksCluster", inputs }];
}
