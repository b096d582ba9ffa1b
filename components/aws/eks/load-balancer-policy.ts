import * as pulumi from "@pulumi/pulumi";
import type { Statement } from "../policy-document";

/** Where the AWS Load Balancer Controller may act. */
export interface LoadBalancerScope {
    region: string;
    accountId: pulumi.Input<string>;
    clusterName: string;
    vpcId: pulumi.Input<string>;
    /** The nodes' security group, to which it admits load balancers. */
    nodeSecurityGroupArn: pulumi.Input<string>;
}

/** Tag that the controller puts on all that it makes, with the cluster's name. */
const OWNER_TAG = "elbv2.k8s.aws/cluster";

/**
 * What the controller may do, for network load balancers alone: no application load balancers, no WAF, no Shield, no
 * certificates, no Cognito. It makes nothing without the tag of this cluster, and changes nothing that another one made.
 */
export function loadBalancerStatements(scope: LoadBalancerScope): Statement[] {
    const { region, accountId, clusterName, vpcId, nodeSecurityGroupArn } = scope;
    const made = { StringEquals: { [`aws:RequestTag/${OWNER_TAG}`]: clusterName } };
    const owned = { StringEquals: { [`aws:ResourceTag/${OWNER_TAG}`]: clusterName } };
    // The mark of ownership itself stays as it is.
    const ownedAndKept = { ...owned, Null: { [`aws:RequestTag/${OWNER_TAG}`]: "true" } };
    const ec2 = (kind: string) => pulumi.interpolate`arn:aws:ec2:${region}:${accountId}:${kind}/*`;
    const elb = (kind: string) => pulumi.interpolate`arn:aws:elasticloadbalancing:${region}:${accountId}:${kind}/*`;
    const balancers = [elb("loadbalancer/net"), elb("targetgroup")];
    const listeners = [elb("listener/net")];
    return [
        {
            sid: "FirstLoadBalancerOfAnAccount",
            actions: ["iam:CreateServiceLinkedRole"],
            resources: [
                pulumi.interpolate`arn:aws:iam::${accountId}:role/aws-service-role/elasticloadbalancing.amazonaws.com/*`,
            ],
            conditions: { StringEquals: { "iam:AWSServiceName": "elasticloadbalancing.amazonaws.com" } },
        },
        {
            // AWS knows no narrower resource for these.
            sid: "Look",
            actions: [
                "ec2:DescribeAccountAttributes",
                "ec2:DescribeAddresses",
                "ec2:DescribeAvailabilityZones",
                "ec2:DescribeInstances",
                "ec2:DescribeInternetGateways",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeRouteTables",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSubnets",
                "ec2:DescribeTags",
                "ec2:DescribeVpcs",
                "ec2:GetSecurityGroupsForVpc",
                "elasticloadbalancing:DescribeCapacityReservation",
                "elasticloadbalancing:DescribeListenerAttributes",
                "elasticloadbalancing:DescribeListenerCertificates",
                "elasticloadbalancing:DescribeListeners",
                "elasticloadbalancing:DescribeLoadBalancerAttributes",
                "elasticloadbalancing:DescribeLoadBalancers",
                "elasticloadbalancing:DescribeRules",
                "elasticloadbalancing:DescribeSSLPolicies",
                "elasticloadbalancing:DescribeTags",
                "elasticloadbalancing:DescribeTargetGroupAttributes",
                "elasticloadbalancing:DescribeTargetGroups",
                "elasticloadbalancing:DescribeTargetHealth",
            ],
            resources: ["*"],
            conditions: { StringEquals: { "aws:RequestedRegion": region } },
        },
        {
            sid: "MakeSecurityGroups",
            actions: ["ec2:CreateSecurityGroup"],
            resources: [ec2("security-group")],
            conditions: made,
        },
        {
            sid: "InItsNetwork",
            actions: ["ec2:CreateSecurityGroup"],
            resources: [pulumi.interpolate`arn:aws:ec2:${region}:${accountId}:vpc/${vpcId}`],
        },
        {
            sid: "TagWhatItMakes",
            actions: ["ec2:CreateTags"],
            resources: [ec2("security-group")],
            conditions: { StringEquals: { ...made.StringEquals, "ec2:CreateAction": "CreateSecurityGroup" } },
        },
        {
            sid: "TagItsSecurityGroups",
            actions: ["ec2:CreateTags", "ec2:DeleteTags"],
            resources: [ec2("security-group")],
            conditions: ownedAndKept,
        },
        {
            sid: "ChangeItsSecurityGroups",
            actions: ["ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress", "ec2:DeleteSecurityGroup"],
            resources: [ec2("security-group")],
            conditions: owned,
        },
        {
            sid: "AdmitLoadBalancersToTheNodes",
            actions: ["ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress"],
            resources: [nodeSecurityGroupArn],
        },
        {
            sid: "MakeLoadBalancers",
            actions: ["elasticloadbalancing:CreateLoadBalancer", "elasticloadbalancing:CreateTargetGroup"],
            resources: balancers,
            conditions: made,
        },
        {
            sid: "MakeListeners",
            actions: ["elasticloadbalancing:CreateListener"],
            resources: [elb("loadbalancer/net")],
            conditions: owned,
        },
        {
            sid: "NameWhatItMakes",
            actions: ["elasticloadbalancing:AddTags"],
            resources: [...balancers, ...listeners],
            conditions: {
                StringEquals: {
                    ...made.StringEquals,
                    "elasticloadbalancing:CreateAction": ["CreateLoadBalancer", "CreateTargetGroup", "CreateListener"],
                },
            },
        },
        {
            sid: "NameWhatItOwns",
            actions: ["elasticloadbalancing:AddTags", "elasticloadbalancing:RemoveTags"],
            resources: [...balancers, ...listeners],
            conditions: ownedAndKept,
        },
        {
            sid: "ChangeItsLoadBalancers",
            actions: [
                "elasticloadbalancing:DeleteLoadBalancer",
                "elasticloadbalancing:DeleteTargetGroup",
                "elasticloadbalancing:ModifyLoadBalancerAttributes",
                "elasticloadbalancing:ModifyTargetGroup",
                "elasticloadbalancing:ModifyTargetGroupAttributes",
                "elasticloadbalancing:RegisterTargets",
                "elasticloadbalancing:DeregisterTargets",
                "elasticloadbalancing:SetIpAddressType",
                "elasticloadbalancing:SetSecurityGroups",
                "elasticloadbalancing:SetSubnets",
            ],
            resources: balancers,
            conditions: owned,
        },
        {
            sid: "ChangeItsListeners",
            actions: [
                "elasticloadbalancing:AddListenerCertificates",
                "elasticloadbalancing:DeleteListener",
                "elasticloadbalancing:ModifyListener",
                "elasticloadbalancing:ModifyListenerAttributes",
                "elasticloadbalancing:RemoveListenerCertificates",
            ],
            resources: listeners,
            conditions: owned,
        },
    ];
}
