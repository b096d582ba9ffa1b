import * as units from "@grafana/grafana-foundation-sdk/units";
import { serviceVariables, type DashboardSpec } from "./dashboard";
import { graph } from "./panels";
import { circuitBreakers, mesh } from "./queries";

const service = "{{destination_service_name}}";
const cluster = "{{cluster_name}}";

/** What the proxies see and do (C17). */
export const istioMetrics: DashboardSpec = {
    uid: "istio-metrics",
    title: "Istio metrics",
    description:
        "Traffic between the services, and what the proxies do about it: circuit breakers, ejections, connection pools",
    variables: serviceVariables,
    rows: [
        [
            "Traffic",
            [
                graph({
                    title: "Request volume by caller and service",
                    description:
                        "Who calls whom, in requests per second. A caller that nobody declared is worth a question.",
                    unit: units.RequestsPerSecond,
                    queries: [{ expr: mesh.volume, legend: `{{source_workload}} → ${service}` }],
                }),
                graph({
                    title: "Mean request duration",
                    description: "Mean time of a request as its caller's proxy measured it, retries included.",
                    unit: units.Milliseconds,
                    queries: [{ expr: mesh.duration, legend: service }],
                }),
                graph({
                    title: "Mean request size",
                    description: "Mean size of a request's body.",
                    unit: units.BytesIEC,
                    queries: [{ expr: mesh.requestSize, legend: service }],
                }),
                graph({
                    title: "Mean response size",
                    description: "Mean size of an answer's body.",
                    unit: units.BytesIEC,
                    queries: [{ expr: mesh.responseSize, legend: service }],
                }),
                graph({
                    title: "Requests by response flags",
                    description:
                        "What Envoy says of a request: - nothing, UO circuit breaker open, UH no healthy endpoint, UF no connection, UT time-out, URX retries used up.",
                    unit: units.RequestsPerSecond,
                    queries: [{ expr: mesh.flags, legend: `{{response_flags}} ${service}` }],
                }),
                graph({
                    title: "Requests by mutual TLS",
                    description:
                        "mutual_tls: both sides have shown a certificate. none: plain text, which STRICT refuses.",
                    unit: units.RequestsPerSecond,
                    queries: [{ expr: mesh.mutualTls, legend: "{{connection_security_policy}}" }],
                }),
            ],
        ],
        [
            "Circuit breakers and connection pools",
            [
                graph({
                    title: "Open circuit breakers",
                    description:
                        "Proxies whose limit of connections, waiting requests or requests to a service is reached: they refuse the next one. The alert CircuitBreakerOpen watches the refusals (C16).",
                    unit: units.Short,
                    queries: [{ expr: circuitBreakers.open, legend: cluster }],
                    thresholds: { warning: 1, critical: 1, bad: "above" },
                }),
                graph({
                    title: "Requests refused by circuit breakers",
                    description:
                        "Requests per second that found the connection pool full and were answered 503 with the flag UO.",
                    unit: units.RequestsPerSecond,
                    queries: [{ expr: circuitBreakers.overflow, legend: cluster }],
                }),
                graph({
                    title: "Ejected endpoints",
                    description:
                        "Pods that a proxy sends nothing to for a while because of their errors, counted in every proxy.",
                    unit: units.Short,
                    queries: [{ expr: circuitBreakers.ejected, legend: cluster }],
                }),
                graph({
                    title: "Connection pool",
                    description: "Open connections to a service, and requests that wait for one, over all proxies.",
                    unit: units.Short,
                    queries: [
                        { expr: circuitBreakers.connections, legend: `connections ${cluster}` },
                        { expr: circuitBreakers.waiting, legend: `waiting ${cluster}` },
                    ],
                }),
            ],
        ],
    ],
};
