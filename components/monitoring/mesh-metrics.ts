import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { ISTIO_NAMESPACE } from "../mesh";
import { ENVOY_FILTER_API } from "../traffic/api";

/**
 * Istio's standard metrics from proxies whose Envoy lacks Istio's statistics filter: an access logger of Envoy counts every request
 * with what it knows, and Prometheus makes Istio's labels of it when it scrapes (`istio-labels.ts`). docs/metrics.md has the mapping.
 */

/** What an Envoy notes of a request: label -> Envoy's format of an access log. */
type Notes = Readonly<Record<string, string>>;

/** What both sides know. */
const ANSWER: Notes = {
    request_protocol: "%PROTOCOL%",
    response_code: "%RESPONSE_CODE%",
    response_flags: "%RESPONSE_FLAGS%",
    grpc_response_status: "%GRPC_STATUS_NUMBER%",
};

/** The proxy's own workload, from the environment that injection gives it. */
const WORKLOAD = "%ENVIRONMENT(ISTIO_META_WORKLOAD_NAME)%";
const NAMESPACE = "%ENVIRONMENT(POD_NAMESPACE)%";

/** Of the called service Istio tells Envoy with each cluster: a JSON list of `host`, `name` and `namespace`. */
const SERVICES = "%METADATA(CLUSTER:istio:services)%";

/** What the caller's proxy, or a gateway, notes. */
export const SOURCE: Notes = {
    reporter: "source",
    source_workload: WORKLOAD,
    source_workload_namespace: NAMESPACE,
    source_principal: "%UPSTREAM_LOCAL_URI_SAN%",
    destination_principal: "%UPSTREAM_PEER_URI_SAN%",
    destination_services: SERVICES,
    // `workload;namespace;canonical service;revision;cluster`: Istio tells it with each endpoint.
    destination_endpoint: "%METADATA(UPSTREAM_HOST:istio:workload)%",
    ...ANSWER,
};

/** What the called pod's proxy notes. */
export const DESTINATION: Notes = {
    reporter: "destination",
    source_principal: "%DOWNSTREAM_PEER_URI_SAN%",
    destination_principal: "%DOWNSTREAM_LOCAL_URI_SAN%",
    destination_workload: WORKLOAD,
    destination_workload_namespace: NAMESPACE,
    destination_services: SERVICES,
    ...ANSWER,
};

/** The access logger: Envoy calls the series `envoy_istio_...`. */
function statistics(notes: Notes) {
    const tags = Object.entries(notes).map(([name, value_format]) => ({ name, value_format }));
    const histogram = (name: string, unit: string, value_format: string) => ({
        unit,
        value_format,
        stat: { name, tags },
    });
    return {
        name: "envoy.access_loggers.stats",
        typed_config: {
            "@type": "type.googleapis.com/envoy.extensions.access_loggers.stats.v3.Config",
            stat_prefix: "istio",
            counters: [{ value_fixed: 1, stat: { name: "requests_total", tags } }],
            histograms: [
                histogram("request_duration_milliseconds", "Milliseconds", "%DURATION%"),
                histogram("request_bytes", "Bytes", "%BYTES_RECEIVED%"),
                histogram("response_bytes", "Bytes", "%BYTES_SENT%"),
            ],
        },
    };
}

/** `spec` of the EnvoyFilter: of the control plane's namespace and without a selector, so for every proxy of the mesh. */
export function meshMetricsSpec() {
    const manager = "envoy.filters.network.http_connection_manager";
    const patch = (context: string, notes: Notes) => ({
        applyTo: "NETWORK_FILTER",
        match: { context, listener: { filterChain: { filter: { name: manager } } } },
        patch: {
            operation: "MERGE",
            value: {
                name: manager,
                typed_config: {
                    "@type": `type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager`,
                    access_log: [statistics(notes)],
                },
            },
        },
    });
    return {
        configPatches: [
            patch("GATEWAY", SOURCE),
            patch("SIDECAR_OUTBOUND", SOURCE),
            patch("SIDECAR_INBOUND", DESTINATION),
        ],
    };
}

/** An EnvoyFilter by which every proxy of the mesh counts its requests as Istio's own proxies do. */
export class MeshMetrics extends k8s.apiextensions.CustomResource {
    constructor(name: string, opts?: pulumi.CustomResourceOptions) {
        super(
            name,
            {
                apiVersion: ENVOY_FILTER_API,
                kind: "EnvoyFilter",
                metadata: { name, namespace: ISTIO_NAMESPACE },
                spec: meshMetricsSpec(),
            },
            opts,
        );
    }
}
