import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { policyDocument, type Statement } from "./policy-document";

/** A key of KMS. */
export interface EncryptionKeyArgs {
    /** Alias, without `alias/`. */
    alias: string;
    /** What it encrypts. */
    description: string;
    /** Account that it belongs to: its administrators decide by IAM who else may use the key. */
    accountId: pulumi.Input<string>;
    /**
     * Region whose CloudWatch Logs may encrypt log groups of the account with it.
     * @default CloudWatch Logs may not
     */
    logsOf?: string;
    /**
     * Data would be lost with it: Pulumi neither deletes it nor lets it be deleted.
     * @default false
     */
    protect?: boolean;
}

/** Days between the deletion of a key and its end, in which the deletion can be taken back: the longest that AWS allows. */
const WAITING_DAYS = 30;

/** A key that AWS replaces every year; what was encrypted under former ones stays readable. */
export class EncryptionKey extends pulumi.ComponentResource {
    readonly arn: pulumi.Output<string>;

    constructor(name: string, args: EncryptionKeyArgs, opts?: pulumi.ComponentResourceOptions) {
        super("istio-platform:aws:EncryptionKey", name, {}, opts);
        const { alias, description, protect = false } = args;
        const key = new aws.kms.Key(
            name,
            {
                description,
                enableKeyRotation: true,
                deletionWindowInDays: WAITING_DAYS,
                policy: policyDocument(keyStatements(args)),
            },
            { parent: this, protect, retainOnDelete: protect },
        );
        new aws.kms.Alias(name, { name: `alias/${alias}`, targetKeyId: key.keyId }, { parent: this });
        this.arn = key.arn;
        this.registerOutputs({});
    }
}

/** Who may use a key. In a key's own policy the resource `*` is the key itself. */
function keyStatements({ accountId, logsOf }: EncryptionKeyArgs): Statement[] {
    return [
        {
            sid: "AccountDecides",
            principal: { AWS: pulumi.interpolate`arn:aws:iam::${accountId}:root` },
            actions: ["kms:*"],
            resources: ["*"],
        },
        ...(logsOf === undefined
            ? []
            : [
                  {
                      sid: "LogGroupsOfTheAccount",
                      principal: { Service: `logs.${logsOf}.amazonaws.com` },
                      actions: [
                          "kms:Encrypt*",
                          "kms:Decrypt*",
                          "kms:ReEncrypt*",
                          "kms:GenerateDataKey*",
                          "kms:Describe*",
                      ],
                      resources: ["*"],
                      conditions: {
                          ArnLike: {
                              "kms:EncryptionContext:aws:logs:arn": pulumi.interpolate`arn:aws:logs:${logsOf}:${accountId}:log-group:*`,
                          },
                      },
                  },
              ]),
    ];
}
