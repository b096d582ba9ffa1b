import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { EksNetworkConfig } from "../../config/eks-network";
import { createLogGroup } from "../log-group";
import { ServiceRole } from "../role";

/** Records of the connections of a VPC. */
export type FlowLogsArgs = EksNetworkConfig["flowLogs"] & {
    vpcId: pulumi.Input<string>;
    clusterName: string;
    /** Key that they are encrypted with. */
    keyArn: pulumi.Input<string>;
};

/** Seconds that one record covers: the shortest that AWS offers. */
const AGGREGATION = 60;

/** Writes the connections of every network interface of a VPC to CloudWatch. */
export function recordFlows(name: string, args: FlowLogsArgs, opts: pulumi.CustomResourceOptions): aws.ec2.FlowLog {
    const { vpcId, clusterName, keyArn, traffic, retentionDays } = args;
    const group = createLogGroup(
        `${name}-flow-logs`,
        { path: `/aws/vpc/${clusterName}/flow-logs`, retentionDays, keyArn },
        opts,
    );
    const { arn, resources } = new ServiceRole(
        `${name}-flow-logs`,
        {
            service: "vpc-flow-logs.amazonaws.com",
            description: `Writes the flow logs of ${clusterName}`,
            statements: [
                {
                    sid: "WriteToItsLogGroup",
                    actions: ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"],
                    resources: [group.arn, pulumi.interpolate`${group.arn}:*`],
                },
                { sid: "FindItsLogGroup", actions: ["logs:DescribeLogGroups"], resources: ["*"] },
            ],
        },
        opts,
    );
    return new aws.ec2.FlowLog(
        `${name}-flow-logs`,
        {
            vpcId,
            trafficType: traffic,
            logDestinationType: "cloud-watch-logs",
            logDestination: group.arn,
            iamRoleArn: arn,
            maxAggregationInterval: AGGREGATION,
            tags: { Name: `${clusterName}-flow-logs` },
        },
        { ...opts, dependsOn: [...resources] },
    );
}
