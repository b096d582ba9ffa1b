import { goldenSignals } from "../recording-rules";

/**
 * The PromQL of the dashboards (C17). Metrics are named as Istio, Envoy, the kubelet, kube-state-metrics and the node exporter name them.
 * `$namespace`, `$service` and `$pod` are the dashboards' variables; `$__rate_interval` is Grafana's: at least four scrapes.
 */

/** Window of every rate. */
const WINDOW = "$__rate_interval";

/** Sum of the rates of a counter by some labels. */
function rate(counter: string, selector: string, by: string): string {
    return `sum by (${by}) (rate(${counter}{${selector}}[${WINDOW}]))`;
}

/** A share, 0 to 1; an absent part is none of the whole, and a whole of nothing is no share. */
function share(part: string, whole: string): string {
    return `((${part}) or (${whole}) * 0) / ((${whole}) > 0)`;
}

/** Quantile of a histogram by a label. */
function quantile(q: number, histogram: string, selector: string, by: string): string {
    return `histogram_quantile(${q}, ${rate(`${histogram}_bucket`, selector, `le, ${by}`)})`;
}

/** Mean of a histogram by a label. */
function mean(histogram: string, selector: string, by: string): string {
    return `${rate(`${histogram}_sum`, selector, by)} / (${rate(`${histogram}_count`, selector, by)} > 0)`;
}

/** The service that was called. */
const SERVICE = "destination_service_name";

/**
 * Requests as their callers' proxies saw them: an answer that a caller's proxy gave itself, say because a circuit breaker was
 * open, counts, too.
 */
const CALLED = `reporter="source", destination_service_namespace=~"$namespace", ${SERVICE}=~"$service"`;

/** Requests without those whose caller had the wrong wish: 5xx, and what ended without a status. */
const FAILED = `${CALLED}, response_code=~"5..|0"`;

const requests = (selector: string) => rate("istio_requests_total", selector, SERVICE);

/** A recorded series (recording-rules.ts): the number that the alerts look at, too. */
const recorded = (series: string) =>
    `sum by (${SERVICE}) (${series}{destination_service_namespace=~"$namespace", ${SERVICE}=~"$service"})`;

/** Golden signals of services. */
export const services = {
    /** Requests per second. */
    requests: recorded(goldenSignals.traffic),
    /** Share of failed requests. */
    errors: recorded(goldenSignals.errors),
    /** Share of requests that did not fail. */
    success: `1 - (${share(requests(FAILED), requests(CALLED))})`,
    /** Milliseconds that 95 % of the requests take at most. */
    p95: recorded(goldenSignals.latency),
    /** The same of another share. */
    latency: (q: number) => quantile(q, "istio_request_duration_milliseconds", CALLED, SERVICE),
    /** Requests per second by status. */
    byStatus: rate("istio_requests_total", CALLED, "response_code"),
} as const;

/** What the proxies see. */
export const mesh = {
    /** Requests per second by caller and service. */
    volume: rate("istio_requests_total", CALLED, `source_workload, ${SERVICE}`),
    /** Mean milliseconds of a request. */
    duration: mean("istio_request_duration_milliseconds", CALLED, SERVICE),
    /** Mean bytes of a request. */
    requestSize: mean("istio_request_bytes", CALLED, SERVICE),
    /** Mean bytes of an answer. */
    responseSize: mean("istio_response_bytes", CALLED, SERVICE),
    /** Requests per second by Envoy's response flags: UO is an open circuit breaker, UH no healthy endpoint. */
    flags: rate("istio_requests_total", CALLED, `response_flags, ${SERVICE}`),
    /** Requests per second with and without mutual TLS, as the called side saw them. */
    mutualTls: rate(
        "istio_requests_total",
        `reporter="destination", destination_service_namespace=~"$namespace", ${SERVICE}=~"$service"`,
        "connection_security_policy",
    ),
} as const;

/** Containers that are not the pause container, which has no name. */
const CONTAINER = 'namespace=~"$namespace", pod=~"$pod", container!=""';
const POD = 'namespace=~"$namespace", pod=~"$pod"';
const BY_POD = "namespace, pod";

/** Sum of what the pods' containers have declared. */
function declared(kind: "requests" | "limits", resource: "cpu" | "memory"): string {
    return `sum by (${BY_POD}) (kube_pod_container_resource_${kind}{${POD}, resource="${resource}"})`;
}

