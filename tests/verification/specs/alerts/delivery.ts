import { randomUUID } from "node:crypto";
import { milliseconds } from "../../../../components/config/units";
import { defineSpec } from "../../spec";
import { Alerting, alertingEvidence, type Message } from "../support/alerting";
import { awaitMessage, slackText } from "../support/messages";

export const alertDelivery = defineSpec({
    name: "alert-delivery",
    description:
        "The guide's TestAlert is given to Alertmanager's API, and ended: what Slack, PagerDuty and the mail server would get has the declared channel, the guide's texts, and comes in the declared time.",
    needs: ["monitoring", "recorder", "short-grouping"],
    locks: () => [],
    startsFirst: true,
    checks: {
        fired: {
            ids: ["E14", "E13"],
            title: "E14 E13 TestAlert: posted to Alertmanager, it reaches Slack's channel with the firing text",
        },
        critical: {
            ids: ["C16"],
            title: "C16 TestAlert: being critical it reaches PagerDuty, too",
            needs: ["pagerduty"],
        },
        warning: {
            ids: ["C16"],
            title: "C16 TestAlert: as a warning it reaches Slack and the mail server, not PagerDuty",
            needs: ["email"],
        },
        resolved: {
            ids: ["E14", "E13"],
            title: "E14 E13 TestAlert: when it ends, Slack's channel gets the resolved text",
        },
    },
    evidence: alertingEvidence,
    async run({ target, config, check, all, inOrder, progress, signal }) {
        const alerting = new Alerting(target);
        const { receivers } = config.monitoring;
        const run = randomUUID().slice(0, 8);
        const before = await alerting.lastMessage();
        const wait = milliseconds(receivers.groupWait) + milliseconds(receivers.groupInterval);
        const alert = (severity: string, ended: boolean) => ({
            // Alerts of other runs are others.
            labels: { alertname: "TestAlert", service: "test-service", severity, run },
            annotations: { summary: "Test Alert", description: `This is a test alert (${run})` },
            startsAt: started.toISOString(),
            ...(ended && { endsAt: new Date().toISOString() }),
        });
        const started = new Date();
        const ofKind = (kind: Message["kind"], severity: string, status: string) => (message: Message) =>
            message.kind === kind &&
            message.text.includes(run) &&
            message.text.includes(severity) &&
            message.text.includes(status);
        const expect = (what: string, is: (message: Message) => boolean, wanted: Partial<Message>) =>
            awaitMessage(alerting, { what, is, wanted, after: before, wait, signal });
        const text = (status: "firing" | "resolved", severity: string) =>
            slackText(status, {
                summary: "Test Alert",
                description: `This is a test alert (${run})`,
                service: "test-service",
                severity,
            });
        const { channel } = receivers.slack;

        await alerting.post([alert("critical", false), ...(receivers.email ? [alert("warning", false)] : [])]);
        progress(`TestAlert is posted; Alertmanager waits ${receivers.groupWait} for more of its group`);
        await inOrder(
            async () => {
                try {
                    await all(
                        () =>
                            check("fired", async () => {
                                await expect("Slack is told of TestAlert", ofKind("slack", "critical", "firing"), {
                                    channel,
                                    text: text("firing", "critical"),
                                });
                            }),
                        () =>
                            check("critical", async () => {
                                await expect(
                                    "PagerDuty is told of TestAlert",
                                    (message) =>
                                        message.kind === "pagerduty" &&
                                        message.channel === "trigger" &&
                                        message.text.includes(run),
                                    { channel: "trigger" },
                                );
                            }),
                        () =>
                            check("warning", async () => {
                                await expect("Slack is told of the warning", ofKind("slack", "warning", "firing"), {
                                    channel,
                                    text: text("firing", "warning"),
                                });
                                await expect("the mail server gets the warning", ofKind("email", "warning", "firing"), {
                                    channel: receivers.email!.to.join(", "),
                                });
                                const woken = (await alerting.messages(before)).filter(
                                    (message) =>
                                        message.kind === "pagerduty" && message.text.includes("severity = warning"),
                                );
                                if (woken.some(({ text }) => text.includes(run)))
                                    throw new Error("PagerDuty was told of a warning, which wakes somebody");
                            }),
                    );
                } finally {
                    // Whatever was seen: nothing is left firing.
                    await alerting.post([
                        alert("critical", true),
                        ...(receivers.email ? [alert("warning", true)] : []),
                    ]);
                }
            },
            () =>
                check("resolved", async () => {
                    await expect("Slack is told of the end of TestAlert", ofKind("slack", "critical", "resolved"), {
                        channel,
                        text: text("resolved", "critical"),
                    });
                }),
        );
    },
});
