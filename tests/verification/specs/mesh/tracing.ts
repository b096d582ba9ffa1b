import { randomBytes, randomUUID } from "node:crypto";
import { JAEGER } from "../../../../components/config/monitoring/tracing";
import type { Listener } from "../../proxy-views/envoy";
import { takeSnapshot } from "../../proxy-views/snapshot";
import { defineSpec } from "../../spec";
import { binomialTest } from "../../statistics/binomial";
import { deviating, falseAlarm, sampleSize } from "../../statistics/sample-size";
import { outboundCluster } from "../../target/envoy";
import { Semaphore } from "../../target/semaphore";
import type { Answer, Pod, Target } from "../../target/target";
import { until } from "../../wait";
import { fail, grouped } from "../support/answers";
import { callChain } from "../support/callers";
import {
    apps,
    applicationPods,
    core,
    ecommerceHost,
    ecommercePods,
    ecommerceServices,
    ingressGateway,
} from "../support/names";
import { settled } from "../support/settled";
import { jaegerPod, rowOf, spansOf, tracesOfAgent, type Span } from "../support/traces";

/** Milliseconds in which a span can be read: Envoy sends every 5 s, and the collector takes a moment. */
const arrival = 20_000;
/** Proxies that are read at once: each answers with hundreds of kilobytes. */
const atOnce = 4;
/** The tracer that is part of every Envoy. */
const tracer = "envoy.tracers.opentelemetry";

/** What a connection manager says of tracing. */
interface Tracing {
    provider?: { name?: string; typed_config?: { grpc_service?: { envoy_grpc?: { cluster_name?: string } } } };
    random_sampling?: { value?: number };
}

