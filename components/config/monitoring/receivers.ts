import { z } from "zod";
import { duration, port } from "../units";

/** Who is told of an alert, and how. The defaults are the documents' (E13, C16). */

const address = z.email('an address such as "on-call@example.com"');

const sendResolved = z.boolean().default(true).describe("Whether the end of an alert is told, too (E13)");

const slack = z.strictObject({
    channel: z
        .string()
        .regex(/^[#@][^\s#@]+$/, 'a channel such as "#alerts" or a person such as "@name"')
        .default("#egovalertmanager")
        .describe("Channel of every alert (E13). The URL of its webhook is the secret slackWebhookUrl"),
    sendResolved,
});

const pagerduty = z.strictObject({
    url: z
        .url({ protocol: /^https$/, error: 'a URL that begins with "https://"' })
        .default("https://events.pagerduty.com/v2/enqueue")
        .describe("Where events are sent. The integration's key is the secret pagerdutyRoutingKey"),
    sendResolved,
});

const email = z.strictObject({
    to: z.array(address).min(1).describe("Who gets them"),
    from: address.describe("Who they come from"),
    smarthost: z
        .strictObject({
            host: z.string().min(1).describe("Name of the mail server"),
            port: port.default(587).describe("Its port; 587 is that of mail from programs"),
        })
        .describe("Mail server that takes them"),
    username: z
        .string()
        .min(1)
        .optional()
        .describe("Name at the mail server; the password is the secret smtpPassword. Default: none is asked for"),
    sendResolved,
});

export const receivers = z.strictObject({
    slack: slack.prefault({}).describe("Gets every alert (E13, C16)"),
    pagerduty: pagerduty.optional().describe("Gets the alerts of severity critical (C16). Default: nobody is woken"),
    email: email.optional().describe("Gets the alerts of severity warning (C16). Default: no mail"),
    recorder: z
        .boolean()
        .optional()
        .describe(
            "For tests: everything that Slack, PagerDuty and the mail server would get goes to a service in the cluster that remembers it; no secret is needed. Default: on embedded and kind clusters without alertingSecrets",
        ),
    groupBy: z
        .array(z.string().regex(/^[a-zA-Z_]\w*$/, "the name of a label"))
        .min(1)
        .default(["alertname", "service", "severity"])
        .describe("Labels whose values alerts of one message have in common (E13)"),
    groupWait: duration.default("10s").describe("Time for which the first message of a group waits for more (E13)"),
    groupInterval: duration.default("10s").describe("Time between a group's messages about something new (E13)"),
    repeatInterval: duration.default("1h").describe("Time after which a message is sent again (E13)"),
    resolveTimeout: duration
        .default("5m")
        .describe(
            "Time after which an alert has ended that nobody repeats; Prometheus says itself when one ends (E13)",
        ),
});
export type ReceiversConfig = z.infer<typeof receivers>;

/** Name and ports of the recorder in the namespace of the monitoring. */
export const RECORDER = { name: "message-recorder", port: 8080, smtpPort: 2525 } as const;
