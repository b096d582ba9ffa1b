import { z } from "zod";
import { when, type Finding } from "../finding";
import type { PlatformConfig } from "../platform";

/** Of a secret the configuration knows only that it is there: what it is, is read where it is used, and is nowhere else. */
const secret = z.unknown().transform(() => true as const);

/** What those who send messages prove themselves by; always encrypted (E13). */
export const alertingSecrets = z.strictObject({
    slackWebhookUrl: secret.optional().describe("URL of Slack's incoming webhook"),
    pagerdutyRoutingKey: secret.optional().describe("Integration key of PagerDuty's Events API v2"),
    smtpPassword: secret.optional().describe("Password at the mail server"),
});
export type AlertingSecret = keyof z.infer<typeof alertingSecrets>;

/** Key of the configuration under which the secrets are. */
export const ALERTING_SECRETS = "alertingSecrets";

/** Whether messages go to the recorder, and to nobody else. */
export function recordsMessages({
    cluster,
    monitoring,
    alertingSecrets,
}: Pick<PlatformConfig, "cluster" | "monitoring" | "alertingSecrets">): boolean {
    return monitoring.receivers.recorder ?? (cluster.kind !== "eks" && alertingSecrets === undefined);
}

/** Receivers that could not be told anything, and a recorder without what it is made of. */
export function receiverProblems(config: PlatformConfig): Finding[] {
    const { monitoring, alertingSecrets, sampleImage } = config;
    if (!monitoring.enabled) return [];
    const { pagerduty, email } = monitoring.receivers;
    const at = "monitoring.receivers";
    if (recordsMessages(config))
        return when(sampleImage.app !== "sample-app", [
            `${at}.recorder`,
            `the recorder is a mode of the sample app, and sampleImage.app is ${sampleImage.app}: false, and alertingSecrets`,
        ]);
    const wanted: [string, AlertingSecret][] = [
        ["slack", "slackWebhookUrl"],
        ...(pagerduty ? ([["pagerduty", "pagerdutyRoutingKey"]] satisfies [string, AlertingSecret][]) : []),
        ...(email?.username ? ([["email.username", "smtpPassword"]] satisfies [string, AlertingSecret][]) : []),
    ];
    return wanted.flatMap(([receiver, name]) =>
        when(!alertingSecrets?.[name], [
            `${at}.${receiver}`,
            `its secret is missing, so nobody would be told: pulumi config set --secret --path ${ALERTING_SECRETS}.${name} VALUE, or monitoring.receivers.recorder: true in a test environment`,
        ]),
    );
}
