import { takeSnapshot, type ProxySnapshot } from "../../../tests/verification/proxy-views/snapshot";
import type { Answer, KubernetesObject, Pod, Target } from "../../../tests/verification/target/target";
import { until } from "../../../tests/verification/wait";
import type { Measurement, Outcome, ProbeMeasurement } from "./measurement";
import { nameOf, type Probe } from "./probes";

/** How much is asked. */
export interface MeasureOptions {
    readonly probes: readonly Probe[];
    /** Requests of each kind. */
    readonly requests: number;
    /** Whether requests that the services hold are timed: as long as the longest time-out. */
    readonly held: boolean;
    readonly signal: AbortSignal;
}

/** Longest time that a held request is waited for, in milliseconds: the longest time-out of the documents (C3) and a bit. */
const HELD = 45_000;

/** Milliseconds in which every proxy has to have what istiod last said. */
const SETTLING = 60_000;

/** Asks the mesh all that two sides are compared by. */
export async function measure(
    target: Target,
    { probes, requests, held, signal }: MeasureOptions,
): Promise<Measurement> {
    await settle(target, signal);
    const begin = performance.now();
    const pods = await meshPods(target);
    const counter = { requests: 0 };
    const proxies = await snapshots(target, pods);
    const plainText = await plainTextOutcomes(target, pods);
    const calls = await callOutcomes(target, pods, counter);
    const answers = new Map<string, Record<string, number>>();
    for (const probe of probes) {
        signal.throwIfAborted();
        const received = await target.request(toRequest(probe), { count: requests, concurrency: 4 });
        counter.requests += requests;
        answers.set(nameOf(probe), tally(received, pods));
    }
    const timed = new Map<string, ProbeMeasurement["held"]>();
    if (held)
        await Promise.all(
            probes.map(async (probe) => {
                if (!reachesPod(answers.get(nameOf(probe))!)) return;
                const headers = { ...probe.headers, "x-test-delay": `${HELD / 1000}s` };
                const [answer] = await target.request({ ...toRequest(probe), headers, timeout: HELD });
                counter.requests++;
                if (answer?.status !== undefined) timed.set(nameOf(probe), { status: answer.status, ms: answer.ms });
            }),
        );
    // What fails on purpose comes last: nothing measured may meet a pod that was ejected for it.
    const tries = new Map<string, ProbeMeasurement["tries"]>();
    for (const probe of probes) {
        if (!reachesPod(answers.get(nameOf(probe))!)) continue;
        tries.set(nameOf(probe), await countTries(target, probe, counter));
    }
    return {
        probes: probes.map((probe) => ({
            probe,
            answers: answers.get(nameOf(probe)) ?? {},
            tries: tries.get(nameOf(probe)),
            held: timed.get(nameOf(probe)),
        })),
        ...{ plainText, calls, proxies, requests: counter.requests, seconds: (performance.now() - begin) / 1000 },
    };
}

/** The objects by which routes are declared. */
export function declaredRoutes(target: Target): Promise<KubernetesObject[]> {
    return target.kubernetes.objects({ apiVersion: "networking.istio.io/v1", kind: "VirtualService", namespace: "" });
}

/** Waits until every proxy has acknowledged what istiod last sent, twice in a row. */
async function settle(target: Target, signal: AbortSignal): Promise<void> {
    let last = "";
    await until(
        "every proxy has the newest configuration",
        async () => {
            const proxies = await target.proxySync().catch(() => []);
            const state = JSON.stringify(proxies.map(({ proxy, sent }) => [proxy, sent]).sort());
            const steady = proxies.length > 0 && proxies.every(({ stale }) => stale.length === 0) && state === last;
            last = state;
            return steady;
        },
        { deadline: SETTLING, interval: 1_000, signal },
    );
}

const toRequest = ({ method, host, path, headers }: Probe) => ({ method, host, path, headers });

/** Pods with a proxy, the gateways among them, that are ready. */
async function meshPods(target: Target): Promise<Pod[]> {
    const namespaces = await target.kubernetes.objects({ apiVersion: "v1", kind: "Namespace", namespace: "" });
    const pods = (await Promise.all(namespaces.map(({ metadata }) => target.kubernetes.pods(metadata.name)))).flat();
    return pods.filter(({ readySince }) => readySince);
}

/** `order-api v2`: what a pod is a part of. */
function workloadOf({ labels, name }: Pod): string {
    const app = labels["app"] ?? labels["app.kubernetes.io/name"];
    return app === undefined ? name : [app, labels["version"]].filter(Boolean).join(" ");
}

function tally(answers: readonly Answer[], pods: readonly Pod[]): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { status, pod, headers } of answers) {
        const from = pods.find(({ name }) => name === pod);
        const by = from ? workloadOf(from) : pod ? "an unknown pod" : "the proxy";
        const to = headers["location"] ? ` to ${headers["location"]}` : "";
        const key = status === undefined ? "no answer" : `${status} by ${by}${to}`;
        counts[key] = (counts[key] ?? 0) + 1;
    }
    return counts;
}

