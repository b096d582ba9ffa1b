import type { RulesConfig } from "../config/monitoring/rules";
import type { PlatformConfig } from "../config/platform";
import { selector, type RecordingRule, type RuleFiles } from "./rule";

/**
 * The golden signals of every service (C15) as series of their own, so that dashboards, alerts and people read the same numbers.
 *
 * Requests are those that the callers' proxies tell of (`reporter="source"`): each once, with what the caller got, retries
 * and time-outs included. The document's own expressions count a request once more for the pod that answers it.
 */

/** What is recorded depends on. */
export type RecordedConfig = Pick<PlatformConfig, "egov" | "ecommerce" | "study">;

/** Labels of a service in the recorded series. */
const byService = "by (destination_service_namespace, destination_service_name)";

/** Names of the recorded series. */
export const goldenSignals = {
    latency: "service:istio_request_duration_milliseconds:p95",
    traffic: "service:istio_requests:rate",
    errors: "service:istio_requests:error_ratio",
    cpu: "workload:container_cpu:request_utilization",
    memory: "workload:container_memory:limit_utilization",
} as const;

/** Name of the share of errors of the e-commerce services over a window. */
export function errorRatio(window: string): string {
    return `service:istio_requests:error_ratio_rate${window}`;
}

/** What is recorded, by the file that it is in; none where no system is deployed. */
export function recordingFiles(config: RecordedConfig, rules: RulesConfig): RuleFiles {
    const { interval } = rules;
    const namespaces = systemNamespaces(config);
    if (namespaces.length === 0) return {};
    return {
        "golden-signals.yaml": [
            {
                name: "golden-signals",
                interval,
                rules: [...requestSignals(namespaces, rules), ...saturation(namespaces, rules)],
            },
        ],
        ...(config.ecommerce.enabled && {
            "error-ratios.yaml": [{ name: "error-ratios", interval, rules: errorRatios(config, rules) }],
        }),
    };
}

/** The namespaces of the deployed systems. */
function systemNamespaces({ egov, ecommerce, study }: RecordedConfig): string[] {
    return [
        ...(egov.enabled ? [egov.namespaces.app, egov.namespaces.infra] : []),
        ...(ecommerce.enabled ? [ecommerce.namespace] : []),
        ...(study.enabled ? [study.namespace] : []),
    ];
}

/** The series of the callers' proxies about requests to services of these namespaces. */
const towards = (namespaces: readonly string[], labels: Readonly<Record<string, string>> = {}) =>
    selector({ reporter: "source", destination_service_namespace: `~${namespaces.join("|")}`, ...labels });

function requestSignals(namespaces: readonly string[], { goldenSignals: windows }: RulesConfig): RecordingRule[] {
    const buckets = `istio_request_duration_milliseconds_bucket${towards(namespaces)}[${windows.latency}]`;
    return [
        {
            record: goldenSignals.latency,
            expr: `histogram_quantile(0.95, sum(rate(${buckets})) by (destination_service_namespace, destination_service_name, le))`,
        },
        {
            record: goldenSignals.traffic,
            expr: `sum(rate(istio_requests_total${towards(namespaces)}[${windows.traffic}])) ${byService}`,
        },
        { record: goldenSignals.errors, expr: ratio(namespaces, windows.errors) },
    ];
}

/** The share of errors; 0, not nothing, where there are requests and no errors. */
function ratio(namespaces: readonly string[], window: string): string {
    const requests = `sum(rate(istio_requests_total${towards(namespaces)}[${window}])) ${byService}`;
    const errors = `sum(rate(istio_requests_total${towards(namespaces, { response_code: "~5.." })}[${window}])) ${byService}`;
    return `(${errors} or ${requests} * 0) / ${requests}`;
}

/**
 * How full the pods of each workload are: processor against what they request, memory against what they may use. cAdvisor has
 * a series of the whole pod beside those of its containers, without a container's name, which the document counts too.
 */
function saturation(namespaces: readonly string[], { goldenSignals: windows }: RulesConfig): RecordingRule[] {
    const containers = selector({ namespace: `~${namespaces.join("|")}` }).replace("}", ', container!=""}');
    const declared = (resource: string) => selector({ namespace: `~${namespaces.join("|")}`, resource });
    return [
        {
            record: goldenSignals.cpu,
            expr: `${byWorkload(`rate(container_cpu_usage_seconds_total${containers}[${windows.saturation}])`)} / ${byWorkload(`kube_pod_container_resource_requests${declared("cpu")}`)}`,
        },
        {
            record: goldenSignals.memory,
            expr: `${byWorkload(`container_memory_working_set_bytes${containers}`)} / ${byWorkload(`kube_pod_container_resource_limits${declared("memory")}`)}`,
        },
    ];
}

/** Sums over the pods of a Deployment, whose names are its own and two generated endings. */
function byWorkload(series: string): string {
    return `sum(label_replace(${series}, "workload", "$1", "pod", "(.+)-[a-z0-9]{6,10}-[a-z0-9]{5}")) by (namespace, workload)`;
}

/** The shares of errors that the alerts of the budget compare, one for each of their windows. */
function errorRatios({ ecommerce }: RecordedConfig, { objective }: RulesConfig): RecordingRule[] {
    const windows = new Set(objective.burnRates.flatMap(({ long, short }) => [long, short]));
    return [...windows].map((window) => ({
        record: errorRatio(window),
        expr: ratio([ecommerce.namespace], window),
    }));
}
