import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { encryptedTransport, policyDocument, type Statement } from "../policy-document";

/** Where load balancers write their access logs. */
export interface AccessLogBucketArgs {
    /** Name of the cluster: beginning of the bucket's name. */
    clusterName: string;
    region: string;
    accountId: pulumi.Input<string>;
    /** Days that the logs are kept. */
    keepDays: number;
}

/** Service of AWS that writes the logs of network load balancers. */
const LOG_DELIVERY = "delivery.logs.amazonaws.com";

/** A private, encrypted bucket that only the log delivery of this account writes to. */
export class AccessLogBucket extends pulumi.ComponentResource {
    readonly bucket: pulumi.Output<string>;
    /** A load balancer that logs to the bucket is refused until they are there. */
    readonly resources: readonly pulumi.CustomResource[];

    constructor(name: string, args: AccessLogBucketArgs, opts?: pulumi.ComponentResourceOptions) {
        super("istio-platform:aws:AccessLogBucket", name, {}, opts);
        const child = { parent: this };
        const { id: bucket, arn } = new aws.s3.Bucket(
            name,
            // Names of buckets are unique in the world: Pulumi completes this one. Logs may go with the environment.
            { bucketPrefix: `${args.clusterName}-access-logs-`, forceDestroy: true },
            child,
        );
        const settings = [
            new aws.s3.BucketPublicAccessBlock(
                name,
                {
                    bucket,
                    blockPublicAcls: true,
                    blockPublicPolicy: true,
                    ignorePublicAcls: true,
                    restrictPublicBuckets: true,
                },
                child,
            ),
            new aws.s3.BucketOwnershipControls(
                name,
                { bucket, rule: { objectOwnership: "BucketOwnerEnforced" } },
                child,
            ),
            new aws.s3.BucketServerSideEncryptionConfiguration(
                name,
                // The log delivery writes with S3's own keys.
                { bucket, rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } }] },
                child,
            ),
            new aws.s3.BucketVersioning(name, { bucket, versioningConfiguration: { status: "Enabled" } }, child),
            new aws.s3.BucketLifecycleConfiguration(
                name,
                {
                    bucket,
                    rules: [
                        {
                            id: "expire",
                            status: "Enabled",
                            filter: {},
                            expiration: { days: args.keepDays },
                            noncurrentVersionExpiration: { noncurrentDays: 1 },
                            abortIncompleteMultipartUpload: { daysAfterInitiation: 1 },
                        },
                    ],
                },
                child,
            ),
        ];
        const policy = new aws.s3.BucketPolicy(
            name,
            { bucket, policy: policyDocument([encryptedTransport(arn), ...deliveryStatements(arn, args)]) },
            { parent: this, dependsOn: settings },
        );
        this.bucket = bucket;
        this.resources = [...settings, policy];
        this.registerOutputs({});
    }
}

/** What the log delivery may do, for load balancers of this account and region alone. */
function deliveryStatements(arn: pulumi.Input<string>, { region, accountId }: AccessLogBucketArgs): Statement[] {
    const principal = { Service: LOG_DELIVERY };
    const conditions = {
        StringEquals: { "aws:SourceAccount": accountId },
        ArnLike: { "aws:SourceArn": pulumi.interpolate`arn:aws:logs:${region}:${accountId}:*` },
    };
    return [
        {
            sid: "DeliverLogs",
            principal,
            actions: ["s3:PutObject"],
            resources: [pulumi.interpolate`${arn}/AWSLogs/${accountId}/*`],
            conditions: {
                ...conditions,
                StringEquals: { ...conditions.StringEquals, "s3:x-amz-acl": "bucket-owner-full-control" },
            },
        },
        { sid: "CheckTheBucket", principal, actions: ["s3:GetBucketAcl"], resources: [arn], conditions },
    ];
}
