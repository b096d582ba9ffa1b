import { fsbp, securityHub, wellArchitected } from "../standards";
import { isOn, requires } from "./requires";

export const keyRotation = requires({
    id: "kms-rotation",
    type: "aws:kms/key:Key",
    title: "Keys are renewed every year",
    reason: "The longer one key is used, the more can be read by whoever gets it.",
    fix: "Set enableKeyRotation: true; what was encrypted before stays readable.",
    severity: "medium",
    standards: [securityHub("KMS.4")],
    at: (key) => key.input("enableKeyRotation"),
    // A key for signatures, or one from outside, is not rotated by AWS.
    isRight: (value, key) => isOn(value) || (key.root.get("keyUsage").value ?? "ENCRYPT_DECRYPT") !== "ENCRYPT_DECRYPT",
    says: "the key stays the same for ever",
    change: "set enableKeyRotation: true",
});

/** Days in which the deletion of a key can be taken back, as FSBP sees it the longest that AWS has. */
const WAITING_DAYS = 30;

export const keyDeletion = requires({
    id: "kms-deletion-window",
    type: "aws:kms/key:Key",
    title: `The deletion of a key can be taken back for ${WAITING_DAYS} days`,
    reason: "With a key all that it encrypts is lost; a shorter window ends before a holiday does.",
    fix: `Leave deletionWindowInDays out, or set it to ${WAITING_DAYS}.`,
    severity: "medium",
    enforcement: { local: "disabled", dev: "advisory", prod: "mandatory" },
    standards: [fsbp("KMS.3")],
    at: (key) => key.input("deletionWindowInDays"),
    isRight: (value) => value === undefined || (typeof value === "number" && value >= WAITING_DAYS),
    says: "a deletion by mistake is final sooner than it need be",
    change: `set deletionWindowInDays: ${WAITING_DAYS}`,
});

export const logEncryption = requires({
    id: "log-encryption",
    type: "aws:cloudwatch/logGroup:LogGroup",
    title: "Log groups are encrypted with a key of one's own",
    reason: "Audit logs name every person and every secret that was asked for; only a key of one's own can be taken away.",
    fix: "Set kmsKeyId to the ARN of a KMS key.",
    severity: "medium",
    standards: [wellArchitected("SEC08-BP02")],
    at: (group) => group.input("kmsKeyId"),
    isRight: (value) => value !== undefined,
    says: "the logs have no key of one's own",
    change: "set kmsKeyId",
});

export const logRetention = requires({
    id: "log-retention",
    type: "aws:cloudwatch/logGroup:LogGroup",
    title: "Log groups say how long logs are kept",
    reason: "Kept for ever they cost ever more, and hold data about persons longer than anybody may.",
    fix: "Set retentionInDays to a number of days.",
    severity: "low",
    standards: [securityHub("CloudWatch.16")],
    at: (group) => group.input("retentionInDays"),
    isRight: (value) => typeof value === "number" && value > 0,
    says: "the logs are kept for ever",
    change: "set retentionInDays",
});
