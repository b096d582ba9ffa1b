import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import type { ClusterApi } from "./api";

/** What one container was seen to use. */
export interface Measured {
    readonly cpuP95: number;
    readonly cpuMean: number;
    readonly memoryPeak: number;
}

/** Measurements by `namespace/pod/container`. */
export type Measurements = ReadonlyMap<string, Measured>;

/** Key of a container. */
export const keyOf = (namespace: string, pod: string, container: string) => `${namespace}/${pod}/${container}`;

/** Seconds between two looks at the kubelets: they measure every ten seconds themselves. */
const INTERVAL = 10;

/** A kubelet's summary, as far as it matters here. */
const summary = z.object({
    pods: z.array(
        z.object({
            podRef: z.object({ name: z.string(), namespace: z.string() }),
            containers: z
                .array(
                    z.object({
                        name: z.string(),
                        cpu: z.object({ time: z.iso.datetime(), usageCoreNanoSeconds: z.number() }).optional(),
                        memory: z.object({ workingSetBytes: z.number() }).optional(),
                    }),
                )
                .optional(),
        }),
    ),
});

/** One look at a container. */
export interface Sample {
    /** Milliseconds since 1970. */
    readonly at: number;
    /** Nanoseconds of processor time since the container's start. */
    readonly cpu: number;
    /** Bytes. */
    readonly memory: number;
}

/**
 * Looks at all kubelets for some seconds.
 * @throws Error when no container was seen twice: nothing can be said of any.
 */
export async function measureByKubelets(
    api: ClusterApi,
    seconds: number,
    onProgress: (line: string) => void,
): Promise<Measurements> {
    const nodes = await api.nodes();
    const samples = new Map<string, Sample[]>();
    let missed: Error | undefined;
    const end = Date.now() + seconds * 1000;
    for (;;) {
        for (const node of nodes) {
            try {
                const text = await api.get(`/api/v1/nodes/${node}/proxy/stats/summary`);
                collect(summary.parse(JSON.parse(text)), samples);
            } catch (error) {
                // A busy node misses a look; the next one covers its time, too.
                onProgress(`node ${node} does not answer: ${(error as Error).message}`);
                missed = error as Error;
            }
        }
        const left = end - Date.now();
        if (left <= 0) break;
        onProgress(`measuring for ${Math.ceil(left / 1000)} s more`);
        await delay(Math.min(left, INTERVAL * 1000));
    }
    const measured = new Map([...samples].flatMap(([key, list]) => (list.length > 1 ? [[key, evaluate(list)]] : [])));
    if (measured.size === 0) throw missed ?? new Error("no container was measured twice: measure for longer (--for)");
    return measured;
}

function collect({ pods }: z.infer<typeof summary>, samples: Map<string, Sample[]>): void {
    for (const { podRef, containers = [] } of pods)
        for (const { name, cpu, memory } of containers) {
            if (!cpu || !memory) continue;
            const key = keyOf(podRef.namespace, podRef.name, name);
            const list = samples.get(key) ?? [];
            const at = Date.parse(cpu.time);
            // A kubelet that has not measured again tells the same once more.
            if (list.at(-1)?.at !== at)
                list.push({ at, cpu: cpu.usageCoreNanoSeconds, memory: memory.workingSetBytes });
            samples.set(key, list);
        }
}

/** What some looks at one container say; a counter that has become smaller is that of a new container. */
export function evaluate(samples: readonly Sample[]): Measured {
    const rates = samples
        .slice(1)
        .map(({ at, cpu }, index) => ({ seconds: (at - samples[index]!.at) / 1000, used: cpu - samples[index]!.cpu }))
        .filter(({ seconds, used }) => seconds > 0 && used >= 0);
    const perSecond = rates.map(({ seconds, used }) => used / 1e9 / seconds).sort((a, b) => a - b);
    const time = rates.reduce((sum, { seconds }) => sum + seconds, 0);
    const used = rates.reduce((sum, { used }) => sum + used, 0) / 1e9;
    return {
        cpuP95: perSecond[Math.max(0, Math.ceil(perSecond.length * 0.95) - 1)] ?? 0,
        cpuMean: time > 0 ? used / time : 0,
        memoryPeak: Math.max(...samples.map(({ memory }) => memory)),
    };
}

/** Prometheus' answer to an instant query. */
const answer = z.object({
    status: z.literal("success"),
    data: z.object({
        result: z.array(
            z.object({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.string()]) }),
        ),
    }),
});

/** What the report asks Prometheus of the last seconds; the kubelets' series are named as they name them. */
export function prometheusQueries(seconds: number): Readonly<Record<keyof Measured, string>> {
    const by = "namespace, pod, container";
    const selector = '{container!="", pod!=""}';
    const rate = `rate(container_cpu_usage_seconds_total${selector}[1m])`;
    return {
        cpuP95: `max by (${by}) (quantile_over_time(0.95, ${rate}[${seconds}s:10s]))`,
        cpuMean: `max by (${by}) (avg_over_time(${rate}[${seconds}s:10s]))`,
        memoryPeak: `max by (${by}) (max_over_time(container_memory_working_set_bytes${selector}[${seconds}s]))`,
    };
}

/** Asks the Prometheus behind a Service, through the API server. */
export async function measureByPrometheus(
    api: ClusterApi,
    service: { readonly namespace: string; readonly name: string; readonly port: number },
    seconds: number,
): Promise<Measurements> {
    const { namespace, name, port } = service;
    const found = new Map<string, Partial<Record<keyof Measured, number>>>();
    for (const [what, query] of Object.entries(prometheusQueries(seconds))) {
        const path = `/api/v1/namespaces/${namespace}/services/${name}:${port}/proxy/api/v1/query`;
        const text = await api.get(`${path}?query=${encodeURIComponent(query)}`);
        for (const { metric, value } of answer.parse(JSON.parse(text)).data.result) {
            const key = keyOf(metric["namespace"]!, metric["pod"]!, metric["container"]!);
            found.set(key, { ...found.get(key), [what]: Number(value[1]) });
        }
    }
    return new Map(
        [...found].flatMap(([key, { cpuP95, cpuMean, memoryPeak }]) =>
            cpuP95 === undefined || cpuMean === undefined || memoryPeak === undefined
                ? []
                : [[key, { cpuP95, cpuMean, memoryPeak }]],
        ),
    );
}
