import { type AwsType, type CloudResource, resourcesOf } from "../../model/cloud";
import type { Field } from "../../model/field";
import type { Mesh } from "../../model/mesh";
import { all, any, type Answer, same, UNKNOWN } from "../../model/unknown";
import { at, type Rule } from "../rule";
import { fsbp, securityHub } from "../standards";
import { statementsOf } from "./policy-document";

const BUCKET = "aws:s3/bucket:Bucket";

/** Whether a resource of its own, whose input `bucket` names the bucket, says something right about it. */
function isCovered(
    mesh: Mesh,
    bucket: CloudResource<typeof BUCKET>,
    type: Extract<AwsType, `aws:s3/bucket${string}`>,
    isRight: (root: Field) => Answer,
): Answer {
    // The name of a bucket that Pulumi or AWS completes is not known before it exists.
    const name = bucket.input("bucket").text() ?? UNKNOWN;
    return any(
        resourcesOf(mesh.cloud, type).map(({ root }) => all([same(root.get("bucket").text(), name), isRight(root)])),
    );
}

export const bucketEncryption: Rule = {
    id: "s3-encryption",
    title: "Buckets say how they are encrypted",
    reason: "Only what is written down is kept when a default, an organisation or a copy of the bucket changes.",
    fix: "Add an aws.s3.BucketServerSideEncryptionConfiguration with AES256, or aws:kms and a key.",
    severity: "medium",
    enforcement: "mandatory",
    standards: [securityHub("S3.17")],
    *check(mesh) {
        for (const bucket of resourcesOf(mesh.cloud, BUCKET)) {
            if (bucket.input("serverSideEncryptionConfiguration").isSet) continue;
            const type = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration";
            if (isCovered(mesh, bucket, type, () => "yes") === "no")
                yield at(
                    bucket,
                    "serverSideEncryptionConfiguration",
                    "nothing says how the bucket is encrypted",
                    "add an aws.s3.BucketServerSideEncryptionConfiguration",
                );
        }
    },
};

const BLOCKS = ["blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"] as const;

export const bucketPrivate: Rule = {
    id: "s3-public-access",
    title: "No bucket can be made public",
    reason: "One policy or ACL, set by mistake, shows the bucket to the world.",
    fix: `Add an aws.s3.BucketPublicAccessBlock with ${BLOCKS.join(", ")}: true.`,
    severity: "critical",
    enforcement: "mandatory",
    standards: [fsbp("S3.8"), fsbp("S3.2"), fsbp("S3.3")],
    *check(mesh) {
        const type = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock";
        for (const block of resourcesOf(mesh.cloud, type))
            for (const field of BLOCKS.map((key) => block.input(key)))
                if (!field.isUnknown && field.value !== true)
                    yield at(block, field, "this way to make the bucket public stays open", "set it to true");
        for (const bucket of resourcesOf(mesh.cloud, BUCKET))
            if (isCovered(mesh, bucket, type, () => "yes") === "no")
                yield at(
                    bucket,
                    "publicAccessBlock",
                    "nothing keeps the bucket from being made public",
                    "add an aws.s3.BucketPublicAccessBlock",
                );
    },
};

export const bucketTls: Rule = {
    id: "s3-tls",
    title: "Buckets refuse requests in plain text",
    reason: "What is read and written, and who does it, can be seen on the way.",
    fix: 'Add a statement to the bucket\'s policy that denies s3:* where aws:SecureTransport is "false".',
    severity: "medium",
    enforcement: "mandatory",
    standards: [fsbp("S3.5")],
    *check(mesh) {
        for (const bucket of resourcesOf(mesh.cloud, BUCKET)) {
            const refuses = isCovered(mesh, bucket, "aws:s3/bucketPolicy:BucketPolicy", (root) => {
                const statements = statementsOf(root.get("policy"));
                if (statements === UNKNOWN) return "maybe";
                return statements.some(
                    ({ effect, condition }) =>
                        effect === "Deny" && /"aws:SecureTransport":\[?"?false/.test(JSON.stringify(condition ?? {})),
                )
                    ? "yes"
                    : "no";
            });
            if (refuses === "no")
                yield at(
                    bucket,
                    "policy",
                    "the bucket also answers plain HTTP",
                    'deny s3:* where aws:SecureTransport is "false", in an aws.s3.BucketPolicy',
                );
        }
    },
};
