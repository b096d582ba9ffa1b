import type { ReceiversConfig } from "../config/monitoring/receivers";
import type { Severity } from "../config/monitoring/rules";

/** The configuration of Alertmanager: who is told of which alert (E13, C16), as its own file says it. */

/** Names of the receivers. */
export const receiverNames = {
    slack: "slack-notifications",
    pagerduty: "pagerduty-critical",
    email: "email-warning",
} as const;

/** Folder of the Secret `alertmanager-config` in the container. */
export const configFolder = "/etc/alertmanager";

/** Keys of the Secret `alertmanager-config`: the configuration, and beside it what nobody else may read. */
export const secretKeys = {
    config: "alertmanager.yaml",
    slackWebhookUrl: "slack-webhook-url",
    pagerdutyRoutingKey: "pagerduty-routing-key",
    smtpPassword: "smtp-password",
} as const;

/** Where the recorder of the test environments takes what Slack, PagerDuty and the mail server would get. */
export interface RecorderAddresses {
    readonly slack: string;
    readonly pagerduty: string;
    /** `host:port` */
    readonly smtp: string;
}

/** What Slack shows: the document's text (E13), which its YAML folds into one line. */
const slackText = [
    '{{ if eq .Status "firing" }}🚨 *Alert Firing*{{ else }}✅ *Alert Resolved*{{ end }}',
    "{{ range .Alerts }}",
    "*Alert:* {{ .Annotations.summary }}",
    "*Description:* {{ .Annotations.description }}",
    "*Service:* {{ .Labels.service }}",
    "*Severity:* {{ .Labels.severity }}",
    "*Status:* {{ .Status }}",
    "{{ end }}",
].join(" ");

/** The same as a text for the subject and the body of a mail. */
const mailSubject = "[{{ .Status | toUpper }}] {{ .GroupLabels.alertname }} {{ .GroupLabels.service }}";
const mailText = slackText.replaceAll("*", "");

/** A branch of the tree by which an alert finds its receivers. */
export interface Route {
    readonly receiver: string;
    readonly matchers?: readonly string[];
    /** Whether the branches after this one are tried, too. */
    readonly continue?: boolean;
}

/** Alertmanager's configuration file as far as it is used here. */
export interface AlertmanagerConfig {
    readonly global: Readonly<Record<string, string | boolean>>;
    readonly route: Route & {
        readonly group_by: readonly string[];
        readonly group_wait: string;
        readonly group_interval: string;
        readonly repeat_interval: string;
        readonly routes: readonly Route[];
    };
    readonly receivers: readonly { readonly name: string; readonly [kind: string]: unknown }[];
}

/** Which receiver gets an alert beside Slack (C16). */
const severities = { pagerduty: "critical", email: "warning" } as const satisfies Record<string, Severity>;

/**
 * The configuration. Secrets are not in it: it names the files of the same Secret that have them, so that it can be read,
 * compared and checked.
 *
 * @param recorder Where everything goes instead, in environments with a recorder.
 */
export function alertmanagerConfig(config: ReceiversConfig, recorder?: RecorderAddresses): AlertmanagerConfig {
    const { slack, pagerduty, email } = config;
    return {
        global: {
            resolve_timeout: config.resolveTimeout,
            ...(recorder ? { slack_api_url: recorder.slack } : { slack_api_url_file: secretFile("slackWebhookUrl") }),
        },
        route: {
            group_by: config.groupBy,
            group_wait: config.groupWait,
            group_interval: config.groupInterval,
            repeat_interval: config.repeatInterval,
            receiver: receiverNames.slack,
            routes: [
                ...branch("critical", pagerduty && receiverNames.pagerduty),
                ...branch("warning", email && receiverNames.email),
            ],
        },
        receivers: [
            {
                name: receiverNames.slack,
                slack_configs: [{ channel: slack.channel, send_resolved: slack.sendResolved, text: slackText }],
            },
            ...(pagerduty ? [pagerdutyReceiver(pagerduty, recorder)] : []),
            ...(email ? [emailReceiver(email, recorder)] : []),
        ],
    };
}

/** Slack gets an alert of a severity, and so does another receiver where there is one. */
function branch(severity: Severity, other: string | undefined): Route[] {
    const matchers = [`severity="${severity}"`];
    // The document has the branch of critical alerts although it leads where they go anyway.
    if (other === undefined && severity !== "critical") return [];
    return [
        { matchers, receiver: receiverNames.slack, continue: true },
        ...(other === undefined ? [] : [{ matchers, receiver: other }]),
    ];
}

function pagerdutyReceiver(
    { url, sendResolved }: NonNullable<ReceiversConfig["pagerduty"]>,
    recorder?: RecorderAddresses,
) {
    return {
        name: receiverNames.pagerduty,
        pagerduty_configs: [
            {
                ...(recorder
                    ? { url: recorder.pagerduty, routing_key: "recorder" }
                    : { url, routing_key_file: secretFile("pagerdutyRoutingKey") }),
                severity: severities.pagerduty,
                send_resolved: sendResolved,
            },
        ],
    };
}

function emailReceiver(
    { to, from, smarthost, username, sendResolved }: NonNullable<ReceiversConfig["email"]>,
    recorder?: RecorderAddresses,
) {
    const server = recorder
        ? { smarthost: recorder.smtp, require_tls: false }
        : {
              smarthost: `${smarthost.host}:${smarthost.port}`,
              require_tls: true,
              ...(username !== undefined && {
                  auth_username: username,
                  auth_password_file: secretFile("smtpPassword"),
              }),
          };
    return {
        name: receiverNames.email,
        email_configs: [
            {
                ...{ to: to.join(", "), from },
                ...server,
                headers: { Subject: mailSubject },
                text: mailText,
                html: "",
                send_resolved: sendResolved,
            },
        ],
    };
}

/** Where a secret of the configuration is, as a file in Alertmanager's container. */
function secretFile(key: Exclude<keyof typeof secretKeys, "config">): string {
    return `${configFolder}/${secretKeys[key]}`;
}
