import { defineSpec, exclusive } from "../../spec";
import type { Answer, OutsideRequest, Target } from "../../target/target";
import { ecommerceEvidence } from "../ecommerce/evidence";
import { fail, tally } from "../support/answers";
import { forgetErrors, gatewayErrors } from "../support/errors";
import {
    ecommerceHost,
    ecommercePods,
    ecommerceServices,
    ingressGateway,
    type EcommerceService,
} from "../support/names";
import { increases, query, remaining, scraped, summed, sumDifferences, type Sample } from "../support/prometheus";

/**
 * What Prometheus has counted equals what was sent, one by one. Other specs send requests at the same time: these here are
 * known by statuses that nobody else asks for.
 */
const statuses = { counted: 452, delayed: 453, failing: 560 } as const;

/** Requests to each service. */
const counted = 7;
const delayed = 5;
/** Milliseconds that an answer waits for, and the borders of the histogram around it. */
const delay = { time: 300, below: 250 } as const;

const metrics = { requests: "istio_requests_total", duration: "istio_request_duration_milliseconds" } as const;

/** Labels by which the counts are compared. */
const by = [
    ...["reporter", "source_workload", "source_workload_namespace", "destination_workload"],
    ...["destination_service", "destination_service_name", "destination_service_namespace"],
    ...["response_code", "response_flags", "request_protocol", "connection_security_policy"],
] as const;

export const meshMetrics = defineSpec({
    name: "mesh-metrics",
    description:
        "Requests from outside with statuses that nobody else asks for: Istio's standard metrics of the gateway and of the sidecars have counted each of them once, with the right labels, and measured how long it took.",
    needs: ["monitoring", "ecommerce", "sample-app", "errors-below-ejection"],
    locks: (config) => exclusive(...ecommerceServices(config).map(({ name }) => gatewayErrors(name))),
    startsFirst: true,
    checks: {
        requests: {
            ids: ["C15", "E11"],
            title: "C15 E11 metrics: istio_requests_total has counted exactly the requests that were sent, at the gateway and at each pod, with Istio's labels",
        },
        retried: {
            ids: ["C15"],
            title: "C15 metrics: a failing request is counted once by the gateway, with its flag, and once a try by the sidecars",
            needs: ["retries-on-5xx"],
        },
        durations: {
            ids: ["C15"],
            title: "C15 metrics: istio_request_duration_milliseconds has the count of the requests, and buckets and sum that fit the measured times",
        },
    },
    evidence: ecommerceEvidence,
    async run({ target, config, signal, check, all, wanted }) {
        const everyStatus = Object.values(statuses).join("|");
        const services = ecommerceServices(config);
        const action = `kubectl -n ${config.egov.namespaces.monitoring} get configmap prometheus -o yaml (docs/metrics.md has the mapping); kubectl -n istio-system get envoyfilters`;
        const cause =
            "a proxy is not scraped, its EnvoyFilter is missing, or Prometheus makes other labels of what Envoy has counted";
        let before: { requests: Sample[]; durations: Sample[] } | undefined;
        let sent: Sent | undefined;
        /** Once for all checks: the looks before, the requests. */
        const prepare = async () => {
            await scraped(target, signal);
            before = {
                requests: await query(target, `${metrics.requests}{response_code=~"${everyStatus}"}`),
                durations: await query(target, `{__name__=~"${metrics.duration}_.*",response_code=~"${everyStatus}"}`),
            };
            sent = await send(target, services, wanted("retried"));
        };
        let preparing: Promise<void> | undefined;
        const prepared = async () => {
            preparing ??= prepare();
            await preparing;
            return { before: before!, sent: sent! };
        };

        await all(
            () =>
                check("requests", async () => {
                    const { before, sent } = await prepared();
                    const selector = `${metrics.requests}{response_code="${statuses.counted}"}`;
                    const expected = await expectedCounts(target, sent.counted, statuses.counted);
                    const problems = await remaining(target, signal, async () =>
                        sumDifferences(expected, summed(await increases(target, selector, before.requests), by)),
                    );
                    if (problems.length === 0) return;
                    fail({
                        expected: `${counted} requests to each of ${services.length} services, by their labels`,
                        seen: problems.slice(0, 8).join("; "),
                        cause,
                        action,
                    });
                }),
            () =>
                check("retried", async () => {
                    const { before, sent } = await prepared();
                    const tries = config.ecommerce.routePolicy.retries.attempts + 1;
                    const selector = `${metrics.requests}{response_code="${statuses.failing}"}`;
                    const labels = ["reporter", "destination_service_name", "response_flags"];
                    const expected = new Map(
                        sent.failing.flatMap(({ service }) => [
                            [`reporter=source, destination_service_name=${service.name}, response_flags=URX`, 1],
                            [`reporter=destination, destination_service_name=${service.name}, response_flags=-`, tries],
                        ]),
                    );
                    const problems = await remaining(target, signal, async () =>
                        sumDifferences(expected, summed(await increases(target, selector, before.requests), labels)),
                    );
                    if (problems.length === 0) return;
                    fail({
                        expected: `one request to each of ${services.length} services, tried ${tries} times`,
                        seen: problems.slice(0, 8).join("; "),
                        cause,
                        action,
                    });
                }),
            () =>
                check("durations", async () => {
                    const { before, sent } = await prepared();
                    const problems = await remaining(target, signal, async () => {
                        const selector = `{__name__=~"${metrics.duration}_.*",response_code="${statuses.delayed}"}`;
                        const grown = await increases(target, selector, before.durations);
                        return sent.delayed.flatMap((one) => durationProblems(one, grown));
                    });
                    if (problems.length === 0) return;
                    fail({
                        expected: `${delayed} requests to each of ${services.length} services that take ${delay.time} ms at least, and no longer than the client has waited`,
                        seen: problems.slice(0, 8).join("; "),
                        cause,
                        action,
                    });
                }),
        );
    },
});

