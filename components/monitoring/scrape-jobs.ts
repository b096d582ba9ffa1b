import { ALERTMANAGER, PROMETHEUS } from "../config/monitoring/prometheus";
import { CONTROL_PLANE_SELECTOR, ISTIO_NAMESPACE } from "../mesh";
import { istioLabels, type Relabeling } from "./istio-labels";

/** What Prometheus scrapes: `scrape_configs`. Targets are found by the names of the pods' ports, so that no pod needs an annotation. */

/** What decides about the scrapes. */
export interface ScrapeArgs {
    /** Namespace of the monitoring. */
    namespace: string;
    /** Whose Envoy the proxies are: Istio's own count requests by themselves. */
    proxies: "istio" | "vanilla-envoy";
}

/** A job, as Prometheus writes it. */
export interface ScrapeJob {
    readonly job_name: string;
    readonly metric_relabel_configs?: readonly Relabeling[];
    readonly [field: string]: unknown;
}

/** Names of the jobs; the suite and dashboards refer to them. */
export const JOBS = {
    proxies: "istio-proxies",
    controlPlane: "istiod",
} as const;

/**
 * Where the agent beside a proxy shows the proxy's metrics together with its own and those of the application (Istio's merging). Pods with
 * a proxy are known by the port that Istio gives to each.
 */
const MERGED = { port: 15020, path: "/stats/prometheus", proxyPort: "http-envoy-prom" } as const;

/** Port of istiod's metrics. */
const CONTROL_PLANE_METRICS = 15014;

/** All jobs but those of `clusterMetrics`, which has its own. */
export function scrapeJobs({ namespace, proxies }: ScrapeArgs): ScrapeJob[] {
    const controlPlane = Object.entries(CONTROL_PLANE_SELECTOR).map(([label, value]) => keep(`label_${label}`, value));
    return [
        tool(PROMETHEUS, namespace),
        tool(ALERTMANAGER, namespace),
        {
            ...pods(JOBS.proxies, [
                keep("container_port_name", MERGED.proxyPort),
                {
                    source_labels: ["__meta_kubernetes_pod_ip"],
                    target_label: "__address__",
                    replacement: `$1:${MERGED.port}`,
                },
            ]),
            metrics_path: MERGED.path,
            metric_relabel_configs: [
                // Some of these for each cluster of each proxy, each twenty times: nobody asks for them.
                { source_labels: ["__name__"], regex: "envoy_cluster_.+_bucket", action: "drop" },
                ...(proxies === "vanilla-envoy" ? istioLabels() : []),
            ],
        },
        pods(
            JOBS.controlPlane,
            [...controlPlane, keep("container_port_number", String(CONTROL_PLANE_METRICS))],
            [ISTIO_NAMESPACE],
        ),
    ];
}

/** A tool of the monitoring, by its Service. */
function tool({ name, port }: { name: string; port: number }, namespace: string): ScrapeJob {
    return { job_name: name, static_configs: [{ targets: [`${name}.${namespace}.svc:${port}`] }] };
}

const keep = (fact: string, regex: string): Relabeling => ({
    source_labels: [`__meta_kubernetes_pod_${fact}`],
    regex,
    action: "keep",
});

/** Ports of pods; each series says whose it is. Pods that have ended are left out. */
function pods(job: string, wanted: readonly Relabeling[], namespaces?: readonly string[]): ScrapeJob {
    const label = (name: string, fact = name): Relabeling => ({
        source_labels: [`__meta_kubernetes_${fact}`],
        target_label: name,
    });
    return {
        job_name: job,
        kubernetes_sd_configs: [{ role: "pod", ...(namespaces && { namespaces: { names: namespaces } }) }],
        relabel_configs: [
            ...wanted,
            { source_labels: ["__meta_kubernetes_pod_phase"], regex: "Succeeded|Failed", action: "drop" },
            label("namespace"),
            label("pod", "pod_name"),
            label("app", "pod_label_app"),
            label("version", "pod_label_version"),
        ],
    };
}
