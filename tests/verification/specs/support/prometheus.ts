import { milliseconds } from "../../../../components/config/units";
import type { EvidenceScope } from "../../spec";
import type { Target } from "../../target/target";
import { DeadlineExceeded, until } from "../../wait";
import { apps } from "./names";

/** Prometheus of the monitoring, asked inside its pod, where no way to it can be broken. */

/** Names of the program for what the monitoring consists of. */
export const prometheusName = "prometheus";
export const alertmanagerName = "alertmanager";
export const prometheusPort = 9090;
/** Jobs of Prometheus. */
export const jobs = { proxies: "istio-proxies", controlPlane: "istiod" } as const;

/** Milliseconds in which Envoy makes a histogram of what it has measured: it does so every 5 s. */
const flushTime = 5_000;
/** Milliseconds that a busy machine needs beside the declared intervals. */
const slack = 15_000;

export type Labels = Readonly<Record<string, string>>;

/** The newest value of one series. */
export interface Sample {
    labels: Labels;
    value: number;
}

/** What is wrong with Prometheus itself: nobody answers. */
export class NoPrometheus extends Error {
    override readonly name = "NoPrometheus";
}

/** Namespace of the monitoring. */
export const monitoringNamespace = ({ config }: Pick<Target, "config">): string => config.egov.namespaces.monitoring;

/** GET of Prometheus' API: the field `data` of its answer. */
async function askPrometheus<T>(target: Target, path: string): Promise<T> {
    const pods = await target.kubernetes.pods(monitoringNamespace(target), { app: prometheusName });
    // On a busy machine a probe fails now and then; whoever runs may answer all the same.
    const pod = pods.find(({ readySince }) => readySince) ?? pods.find(({ phase }) => phase === "Running");
    if (!pod) throw new NoPrometheus(`no pod of ${prometheusName} in ${monitoringNamespace(target)} runs`);
    const { status, body } = await target.kubernetes
        .get(pod, prometheusPort, `/api/v1/${path}`)
        .catch((error: Error) => Promise.reject(new NoPrometheus(`${pod.name} does not answer: ${error.message}`)));
    if (status !== 200) throw new NoPrometheus(`${pod.name} answers ${status} to ${path}: ${body.slice(0, 200)}`);
    return (JSON.parse(body) as { data: T }).data;
}

/** The value of every series of an instant query. */
export async function query(target: Target, expression: string): Promise<Sample[]> {
    const { result } = await askPrometheus<{ result: { metric: Labels; value: [number, string] }[] }>(
        target,
        `query?query=${encodeURIComponent(expression)}`,
    );
    return result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
}

/** Milliseconds after which what a proxy has counted is in Prometheus for certain. */
export function scrapeTime({ config }: Pick<Target, "config">): number {
    return 3 * milliseconds(config.monitoring.prometheus.scrapeInterval) + flushTime + slack;
}

/** Waits until every target that is up has been scraped after this moment: what was counted before it is in Prometheus. */
export async function scraped(target: Target, signal: AbortSignal): Promise<void> {
    // By the clock of Prometheus: the one of this machine may differ.
    let since: number | undefined;
    let trouble = "";
    const look = async () => {
        try {
            since ??= (await query(target, "vector(time())"))[0]!.value + flushTime / 1000;
            return (await query(target, `timestamp(up) <= ${since}`)).length === 0;
        } catch (error) {
            if (!(error instanceof NoPrometheus)) throw error;
            trouble = `: ${error.message}`;
            return false;
        }
    };
    try {
        await until("a scrape of every target", look, { deadline: scrapeTime(target), interval: 500, signal });
    } catch (error) {
        throw error instanceof DeadlineExceeded ? new NoPrometheus(`${error.message}${trouble}`) : error;
    }
}

/** Increases of counters between two looks, each by the series' labels but those that say where it was read. */
export async function increases(target: Target, selector: string, before: readonly Sample[]): Promise<Sample[]> {
    const known = new Map(before.map(({ labels, value }) => [keyOf(labels), value]));
    return (await query(target, selector))
        .map(({ labels, value }) => ({ labels, value: value - (known.get(keyOf(labels)) ?? 0) }))
        .filter(({ value }) => value !== 0);
}

/** Sums of values by some labels: `a=1, b=2` -> sum. */
export function summed(samples: readonly Sample[], by: readonly string[]): Map<string, number> {
    const sums = new Map<string, number>();
    for (const { labels, value } of samples) {
        const key = by.map((name) => `${name}=${labels[name] ?? ""}`).join(", ");
        sums.set(key, (sums.get(key) ?? 0) + value);
    }
    return sums;
}

/** In what two maps of sums differ, one difference a line; empty where they are equal. */
export function sumDifferences(expected: ReadonlyMap<string, number>, seen: ReadonlyMap<string, number>): string[] {
    return [...new Set([...expected.keys(), ...seen.keys()])].flatMap((key) => {
        const [wanted = 0, found = 0] = [expected.get(key), seen.get(key)];
        return wanted === found ? [] : [`${found} instead of ${wanted} for {${key}}`];
    });
}

function keyOf(labels: Labels): string {
    return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The problems that remain when Prometheus has had the time to scrape; what a failing Prometheus says is one, too. */
export async function remaining(
    target: Target,
    signal: AbortSignal,
    problems: () => Promise<string[]>,
): Promise<string[]> {
    let last: string[] = [];
    const look = async () => {
        try {
            last = await problems();
        } catch (error) {
            if (!(error instanceof NoPrometheus)) throw error;
            last = [error.message];
        }
        return last.length === 0;
    };
    try {
        await until("no problem is left", look, { deadline: scrapeTime(target), interval: 500, signal });
    } catch (error) {
        if (!(error instanceof DeadlineExceeded)) throw error;
    }
    return last;
}

/** What explains a failure of the monitoring. */
export function monitoringEvidence(target: Target): EvidenceScope {
    const namespace = monitoringNamespace(target);
    return {
        objects: [
            { apiVersion: "v1", kind: "ConfigMap", namespace, name: prometheusName },
            { ...apps.deployment, namespace },
        ],
    };
}