interface SentTo {
    service: EcommerceService;
    answers: Answer[];
}

interface Sent {
    counted: SentTo[];
    delayed: SentTo[];
    failing: SentTo[];
}

/** Sends all requests; each must come back with its status, or nothing is proved. */
async function send(target: Target, services: readonly EcommerceService[], failing: boolean): Promise<Sent> {
    const host = ecommerceHost(target.config);
    const tries = target.config.ecommerce.routePolicy.retries.attempts + 1;
    const each = async (status: number, count: number, headers: OutsideRequest["headers"] = {}): Promise<SentTo[]> =>
        Promise.all(
            services.map(async (service) => {
                const all = { "x-test-fail-attempts": String(tries + 10), "x-test-status": String(status), ...headers };
                const request = { path: service.path, host, headers: all };
                const answers = await target.request(request, { count });
                if (status >= 500) await forgetErrors(target, service.name, service.path);
                const wrong = answers.filter((answer) => answer.status !== status || answer.pod === undefined);
                if (wrong.length > 0)
                    fail({
                        expected: `${count} times ${status} from ${service.name}`,
                        seen: tally(answers),
                        cause: "the requests do not reach the service",
                        action: "see the checks of the e-commerce services",
                    });
                return { service, answers };
            }),
        );
    return {
        counted: await each(statuses.counted, counted),
        delayed: await each(statuses.delayed, delayed, { "x-test-delay": `${delay.time}ms` }),
        failing: failing ? await each(statuses.failing, 1) : [],
    };
}

/** What is to be counted of answered requests, by {@link by}. */
async function expectedCounts(target: Target, sent: readonly SentTo[], status: number): Promise<Map<string, number>> {
    const { namespace } = target.config.ecommerce;
    const samples: Sample[] = [];
    for (const { service, answers } of sent) {
        const pods = await ecommercePods(target, service.name);
        for (const { pod: name } of answers) {
            const version = pods.find((pod) => pod.name === name)?.labels["version"];
            const deployment = service.versions.find((one) => one.version === version)?.deployment ?? "";
            const labels = {
                source_workload: ingressGateway,
                source_workload_namespace: "istio-system",
                destination_workload: deployment,
                destination_service: `${service.name}.${namespace}.svc.cluster.local`,
                destination_service_name: service.name,
                destination_service_namespace: namespace,
                response_code: String(status),
                response_flags: "-",
                request_protocol: "http",
            };
            samples.push(
                { labels: { ...labels, reporter: "source", connection_security_policy: "unknown" }, value: 1 },
                { labels: { ...labels, reporter: "destination", connection_security_policy: "mutual_tls" }, value: 1 },
            );
        }
    }
    return summed(samples, by);
}

/** What is wrong with the histograms of one service, of the gateway and of its sidecars. */
function durationProblems({ service, answers }: SentTo, grown: readonly Sample[]): string[] {
    const longest = Math.max(...answers.map(({ ms }) => ms));
    const total = answers.reduce((sum, { ms }) => sum + ms, 0);
    return ["source", "destination"].flatMap((reporter) => {
        const own = grown.filter(
            ({ labels }) => labels["reporter"] === reporter && labels["destination_service_name"] === service.name,
        );
        // Prometheus writes a border as 500.0, Envoy as 500.
        const borderOf = ({ labels: { le } }: Sample) => (le === "+Inf" ? Infinity : Number(le));
        const valueOf = (part: string, border?: number) =>
            own
                .filter(({ labels }) => labels["__name__"] === `${metrics.duration}_${part}`)
                .filter((sample) => border === undefined || borderOf(sample) === border)
                .reduce((sum, { value }) => sum + value, 0);
        const within = Math.min(...own.map(borderOf).filter((border) => border >= longest), Infinity);
        const [count, sum] = [valueOf("count"), valueOf("sum")];
        const [low, high] = [valueOf("bucket", delay.below), valueOf("bucket", within)];
        const at = `${service.name}, reporter ${reporter}`;
        return [
            ...(count === answers.length ? [] : [`${at}: a count of ${count} instead of ${answers.length}`]),
            ...(low === 0 ? [] : [`${at}: ${low} requests of ${delay.time} ms within ${delay.below} ms`]),
            ...(high === answers.length
                ? []
                : [
                      `${at}: ${high} of ${answers.length} requests within ${within} ms, the client has waited ${longest.toFixed(0)} ms at most`,
                  ]),
            // Envoy keeps values of a histogram to about 5 %.
            ...(sum >= answers.length * delay.time * 0.9 && sum <= total * 1.1
                ? []
                : [`${at}: ${sum.toFixed(0)} ms together, the client has waited ${total.toFixed(0)} ms`]),
        ];
    });
}