const reachesPod = (answers: Readonly<Record<string, number>>): boolean =>
    Object.keys(answers).some((outcome) => outcome.startsWith("200 by ") && !outcome.startsWith("200 by the proxy"));

/** Good requests after one that fails, so that a pod's errors in a row are forgotten. */
const GOOD = 12;

async function countTries(
    target: Target,
    probe: Probe,
    counter: { requests: number },
): Promise<ProbeMeasurement["tries"]> {
    const headers = { ...probe.headers, "x-test-fail-attempts": "1000" };
    const [answer] = await target.request({ ...toRequest(probe), headers });
    await target.request(toRequest(probe), { count: GOOD });
    counter.requests += 1 + GOOD;
    return answer?.attempt === undefined || answer.status === undefined
        ? undefined
        : { number: answer.attempt, status: answer.status };
}

/** One pod of each workload. */
function oneOfEach(pods: readonly Pod[]): Map<string, Pod> {
    return new Map(pods.map((pod) => [`${pod.namespace}/${workloadOf(pod)}`, pod]));
}

/** Whether the applications' ports answer plain text from a client outside the mesh, three times each. */
async function plainTextOutcomes(target: Target, pods: readonly Pod[]): Promise<Record<string, Outcome>> {
    const asked = [...oneOfEach(pods.filter(isApplication))].flatMap(([name, pod]) =>
        pod.containers
            .filter((container) => container.name !== pod.sidecar?.name)
            .flatMap(({ ports }) => ports.map((port) => ({ name: `${name} port ${port}`, pod, port }))),
    );
    const outcomes = await Promise.all(
        asked.map(async ({ name, pod, port }) => {
            const tries = await Promise.all(
                [0, 1, 2].map(() =>
                    target.kubernetes
                        .plainText(pod, port, "/health")
                        .then((answer) => ("refused" in answer ? "refused" : "accepted"))
                        .catch((error: Error) => `not asked: ${error.message}`),
                ),
            );
            return [name, agreed(tries)] as const;
        }),
    );
    return Object.fromEntries(outcomes);
}

/** A pod of an application in the mesh: it has a sidecar beside a container of its own. */
function isApplication(pod: Pod): boolean {
    return (
        pod.sidecar !== undefined &&
        pod.namespace !== "istio-system" &&
        pod.containers.some(({ image }) => image.includes("sample-app"))
    );
}

interface Service extends KubernetesObject {
    spec?: { ports?: { name?: string; port: number }[]; selector?: Record<string, string>; clusterIP?: string };
}

/** What each workload gets that calls a Service of an application, three times. */
async function callOutcomes(
    target: Target,
    pods: readonly Pod[],
    counter: { requests: number },
): Promise<Record<string, Outcome>> {
    const applications = pods.filter(isApplication);
    const namespaces = new Set(applications.map(({ namespace }) => namespace));
    const services = await target.kubernetes.objects<Service>({ apiVersion: "v1", kind: "Service", namespace: "" });
    const called = services
        .filter(({ metadata, spec }) => namespaces.has(metadata.namespace ?? "") && spec?.clusterIP !== "None")
        .map(({ metadata, spec }) => ({
            name: `${metadata.namespace}/${metadata.name}`,
            url: `http://${metadata.name}.${metadata.namespace}.svc.cluster.local:${spec?.ports?.[0]?.port ?? 80}/health`,
        }));
    const outcomes: Record<string, Outcome> = {};
    for (const [caller, pod] of oneOfEach(applications)) {
        const answers = await target
            .inside(
                pod,
                called.map(({ url }) => url),
                { timeout: 5_000 },
                { count: 3 },
            )
            .catch(() => undefined);
        counter.requests += called.length * 3;
        called.forEach(({ name }, index) => {
            const own = answers?.slice(index * 3, index * 3 + 3).map(({ status }) => String(status ?? "no answer"));
            outcomes[`${caller} -> ${name}`] = own ? agreed(own) : "not asked";
        });
    }
    return outcomes;
}

function agreed(outcomes: readonly string[]): Outcome {
    const different = [...new Set(outcomes)].sort();
    return different.length === 1 ? different[0]! : `varies: ${different.join(", ")}`;
}

/** The configuration of one proxy of each workload. */
async function snapshots(target: Target, pods: readonly Pod[]): Promise<Record<string, ProxySnapshot>> {
    const proxies = [...oneOfEach(pods.filter(hasProxy))];
    const taken = await Promise.all(
        proxies.map(async ([name, pod]) => [name, await takeSnapshot(target.proxy(pod))] as const),
    );
    return Object.fromEntries(taken);
}

/** Whether a pod has an Envoy: a sidecar, or as gateway nothing else. */
function hasProxy(pod: Pod): boolean {
    return pod.sidecar !== undefined || pod.containers.some(({ name }) => name === "istio-proxy");
}