const cpu = rate("container_cpu_usage_seconds_total", CONTAINER, BY_POD);
const memory = `sum by (${BY_POD}) (container_memory_working_set_bytes{${CONTAINER}})`;

/** What pods and nodes use. */
export const usage = {
    /** Cores. */
    cpu,
    /** Cores used to cores reserved. */
    cpuOfRequest: `${cpu} / (${declared("requests", "cpu")} > 0)`,
    /** Bytes that cannot be given back under pressure. */
    memory,
    /** Bytes used to bytes at which the pod's containers are ended. */
    memoryOfLimit: `${memory} / (${declared("limits", "memory")} > 0)`,
    /** Bytes per second. */
    received: rate("container_network_receive_bytes_total", POD, BY_POD),
    sent: rate("container_network_transmit_bytes_total", POD, BY_POD),
    /** Bytes per second of the nodes' block devices: not every kernel counts them by container. */
    read: `sum by (instance) (rate(node_disk_read_bytes_total[${WINDOW}]))`,
    written: `sum by (instance) (rate(node_disk_written_bytes_total[${WINDOW}]))`,
    /** Pods that are ready, and that are not. */
    ready: `sum by (condition) (kube_pod_status_ready{${POD}})`,
    /** Starts of containers after their first one. */
    restarts: `sum by (${BY_POD}) (increase(kube_pod_container_status_restarts_total{${POD}}[1h]))`,
    /** Share of a node's processors that do not wait. */
    nodeCpu: `1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[${WINDOW}]))`,
    /** Share of a node's memory that cannot be had without swapping. */
    nodeMemory: "1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes",
} as const;

/** What Envoy itself counts of the connections to a service: each proxy for itself, by the name of its cluster. */
const CLUSTER = "cluster_name";
const OUTBOUND = `${CLUSTER}=~"outbound.*($service)[.].*"`;

/** Circuit breakers and connection pools. */
export const circuitBreakers = {
    /** Proxies in which a circuit breaker is open: connections, waiting requests or requests have reached their limit. */
    open: `sum by (${CLUSTER}) (max by (pod, ${CLUSTER}) ({__name__=~"envoy_cluster_circuit_breakers_default_(cx|rq|rq_pending)_open", ${OUTBOUND}}))`,
    /** Requests per second that were refused because a circuit breaker was open. */
    overflow: rate("envoy_cluster_upstream_rq_pending_overflow", OUTBOUND, CLUSTER),
    /** Endpoints that are ejected for their errors, summed over the proxies. */
    ejected: `sum by (${CLUSTER}) (envoy_cluster_outlier_detection_ejections_active{${OUTBOUND}})`,
    /** Connections that are open. */
    connections: `sum by (${CLUSTER}) (envoy_cluster_upstream_cx_active{${OUTBOUND}})`,
    /** Requests that wait for a connection. */
    waiting: `sum by (${CLUSTER}) (envoy_cluster_upstream_rq_pending_active{${OUTBOUND}})`,
} as const;

/** What the sample services count themselves (services/sample-app/metrics.ts). */
export const business = {
    /** Orders in the last hour. */
    orders: "sum(increase(orders_created_total[1h]))",
    /** Orders per hour at the pace of the last minutes. */
    ordersPace: `sum(rate(orders_created_total[${WINDOW}])) * 3600`,
    /** Share of the last hour's payments that succeeded. */
    paymentSuccess: share('sum(increase(payments_total{outcome="success"}[1h]))', "sum(increase(payments_total[1h]))"),
    /** Payments per hour by outcome. */
    payments: `sum by (outcome) (rate(payments_total[${WINDOW}])) * 3600`,
    /** Sign-ups in the last hour. */
    signUps: "sum(increase(customers_signed_up_total[1h]))",
    signUpsPace: `sum(rate(customers_signed_up_total[${WINDOW}])) * 3600`,
    /** Clicks to recommendations shown, in the last hour. */
    clickRate: share(
        "sum(increase(recommendations_clicked_total[1h]))",
        "sum(increase(recommendations_shown_total[1h]))",
    ),
    /** Recommendations shown and clicked, per hour. */
    shown: `sum(rate(recommendations_shown_total[${WINDOW}])) * 3600`,
    clicked: `sum(rate(recommendations_clicked_total[${WINDOW}])) * 3600`,
} as const;
