import { KUBE_STATE_METRICS, NODE_EXPORTER, type ClusterMetricsConfig } from "../../config/monitoring/cluster-metrics";

/** Where Kubernetes puts what a pod's account shows the API server and the kubelets. */
const ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";

/** The kubelets' measurements that somebody looks at: all of them are hundreds of series a container. */
const USED_OF_CADVISOR = [
    "container_cpu_usage_seconds_total",
    "container_cpu_cfs_throttled_periods_total",
    "container_memory_working_set_bytes",
    "container_network_(receive|transmit)_bytes_total",
    "container_oom_events_total",
].join("|");

/** What of Kubernetes itself is scraped: objects, containers, nodes. */
export function clusterScrapeJobs(config: ClusterMetricsConfig, namespace: string) {
    if (!config.enabled) return [];
    return [
        {
            job_name: KUBE_STATE_METRICS.name,
            // Its series are about other pods: their labels `namespace` and `pod` are meant.
            honor_labels: true,
            static_configs: [{ targets: [`${KUBE_STATE_METRICS.name}.${namespace}:${KUBE_STATE_METRICS.port}`] }],
        },
        {
            job_name: NODE_EXPORTER.name,
            kubernetes_sd_configs: [{ role: "pod", namespaces: { names: [namespace] } }],
            relabel_configs: [
                keep("__meta_kubernetes_pod_label_app", NODE_EXPORTER.name),
                { source_labels: ["__meta_kubernetes_pod_node_name"], target_label: "instance" },
            ],
        },
        {
            job_name: "kubelet-cadvisor",
            scheme: "https",
            metrics_path: "/metrics/cadvisor",
            authorization: { credentials_file: `${ACCOUNT}/token` },
            // A kubelet signs its own certificate in most clusters, as in this project's; what it lets see is decided by the token.
            tls_config: { insecure_skip_verify: true },
            kubernetes_sd_configs: [{ role: "node" }],
            relabel_configs: [{ source_labels: ["__meta_kubernetes_node_name"], target_label: "node" }],
            metric_relabel_configs: [keep("__name__", USED_OF_CADVISOR)],
        },
    ];
}

function keep(label: string, regex: string) {
    return { source_labels: [label], regex, action: "keep" };
}