export const tracing = defineSpec({
    name: "tracing",
    description:
        "A request with a trace id of its own goes through the gateway along the longest declared row of calls between services: Jaeger has one trace of it, whose spans are each a part of the caller's, with the status and the address that answered. Of requests without an id the declared share is traced.",
    needs: ["ecommerce", "sample-app", "tracing"],
    locks: () => [],
    checks: {
        settings: {
            ids: ["P14"],
            title: "P14 tracing: every proxy sends its spans to the declared collector, and begins traces of the declared share",
        },
        row: {
            ids: ["E16", "C7", "P14"],
            title: "E16 C7 trace: one trace spans the gateway and every service that was called, each span a part of its caller's",
            needs: ["service-calls"],
        },
        answers: {
            ids: ["E16"],
            title: "E16 spans: each shows the status, and the address of the pod that answered",
            needs: ["service-calls"],
        },
        sampling: {
            ids: ["P14"],
            title: "P14 sampling: the gateway begins traces of the declared share of requests",
        },
    },
    evidence: async (target) => ({
        pods: [...(await target.gatewayPods()), ...[await jaegerPod(target)].flatMap((pod) => pod ?? [])],
        objects: [
            { apiVersion: "telemetry.istio.io/v1", kind: "Telemetry", namespace: "" },
            { ...apps.deployment, namespace: target.config.egov.namespaces.monitoring },
            { ...core.service, namespace: target.config.egov.namespaces.monitoring },
        ],
    }),
    async run({ target, config, signal, check, all, inOrder, progress }) {
        const { monitoring: namespace } = config.egov.namespaces;
        const collector = outboundCluster(JAEGER.name, namespace, JAEGER.spans);
        const share = config.monitoring.tracing!.samplingPercent / 100;

        await all(
            () =>
                check("settings", async () => {
                    const problems = await settled(() => settingProblems(target, collector, 100 * share), signal);
                    if (problems.length === 0) return;
                    fail({
                        expected: `${tracer} with the cluster ${collector} and a sampling of ${100 * share} % in every proxy`,
                        seen: grouped(problems),
                        cause: "the Telemetry of the mesh is missing, another one replaces it, or the mesh's extensionProviders do not name the collector",
                        action: "kubectl get telemetries -A; kubectl -n istio-system get configmap istio -o yaml: compare with monitoring.tracing",
                    });
                }),
            () => followOne(),
            () => check("sampling", countTraces),
        );

        /** One request along a row of calls, and its trace. */
        async function followOne(): Promise<void> {
            const sent = sendAlong(target, callChain(config));
            // The checks await it; one that was not selected must not leave a rejection behind.
            sent.catch(() => undefined);
            const found = sent.then(async ({ traceId, pods }) => {
                progress("the spans of one request");
                let last: Span[] = [];
                await settled(
                    async () => {
                        last = await spansOf(target, traceId);
                        const others = last.filter(({ pod }) => !pods.some(({ name }) => name === pod));
                        const missing = pods.filter(({ name }) => !last.some(({ pod }) => pod === name));
                        return [...missing, ...(others.length === 0 ? [ingressGateway] : [])];
                    },
                    signal,
                    arrival,
                );
                return last;
            });
            found.catch(() => undefined);
            await inOrder(
                () =>
                    check("row", async () => {
                        const request = await sent;
                        const seen = await found;
                        const row = rowOf(seen, request.root);
                        const wanted = [await gatewayOf(seen), ...request.pods].map(({ name }) => name);
                        // A proxy that sends the request on makes one span of what came in and one of what it sent.
                        const hops = row?.map(({ pod }) => pod).filter((pod, index, all) => pod !== all[index - 1]);
                        if (hops?.join() === wanted.join() && row!.length === 2 * wanted.length - 1) return;
                        fail({
                            expected: `one row of spans from ${wanted.join(" to ")}, the first of them a part of the client's span`,
                            seen: row
                                ? `${row.length} spans: ${row.map(({ pod, kind }) => `${pod} (${kind})`).join(" > ") || "none"}`
                                : `${seen.length} spans that are no row: ${seen.map(({ id, parent, pod }) => `${pod} ${id} of ${parent ?? "nothing"}`).join(", ")}`,
                            cause: "a proxy sends no spans, Jaeger is not there, or a service does not pass on the headers of traces",
                            action: `kubectl -n ${namespace} logs deployment/${JAEGER.name}; look at the trace ${request.traceId}`,
                        });
                    }),
                () =>
                    check("answers", async () => {
                        const request = await sent;
                        const seen = await found;
                        const problems = answerProblems(seen, [await gatewayOf(seen), ...request.pods]);
                        if (problems.length === 0) return;
                        fail({
                            expected: `status 200 in every span, and in each caller's the address of the pod that it called`,
                            seen: grouped(problems),
                            cause: "spans are missing, or the request was answered by another pod than the one that the answer names",
                            action: `look at the trace ${request.traceId}`,
                        });
                    }),
            );
        }

        /** The pod of the gateway that a request went through: the one of which there is a span, else any. */
        async function gatewayOf(spans: readonly Span[]): Promise<Pod> {
            const pods = await target.gatewayPods();
            const own = pods.find(({ name }) => spans.some(({ pod }) => pod === name)) ?? pods[0];
            if (!own) throw new Error("no pod of the ingress gateway is ready");
            return own;
        }

        /** Requests on one connection, whose spans one thread of one proxy sends in order: with the last all have arrived. */
        async function countTraces(): Promise<void> {
            const count = sampleSize({ share, truth: deviating(share) });
            const agent = `istio-platform-${randomUUID()}`;
            const last = newTrace();
            const request = { path: "/no/such/path", host: ecommerceHost(config), headers: { "user-agent": agent } };
            const connection = await target.connect();
            try {
                for (let sent = 0; sent < count; sent++) await connection.send(request);
                await connection.send({ ...request, headers: { traceparent: last.traceparent } });
            } finally {
                await connection.close();
            }
            progress(`the traces of ${count} requests`);
            await until(
                "the last of the requests has its trace",
                async () => (await spansOf(target, last.traceId)).length > 0,
                {
                    deadline: arrival,
                    interval: 300,
                    signal,
                },
            ).catch(() => undefined);
            const gateway = `${ingressGateway}.istio-system`;
            const traced = (await tracesOfAgent(target, gateway, agent, count + 1)).length;
            const pValue = binomialTest(Math.min(traced, count), count, share);
            if (traced <= count && pValue >= falseAlarm) return;
            fail({
                expected: `traces of ${100 * share} % of ${count} requests (exact binomial test, p >= ${falseAlarm})`,
                seen: `traces of ${traced} of them, p = ${pValue.toExponential(1)}`,
                cause: "the sampling in force is another one, or spans do not arrive at Jaeger",
                action: "kubectl get telemetries -A -o yaml: compare randomSamplingPercentage with monitoring.tracing.samplingPercent",
            });
        }
    },
});

/** A request that was sent along a row of calls. */
interface Sent {
    traceId: string;
    /** Id of the client's own span. */
    root: string;
    /** The pods that it went through behind the gateway: one of each service. */
    pods: Pod[];
}

/** Ids that nobody else uses, and the header that hands them on. */
function newTrace(): { traceId: string; root: string; traceparent: string } {
    const [traceId, root] = [randomBytes(16).toString("hex"), randomBytes(8).toString("hex")];
    return { traceId, root, traceparent: `00-${traceId}-${root}-01` };
}

