import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

/** One direction of traffic that a security group admits. */
export interface TrafficRule {
    /** Name of the rule, within its group. */
    readonly name: string;
    /** Why it is admitted. */
    readonly description: string;
    /**
     * TCP port.
     * @default every port of every protocol
     */
    readonly port?: number;
    /** Another group, by id, or a network, by its block of addresses. */
    readonly peer: { readonly group: pulumi.Input<string> } | { readonly cidr: string };
}

/** A group of network interfaces; who reaches them, and whom they reach, is said by rules of their own. */
export interface SecurityGroupArgs {
    vpcId: pulumi.Input<string>;
    description: string;
    /**
     * Tags beside the name.
     * @default none
     */
    tags?: Record<string, string>;
}

/** A security group that admits nothing until rules say so. */
export function createSecurityGroup(
    name: string,
    { vpcId, description, tags }: SecurityGroupArgs,
    opts: pulumi.CustomResourceOptions,
): aws.ec2.SecurityGroup {
    return new aws.ec2.SecurityGroup(
        name,
        { vpcId, description, revokeRulesOnDelete: true, tags: { Name: name, ...tags } },
        opts,
    );
}

/** Admits traffic to the interfaces of a group. */
export function admit(
    name: string,
    group: aws.ec2.SecurityGroup,
    rules: readonly TrafficRule[],
    opts: pulumi.CustomResourceOptions,
): pulumi.CustomResource[] {
    return rules.map(
        (rule) =>
            new aws.vpc.SecurityGroupIngressRule(
                `${name}-from-${rule.name}`,
                { securityGroupId: group.id, ...ruleArgs(rule) },
                opts,
            ),
    );
}

/** Lets the interfaces of a group reach others. */
export function letReach(
    name: string,
    group: aws.ec2.SecurityGroup,
    rules: readonly TrafficRule[],
    opts: pulumi.CustomResourceOptions,
): pulumi.CustomResource[] {
    return rules.map(
        (rule) =>
            new aws.vpc.SecurityGroupEgressRule(
                `${name}-to-${rule.name}`,
                { securityGroupId: group.id, ...ruleArgs(rule) },
                opts,
            ),
    );
}

function ruleArgs({ name, description, port, peer }: TrafficRule) {
    return {
        description,
        ...(port === undefined ? { ipProtocol: "-1" } : { ipProtocol: "tcp", fromPort: port, toPort: port }),
        ...("group" in peer ? { referencedSecurityGroupId: peer.group } : { cidrIpv4: peer.cidr }),
        tags: { Name: name },
    };
}
