import { milliseconds } from "../../../../components/config/units";
import { defineSpec, exclusive, shared } from "../../spec";
import type { Answer } from "../../target/target";
import { seconds } from "../../wait";
import { ecommercePodEvidence } from "../ecommerce/evidence";
import { fail, tally } from "../support/answers";
import { Alerting } from "../support/alerting";
import { gatewayErrors } from "../support/errors";
import { ecommerceHost } from "../support/names";
import { openLoop } from "../support/open-loop";
import { settled } from "../support/settled";
import { provocation } from "./provoked";

/** The load: requests in a second, how long each is held, and one in how many fails. */
const load = { rate: 10, delay: 150, oneFailsIn: 10 } as const;
/** How far a recorded value may be from what was sent: scrapes do not fall on the window's ends. */
const tolerance = { traffic: 0.15, errors: 0.03 } as const;

export const goldenSignals = defineSpec({
    name: "golden-signals",
    description:
        "A load of a known rate, of which a known share fails and each request takes a known time, goes to one service for longer than the windows. What Prometheus has recorded of it then is what was sent.",
    needs: ["monitoring", "short-alerts", "ecommerce", "sample-app", "errors-below-ejection"],
    locks: (config) => [...shared(provocation), ...exclusive(gatewayErrors(service(config.ecommerce.services).name))],
    checks: {
        traffic: { ids: ["C15"], title: "C15 traffic: the recorded requests in a second are those that were sent" },
        errors: { ids: ["C15"], title: "C15 errors: the recorded share of errors is that of the answers" },
        latency: {
            ids: ["C15"],
            title: "C15 latency: the recorded 95th percentile lies in the bucket of the one that the client measured",
        },
        saturation: {
            ids: ["C15"],
            title: "C15 saturation: processor and memory of every service are recorded against what it declares",
        },
    },
    evidence: ecommercePodEvidence,
    async run({ target, config, check, all, progress, signal }) {
        const alerting = new Alerting(target);
        const { name, path } = service(config.ecommerce.services);
        const { namespace } = config.ecommerce;
        const { rules, prometheus } = config.monitoring;
        const windows = rules.goldenSignals;
        const host = ecommerceHost(config);
        const scrape = milliseconds(prometheus.scrapeInterval);
        const evaluation = milliseconds(rules.interval);
        const longest = Math.max(...[windows.traffic, windows.errors, windows.latency].map(milliseconds));
        // The oldest sample that a window needs, and what it takes until the newest one is recorded.
        const duration = longest + 3 * scrape + 2 * evaluation;
        const count = Math.ceil((duration / 1000) * load.rate);
        progress(`${load.rate} requests a second to ${name} for ${seconds(duration)}`);

        const headers = { "x-test-delay": `${load.delay}ms` };
        const good = { path, host, headers };
        const bad = { path, host, headers: { ...headers, "x-test-fail-attempts": "100" } };
        const share = 1 / load.oneFailsIn;
        const [answers, failures] = await Promise.all([
            openLoop(target, good, { rate: load.rate * (1 - share), count: Math.round(count * (1 - share)) }, signal),
            openLoop(target, bad, { rate: load.rate * share, count: Math.round(count * share) }, signal),
        ]);
        const sent = [...answers, ...failures];
        const of = `{destination_service_namespace="${namespace}", destination_service_name="${name}"}`;
        // Evaluated at the load's end: afterwards the windows contain less and less of it.
        const end = Date.now() - scrape;
        const recorded = async (record: string) => (await alerting.query(`${record}${of}`, end))[0]?.value;
        const differ = (expected: string, seen: string): never =>
            fail({
                expected,
                seen: `${seen}; the client saw ${tally(sent)}`,
                cause: "Prometheus does not scrape the gateway, its series have other labels, or the recording rules differ from the declared ones",
                action: `Prometheus, /graph: istio_requests_total${of.replace("}", ', reporter="source"}')}`,
            });

        await all(
            () =>
                check("traffic", async () => {
                    const rate = await recorded("service:istio_requests:rate");
                    if (rate !== undefined && Math.abs(rate / load.rate - 1) <= tolerance.traffic) return;
                    differ(`${load.rate} requests a second, to ${tolerance.traffic * 100} %`, `${rate} recorded`);
                }),
            () =>
                check("errors", async () => {
                    const wanted = sent.filter(isError).length / sent.length;
                    const ratio = await recorded("service:istio_requests:error_ratio");
                    if (ratio !== undefined && Math.abs(ratio - wanted) <= tolerance.errors) return;
                    differ(`a share of ${wanted.toFixed(3)}, to ${tolerance.errors}`, `${ratio} recorded`);
                }),
            () =>
                check("latency", async () => {
                    const p95 = await recorded("service:istio_request_duration_milliseconds:p95");
                    const buckets = await alerting.query(
                        `sum(istio_request_duration_milliseconds_bucket${of.replace("}", ', reporter="source"}')}) by (le)`,
                        end,
                    );
                    const bounds = buckets
                        .map(({ metric }) => Number((metric["le"] ?? "").replace("+Inf", "Infinity")))
                        .sort((a, b) => a - b);
                    const sorted = sent.map(({ ms }) => ms).sort((a, b) => a - b);
                    // The client waits a little longer than the gateway does, and a busy machine adds to both.
                    const near = [0.88, 0.95, 0.995].map((share) => sorted[Math.floor(share * (sorted.length - 1))]!);
                    const bucket = (ms: number) => bounds.findIndex((bound) => ms <= bound);
                    const wanted = near.map(bucket);
                    if (p95 !== undefined && bucket(p95) >= wanted[0]! && bucket(p95) <= wanted[2]!) return;
                    differ(
                        `about ${near[1]!.toFixed(0)} ms, in the same bucket of ${bounds.join(", ")}`,
                        `${p95} ms recorded`,
                    );
                }),
            () =>
                check("saturation", async () => {
                    const problems = await settled(() => unrecorded(), signal, 2 * evaluation + 4 * scrape);
                    if (problems.length === 0) return;
                    differ(
                        "of every service a share of its processors of at least 0, and of its memory between 0 and 1",
                        problems.join("; "),
                    );
                }),
        );

        async function unrecorded(): Promise<string[]> {
            const [cpu, memory] = await Promise.all(
                ["workload:container_cpu:request_utilization", "workload:container_memory:limit_utilization"].map(
                    (record) => alerting.query(`${record}{namespace="${namespace}"}`),
                ),
            );
            return Object.keys(config.ecommerce.services).flatMap((workload) => {
                const value = (samples: typeof cpu = []) =>
                    samples.find(({ metric }) => metric["workload"] === workload)?.value;
                const [processor, used] = [value(cpu), value(memory)];
                return [
                    ...(processor !== undefined && processor >= 0 ? [] : [`${workload}: processor ${processor}`]),
                    ...(used !== undefined && used > 0 && used < 1 ? [] : [`${workload}: memory ${used}`]),
                ];
            });
        }
    },
});

/** The service that the load goes to: no alert is provoked with it. */
function service(services: Readonly<Record<string, { path: string }>>): { name: string; path: string } {
    const all = Object.entries(services);
    const [name, { path }] = all[3 % all.length]!;
    return { name, path };
}

const isError = ({ status }: Answer) => status === undefined || status >= 500;