async function sendAlong(target: Target, services: readonly string[]): Promise<Sent> {
    const { config } = target;
    const [first = "", ...others] = services;
    const { path } = ecommerceServices(config).find(({ name }) => name === first)!;
    const { traceId, root, traceparent } = newTrace();
    const [answer] = await target.request({
        path,
        host: ecommerceHost(config),
        headers: { traceparent, "x-test-calls": others.join() },
    });
    const candidates = await Promise.all(services.map((name) => ecommercePods(target, name)));
    const pods = podsThatAnswered(answer!).map((name, index) => candidates[index]?.find((pod) => pod.name === name));
    if (answer!.status !== 200 || pods.length !== services.length || pods.some((pod) => !pod))
        fail({
            expected: `200, with the names of a pod of each of ${services.join(", ")}`,
            seen: `${answer!.status ?? answer!.error}: ${answer!.body.slice(0, 200)}; pods ${podsThatAnswered(answer!).join(", ") || "(none)"}`,
            cause: "a service on the way cannot be called, or is not the sample app",
            action: `call ${path} with the header x-test-calls: ${others.join()}`,
        });
    return { traceId, root, pods: pods.flatMap((pod) => pod ?? []) };
}

/** The pods of the services on the way: the one that answered, and those that it had called. */
function podsThatAnswered({ pod, headers }: Answer): string[] {
    return [pod ?? "", ...(headers["x-called"] ?? "").split(",")].filter((name) => name !== "");
}

/** Spans that show another status than 200, or that their request was sent to another address than the next pod's. */
function answerProblems(spans: readonly Span[], pods: readonly Pod[]): { subject: string; seen: string }[] {
    return pods.flatMap(({ name }, index) => {
        const own = spans.filter(({ pod }) => pod === name);
        const next = pods[index + 1];
        const sentOn = own.filter(
            ({ upstream }) => upstream !== undefined && next && upstream.startsWith(`${next.ip}:`),
        );
        return [
            ...(own.length === 0 ? ["has no span"] : []),
            ...own.filter(({ status }) => status !== 200).map(({ status }) => `status ${status}`),
            ...(own.length > 0 && next && sentOn.length === 0
                ? [
                      `sent to ${own.map(({ upstream = "nobody" }) => upstream).join(" and ")}, not to ${next.name} at ${next.ip}`,
                  ]
                : []),
        ].map((seen) => ({ subject: name, seen }));
    });
}

/** In what the tracing of a proxy differs from the declared one, for all proxies of gateway and applications. */
async function settingProblems(
    target: Target,
    collector: string,
    percent: number,
): Promise<{ subject: string; seen: string }[]> {
    const turns = new Semaphore(atOnce);
    const proxies = [...(await target.gatewayPods()), ...(await applicationPods(target))];
    const found = await Promise.all(
        proxies
            .filter(({ sidecar, labels }) => sidecar?.ready || labels["istio"] !== undefined)
            .map((pod) =>
                turns.use(async () => {
                    const { listeners } = await takeSnapshot(target.proxy(pod));
                    const settings = Object.values(listeners).flatMap(tracingOf);
                    const wrong = settings.flatMap((one) => oneProblem(one, collector, percent));
                    const seen = settings.length === 0 ? ["no listener for requests"] : [...new Set(wrong)];
                    return seen.map((problem) => ({ subject: pod.name, seen: problem }));
                }),
            ),
    );
    return proxies.length === 0 ? [{ subject: ingressGateway, seen: "there is no proxy" }] : found.flat();
}

/** What the connection managers of a listener, which let requests in or out, say of tracing. */
function tracingOf({
    filter_chains: chains = [],
    default_filter_chain: last,
    traffic_direction,
}: Listener): (Tracing | undefined)[] {
    if (traffic_direction === undefined) return [];
    return [...chains, ...(last ? [last] : [])]
        .flatMap(({ filters = [] }) => filters)
        .filter(({ name }) => name === "envoy.filters.network.http_connection_manager")
        .map(({ typed_config }) => (typed_config as { tracing?: Tracing } | undefined)?.tracing);
}

function oneProblem(settings: Tracing | undefined, collector: string, percent: number): string[] {
    const { provider, random_sampling: sampling } = settings ?? {};
    const cluster = provider?.typed_config?.grpc_service?.envoy_grpc?.cluster_name;
    if (provider?.name !== tracer || cluster !== collector)
        return [provider ? `${provider.name} to ${cluster}` : "makes no spans"];
    return (sampling?.value ?? 0) === percent ? [] : [`a sampling of ${sampling?.value ?? 0} %`];
}
