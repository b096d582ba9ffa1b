import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";

/** A log group of CloudWatch: encrypted, and emptied after a time. */
export function createLogGroup(
    name: string,
    args: {
        /** Its name in AWS. */
        path: string;
        /** Days that entries are kept. */
        retentionDays: number;
        /** Key that it is encrypted with. */
        keyArn: pulumi.Input<string>;
    },
    opts: pulumi.CustomResourceOptions,
): aws.cloudwatch.LogGroup {
    const { path, retentionDays, keyArn } = args;
    return new aws.cloudwatch.LogGroup(name, { name: path, retentionInDays: retentionDays, kmsKeyId: keyArn }, opts);
}
