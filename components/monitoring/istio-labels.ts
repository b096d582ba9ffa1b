/**
 * How Prometheus makes Istio's names and labels of what vanilla Envoy's access logger has counted (`mesh-metrics.ts`): rules of
 * `metric_relabel_configs`, in this order. Series of other names are left as they are.
 */

/** One rule, as Prometheus writes it. */
export interface Relabeling {
    readonly source_labels?: readonly string[];
    readonly separator?: string;
    readonly regex?: string;
    readonly target_label?: string;
    readonly replacement?: string;
    readonly action?: string;
}

/** What Istio writes where it does not know. */
const UNKNOWN = "unknown";

/** Sets a label from others of the access logger's series: `regex` is matched with their values, joined by `;`. */
function set(target: string, labels: readonly string[], regex: string, replacement: string): Relabeling {
    return {
        source_labels: ["__name__", ...labels],
        regex: `envoy_istio_[^;]+;${regex}`,
        target_label: target,
        replacement,
    };
}

/** Labels of Istio's that must not be empty. */
const named = [
    ...["source_workload", "source_workload_namespace", "source_principal"],
    ...["destination_workload", "destination_workload_namespace", "destination_principal"],
    ...["destination_service", "destination_service_name", "destination_service_namespace"],
];

/** Of the first service in the list that Istio tells Envoy with a cluster. */
const ofService = (field: string) => `.*?"${field}":"([^"]+)".*`;

/** The rules. */
export function istioLabels(): Relabeling[] {
    const caller = ["reporter", "source_principal"];
    return [
        set("destination_service", ["destination_services"], ofService("host"), "$1"),
        set("destination_service_name", ["destination_services"], ofService("name"), "$1"),
        set("destination_service_namespace", ["destination_services"], ofService("namespace"), "$1"),
        set("destination_workload", ["destination_endpoint"], "([^;]+);.*", "$1"),
        set("destination_workload_namespace", ["destination_endpoint"], "[^;]*;([^;]+);.*", "$1"),
        // The called side knows its caller by the identity in mutual TLS alone: the workload is that of the service account.
        set("source_workload_namespace", caller, "destination;spiffe://[^/]+/ns/([^/]+)/sa/.+", "$1"),
        set("source_workload", caller, "destination;spiffe://[^/]+/ns/[^/]+/sa/(.+)", "$1"),
        set("connection_security_policy", ["reporter"], "source", UNKNOWN),
        set("connection_security_policy", caller, "destination;.+", "mutual_tls"),
        set("connection_security_policy", caller, "destination;", "none"),
        set("request_protocol", ["request_protocol"], "HTTP/.*", "http"),
        set("request_protocol", ["grpc_response_status"], ".+", "grpc"),
        ...named.map((label) => set(label, [label], "", UNKNOWN)),
        { regex: "destination_services|destination_endpoint", action: "labeldrop" },
        { source_labels: ["__name__"], regex: "envoy_istio_(.+)", target_label: "__name__", replacement: "istio_$1" },
    ];
}
