import { setTimeout as pause } from "node:timers/promises";
import { milliseconds } from "../../../../components/config/units";
import type { PlatformConfig } from "../../../../components/config/platform";
import { defineSpec, exclusive, type Spec } from "../../spec";
import type { Answer } from "../../target/target";
import { DeadlineExceeded, seconds, until } from "../../wait";
import { fail, tally } from "../support/answers";
import { Alerting, alertingEvidence, type ActiveAlert } from "../support/alerting";
import { ecommerceHost, ecommerceServices } from "../support/names";
import { provocation } from "./provoked";

/** Milliseconds between two rounds of requests to every service, and between two looks at the alerts. */
const thinkTime = 250;
const lookInterval = 1_000;
/** Milliseconds that scraping, evaluating and a busy machine may add until the last provoked alert has ended. */
const late = 30_000;

/**
 * No alert fires while normal requests come in.
 *
 * @param name Short name of the spec.
 * @param duration Milliseconds of load.
 * @param what How long that is, for the title.
 */
export function quiet(name: string, duration: number, what: string): Spec {
    return defineSpec({
        name,
        description: `Normal requests to every e-commerce service for ${what}. No alert fires meanwhile, and nobody is told anything.`,
        needs: ["monitoring", "ecommerce"],
        locks: () => exclusive(provocation),
        checks: {
            quiet: { ids: ["C16", "E12"], title: `C16 E12 healthy mesh: no alert fires in ${what} of normal load` },
        },
        evidence: alertingEvidence,
        async run({ target, config, check, progress, signal }) {
            const alerting = new Alerting(target);
            await check("quiet", async () => {
                await awaitNoAlert(alerting, longestMemory(config) + late, signal);
                const host = ecommerceHost(config);
                const answers: Answer[] = [];
                const fired = new Map<string, ActiveAlert>();
                const end = performance.now() + duration;
                const load = async () => {
                    while (performance.now() < end) {
                        signal.throwIfAborted();
                        for (const { path } of ecommerceServices(config))
                            answers.push(...(await target.request({ path, host })));
                        await pause(thinkTime, undefined, { signal });
                    }
                };
                const watch = async () => {
                    while (performance.now() < end) {
                        for (const alert of await alerting.alerts())
                            if (alert.state === "firing") fired.set(JSON.stringify(alert.labels), alert);
                        progress(`${seconds(Math.max(0, end - performance.now()))} of normal load to go`);
                        await pause(lookInterval, undefined, { signal });
                    }
                };
                await Promise.all([load(), watch()]);
                if (fired.size === 0 && answers.length > 0) return { "load.txt": `${tally(answers)}\n` };
                return fail({
                    expected: `no alert fires in ${what} of requests that are answered well`,
                    seen: `${[...fired.keys()].join(", ") || "no request was sent"}; ${tally(answers)}`,
                    cause: "the mesh has a problem that the checks do not see, or a rule fires without one",
                    action: "Prometheus, /alerts: labels and value; its expression at /graph",
                });
            });
        },
    });
}

/** The longest time for which an alert remembers its cause. */
function longestMemory({ monitoring: { rules } }: PlatformConfig): number {
    const { circuitBreaker, highErrorRate, highLatency, overflow, objective } = rules;
    const windows = [circuitBreaker, highErrorRate, highLatency, overflow].map(({ window }) => window);
    return Math.max(...[...windows, ...objective.burnRates.map(({ short }) => short)].map(milliseconds));
}

/** Waits for the end of what others have provoked. */
async function awaitNoAlert(alerting: Alerting, limit: number, signal: AbortSignal): Promise<void> {
    let active: ActiveAlert[] = [];
    try {
        await until(
            "the end of every alert",
            async () => {
                active = (await alerting.alerts()).filter(({ state }) => state === "firing");
                return active.length === 0;
            },
            { deadline: limit, interval: lookInterval, signal },
        );
    } catch (error) {
        if (!(error instanceof DeadlineExceeded)) throw error;
        fail({
            expected: `no alert is left ${seconds(limit)} after the last cause`,
            seen: active.map(({ labels }) => JSON.stringify(labels)).join(", "),
            cause: "the mesh has the problem that the alert is about, or the rule fires without it",
            action: "Prometheus, /alerts",
        });
    }
}
