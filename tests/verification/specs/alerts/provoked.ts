import { milliseconds } from "../../../../components/config/units";
import type { PlatformConfig } from "../../../../components/config/platform";
import { defineSpec, shared, type Check, type EvidenceScope, type Lock, type Spec } from "../../spec";
import type { Feature } from "../../features";
import type { Target } from "../../target/target";
import { DeadlineExceeded, seconds, until } from "../../wait";
import { fail } from "../support/answers";
import { Alerting, alertingEvidence } from "../support/alerting";
import { awaitMessage, slackText } from "../support/messages";

/** One alert from its cause to its message and its end, with a real cause. */

/** A resource for {@link Lock}: whoever provokes an alert; the check that none fires wants it alone. */
export const provocation = "alerts";

/** What an alert is expected to say. */
export interface ProvokedAlert {
    readonly name: string;
    readonly service: string;
    readonly severity: "critical" | "warning";
    readonly summary: string;
    /** `{value}` stands for a number that nobody knows before. Default: none. */
    readonly description?: string;
    /** Time over which its condition looks back. */
    readonly window: string;
    /** Time for which the condition must hold. */
    readonly held: string;
}

export interface Provocation {
    /** Short name of the spec. */
    name: string;
    /** What its checks call the alert. */
    title: string;
    description: string;
    ids: readonly string[];
    needs: readonly Feature[];
    locks(config: PlatformConfig): readonly Lock[];
    alert(config: PlatformConfig): ProvokedAlert;
    /** Causes the alert until the signal; what it has changed is as before when it ends. */
    provoke(target: Target, until: AbortSignal): Promise<void>;
    /** Waits for what the cause has left behind. Default: nothing. */
    after?(target: Target, signal: AbortSignal): Promise<void>;
    evidence(target: Target): Promise<EvidenceScope>;
}

/** Milliseconds that scraping, evaluating and a busy machine may add. */
const late = 20_000;

/** The spec of a provoked alert: pending, firing, told, ended, told again. */
export function provokedAlert(own: Provocation): Spec {
    const { ids } = own;
    const named = (title: string): Check => ({ ids, title: `${ids.join(" ")} ${title}` });
    return defineSpec({
        name: `alert-${own.name}`,
        description: own.description,
        needs: ["monitoring", "recorder", "short-alerts", ...own.needs],
        locks: (config) => [...shared(provocation), ...own.locks(config)],
        checks: {
            pending: named(`${own.title}: with its cause the alert is pending, and tells nobody yet`),
            fired: named(`${own.title}: it fires, and Slack's channel is told what and where`),
            resolved: named(`${own.title}: without its cause it ends, and Slack's channel is told so`),
        },
        async evidence(target) {
            const [monitoring, cause] = await Promise.all([alertingEvidence(target), own.evidence(target)]);
            return {
                ...cause,
                pods: [...(monitoring.pods ?? []), ...(cause.pods ?? [])],
                objects: [...(monitoring.objects ?? []), ...(cause.objects ?? [])],
            };
        },
        async run({ target, config, check, inOrder, progress, signal }) {
            const alerting = new Alerting(target);
            const alert = own.alert(config);
            const { interval } = config.monitoring.rules;
            const { groupWait, groupInterval, slack } = config.monitoring.receivers;
            const time = (...durations: string[]) => durations.reduce((sum, text) => sum + milliseconds(text), 0);
            const evaluation = Math.max(time(interval), time(config.monitoring.prometheus.evaluationInterval));
            const toFire = time(alert.window, alert.held) + 2 * evaluation + late;
            const toSend = time(groupWait, groupInterval);

            await awaitQuiet(alerting, alert, toFire, signal);
            const before = await alerting.lastMessage();
            const stop = new AbortController();
            let failure: unknown;
            const cause = own.provoke(target, AbortSignal.any([stop.signal, signal])).catch((error: unknown) => {
                failure = error;
            });
            const isTold = (status: string) => (message: { kind: string; title: string; text: string }) =>
                message.kind === "slack" &&
                message.title.includes(alert.name) &&
                message.text.includes(`*Service:* ${alert.service} `) &&
                message.text.includes(`*Severity:* ${alert.severity} `) &&
                message.text.includes(`*Status:* ${status}`);
            const text = (status: "firing" | "resolved") => slackText(status, alert);
            let firedAt = before;
            try {
                await inOrder(
                    () => check("pending", () => awaitPending(alerting, alert, toFire, signal)),
                    () =>
                        check("fired", async () => {
                            progress(`${alert.name} of ${alert.service} is pending for ${alert.held}`);
                            const message = await awaitMessage(alerting, {
                                what: `Slack is told of ${alert.name} of ${alert.service}`,
                                is: isTold("firing"),
                                wanted: { channel: slack.channel, text: text("firing") },
                                ...{ after: before, wait: toFire + toSend, signal },
                            });
                            firedAt = message.number;
                        }),
                );
            } finally {
                stop.abort();
                await cause;
            }
            if (failure !== undefined) throw failure;
            await inOrder(
                () =>
                    check("resolved", async () => {
                        progress(`the cause of ${alert.name} is gone; it looks back over ${alert.window}`);
                        await awaitMessage(alerting, {
                            what: `Slack is told of the end of ${alert.name} of ${alert.service}`,
                            is: isTold("resolved"),
                            wanted: { channel: slack.channel, text: text("resolved") },
                            ...{ after: firedAt, wait: time(alert.window) + 2 * evaluation + late + toSend, signal },
                        });
                    }),
                async () => own.after?.(target, signal),
            );
        },
    });
}

