import { z } from "zod";
import type { PlatformConfig } from "../platform";
import { resources } from "../resources";

/** Jaeger as others reach it: Deployment and Service of this name, in the namespace of the monitoring. */
export const JAEGER = {
    name: "jaeger",
    /** OTLP over gRPC: what the proxies send their spans to. */
    spans: 4317,
    /** OTLP over HTTP: for applications that make spans of their own. */
    spansHttp: 4318,
    /** API and web page. */
    query: 16686,
} as const;

/** Beginning of every path of Jaeger's API and page: the sub-path of the one domain (S1), the same inside of the cluster. */
export const JAEGER_PATH = "/jaeger";

/** Traces of requests (P14, E16): the proxies make them, Jaeger keeps them. */
export const tracing = z.strictObject({
    samplingPercent: z
        .number()
        .min(0)
        .max(100)
        .default(100)
        .describe(
            "Share of the requests, in percent, of which the gateway begins a trace; all, as the traffic study has it (P14). A request that says itself whether it is traced (traceparent) has its way",
        ),
    maxTraces: z
        .int()
        .min(1)
        .default(20_000)
        .describe("Traces that are kept, in memory; with one more the oldest is gone, with the pod all of them"),
    image: z
        .string()
        .min(1)
        .default("docker.io/jaegertracing/jaeger:2.13.0")
        .describe(
            "Image of Jaeger; where its registry cannot be reached, one of this name is built, without the web page",
        ),
    resources: resources
        .default({ requests: { cpu: "50m", memory: "128Mi" }, limits: { memory: "1Gi" } })
        .describe("Of Jaeger's container"),
});
export type TracingConfig = z.infer<typeof tracing>;

/** Who takes the proxies' spans, as a Service; undefined where there are no traces. */
export function spanCollector({ monitoring, egov }: PlatformConfig) {
    if (!monitoring.enabled || !monitoring.tracing) return undefined;
    return { name: JAEGER.name, namespace: egov.namespaces.monitoring, port: JAEGER.spans };
}

/** The URL of Jaeger's API inside of the cluster, as Grafana and Kiali want it. */
export function jaegerUrl(namespace: string): string {
    return `http://${JAEGER.name}.${namespace}.svc.cluster.local:${JAEGER.query}${JAEGER_PATH}`;
}
