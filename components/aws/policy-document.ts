import * as pulumi from "@pulumi/pulumi";

/** A statement of an IAM policy: who may do what with what, and when. */
export interface Statement {
    /** What the statement is for, in letters and digits. */
    readonly sid: string;
    /**
     * Whether it allows or denies.
     * @default "Allow"
     */
    readonly effect?: "Allow" | "Deny";
    /**
     * Who, in policies of resources and roles.
     * @default whoever the policy is attached to
     */
    readonly principal?: "*" | { readonly [kind: string]: pulumi.Input<string> };
    readonly actions: readonly string[];
    /**
     * ARNs.
     * @default none: policies of roles name no resource
     */
    readonly resources?: readonly pulumi.Input<string>[];
    /** Operator -> key -> value. */
    readonly conditions?: { readonly [operator: string]: { readonly [key: string]: pulumi.Input<string | string[]> } };
}

/** The JSON text of an IAM policy. */
export function policyDocument(statements: readonly Statement[]): pulumi.Output<string> {
    return pulumi.jsonStringify({
        Version: "2012-10-17",
        Statement: statements.map(({ sid, effect = "Allow", principal, actions, resources, conditions }) => ({
            Sid: sid,
            Effect: effect,
            ...(principal && { Principal: principal }),
            Action: actions,
            ...(resources && { Resource: resources }),
            ...(conditions && { Condition: conditions }),
        })),
    });
}

/** A statement of a bucket's policy: nobody gets at the bucket in plain text. */
export const encryptedTransport = (bucketArn: pulumi.Input<string>): Statement => ({
    sid: "EncryptedTransport",
    effect: "Deny",
    principal: "*",
    actions: ["s3:*"],
    resources: [bucketArn, pulumi.interpolate`${bucketArn}/*`],
    conditions: { Bool: { "aws:SecureTransport": "false" } },
});
