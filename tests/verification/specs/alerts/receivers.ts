import { defineSpec } from "../../spec";
import { milliseconds } from "../../../../components/config/units";
import { fail } from "../support/answers";
import { Alerting, alertingEvidence } from "../support/alerting";

export const alertReceivers = defineSpec({
    name: "alert-receivers",
    description:
        "Alertmanager has loaded the declared grouping, times and receivers, and a branch for each severity that leads to them.",
    needs: ["monitoring"],
    locks: () => [],
    checks: {
        grouping: {
            ids: ["E13"],
            title: "E13 grouping: Alertmanager groups, waits and repeats as declared",
        },
        slack: {
            ids: ["E13", "C16"],
            title: "E13 C16 Slack: every alert goes to the declared channel, and so does its end",
        },
        severities: {
            ids: ["C16"],
            title: "C16 severities: PagerDuty gets what is critical, mail what is a warning, where they are declared",
        },
    },
    evidence: alertingEvidence,
    async run({ target, config, check, all }) {
        const { receivers } = config.monitoring;
        const namespace = config.egov.namespaces.monitoring;
        const loaded = await new Alerting(target).configuration();
        const route = (loaded.route ?? {}) as {
            receiver?: string;
            group_by?: string[];
            routes?: { matchers?: string[]; receiver?: string; continue?: boolean }[];
            [key: string]: unknown;
        };
        const differ = (expected: string, seen: string): never =>
            fail({
                expected,
                seen,
                cause: "the Secret alertmanager-config was changed, or Alertmanager has not loaded it",
                action: `kubectl -n ${namespace} get secret alertmanager-config -o jsonpath='{.data.alertmanager\\.yaml}' | base64 -d; compare with monitoring.receivers`,
            });
        const compare = (expected: object, seen: object) => {
            const [wanted, found] = [JSON.stringify(expected), JSON.stringify(seen)];
            if (wanted !== found) differ(wanted, found);
        };
        /** Of a receiver, the settings of its only way to tell somebody. */
        const ways = (name: string, kind: string) => {
            const receiver = (loaded.receivers ?? []).find((one) => one["name"] === name);
            return (receiver?.[kind] ?? []) as Record<string, unknown>[];
        };
        const times = ["group_wait", "group_interval", "repeat_interval"] as const;

        await all(
            () =>
                check("grouping", async () =>
                    compare(
                        {
                            group_by: receivers.groupBy,
                            group_wait: milliseconds(receivers.groupWait),
                            group_interval: milliseconds(receivers.groupInterval),
                            repeat_interval: milliseconds(receivers.repeatInterval),
                        },
                        {
                            group_by: route.group_by,
                            ...Object.fromEntries(times.map((key) => [key, milliseconds(String(route[key] ?? "0s"))])),
                        },
                    ),
                ),
            () =>
                check("slack", async () => {
                    const { channel, sendResolved } = receivers.slack;
                    const seen = ways("slack-notifications", "slack_configs");
                    compare(
                        { receiver: "slack-notifications", ways: [{ channel, sendResolved }] },
                        {
                            receiver: route.receiver ?? null,
                            ways: seen.map((way) => ({ channel: way["channel"], sendResolved: way["send_resolved"] })),
                        },
                    );
                }),
            () =>
                check("severities", async () => {
                    const slack = "slack-notifications";
                    const wanted = (severity: string, other: string | false) =>
                        other ? { [severity]: [slack, other] } : severity === "critical" ? { [severity]: [slack] } : {};
                    const expected = {
                        ...wanted("critical", receivers.pagerduty !== undefined && "pagerduty-critical"),
                        ...wanted("warning", receivers.email !== undefined && "email-warning"),
                    };
                    const seen: Record<string, string[]> = {};
                    for (const { matchers = [], receiver = "", continue: goesOn } of route.routes ?? []) {
                        const severity = /^severity="(\w+)"$/.exec(matchers.join())?.[1] ?? matchers.join();
                        (seen[severity] ??= []).push(receiver);
                        // Who comes after Slack is reached only because Slack's branch goes on.
                        if (receiver === slack && goesOn !== true) seen[severity]!.push("(ends here)");
                    }
                    const known = {
                        pagerduty: ways("pagerduty-critical", "pagerduty_configs").length,
                        email: ways("email-warning", "email_configs").map((way) => way["to"]),
                    };
                    compare(
                        {
                            routes: expected,
                            pagerduty: receivers.pagerduty ? 1 : 0,
                            email: receivers.email ? [receivers.email.to.join(", ")] : [],
                        },
                        { routes: seen, ...known },
                    );
                }),
        );
    },
});