const isOf =
    ({ name, service, severity }: ProvokedAlert) =>
    ({ labels }: { labels: Readonly<Record<string, string>> }) =>
        labels["alertname"] === name && labels["service"] === service && labels["severity"] === severity;

/** Waits until what was before has left the window. */
async function awaitQuiet(alerting: Alerting, alert: ProvokedAlert, limit: number, signal: AbortSignal): Promise<void> {
    try {
        await until(
            `the end of an earlier ${alert.name} of ${alert.service}`,
            async () => !(await alerting.alerts()).some(isOf(alert)),
            { deadline: limit, interval: 500, signal },
        );
    } catch (error) {
        if (!(error instanceof DeadlineExceeded)) throw error;
        fail({
            expected: `no alert ${alert.name} of ${alert.service} before its cause is there`,
            seen: `it is there for more than ${seconds(limit)}`,
            cause: "the mesh has the problem that the alert is about, or the rule fires without it",
            action: "the alert's labels and value: Prometheus, /alerts",
        });
    }
}

/** Prometheus itself says that the alert was pending: a look at the right moment is not needed. */
async function awaitPending(
    alerting: Alerting,
    { name, service, severity }: ProvokedAlert,
    limit: number,
    signal: AbortSignal,
): Promise<void> {
    const start = Date.now();
    const alert = `ALERTS{alertname="${name}", service="${service}", severity="${severity}", alertstate="pending"}`;
    try {
        await until(
            `${name} of ${service} is pending`,
            async () => {
                const window = Math.ceil((Date.now() - start) / 1000) + 1;
                const counted = await alerting.query(`count_over_time(${alert}[${window}s])`);
                return counted.some(({ value }) => value > 0);
            },
            { deadline: limit, interval: 500, signal },
        );
    } catch (error) {
        if (!(error instanceof DeadlineExceeded)) throw error;
        const active = (await alerting.alerts()).map(({ labels, state }) => `${labels["alertname"]} ${state}`);
        fail({
            expected: `${name} of ${service} (${severity}) is pending within ${seconds(limit)} after its cause began`,
            seen: active.join(", ") || "no alert is pending or firing",
            cause: "the rule does not match the series of these requests, Prometheus does not scrape the proxies that tell of them, or the rule file is not loaded",
            action: "Prometheus, /rules and /targets; compare the expression's labels with those of istio_requests_total",
        });
    }
}
