import type { ConnectionPool, OutlierDetection } from "../../../../components/config/traffic";
import { milliseconds } from "../../../../components/config/units";
import type { EnvoyCluster } from "../../target/target";

/** A DestinationRule's policy as Envoy must have it, compared field by field. */

/** One field that differs. */
export interface Mismatch {
    field: string;
    expected: string;
    seen: string;
}

interface Field {
    field: string;
    expected: number | string;
    seen: number | string | undefined;
}

const mismatches = (fields: readonly Field[]): Mismatch[] =>
    fields
        .filter(({ expected, seen }) => expected !== seen)
        .map(({ field, expected, seen }) => ({ field, expected: String(expected), seen: String(seen ?? "not set") }));

export function outlierMismatches(cluster: EnvoyCluster, declared: OutlierDetection): Mismatch[] {
    const { outlier_detection: outlier, common_lb_config: common } = cluster;
    const number = (key: string) => outlier?.[key] as number | undefined;
    const time = (key: string) => (typeof outlier?.[key] === "string" ? milliseconds(outlier[key]) / 1000 : undefined);
    return mismatches([
        {
            field: "consecutive5xxErrors (consecutive_5xx)",
            expected: declared.consecutive5xxErrors,
            seen: number("consecutive_5xx"),
        },
        {
            field: "ejections carried out in % (enforcing_consecutive_5xx)",
            expected: 100,
            seen: outlier ? (number("enforcing_consecutive_5xx") ?? 100) : undefined,
        },
        {
            field: "interval in s (interval)",
            expected: milliseconds(declared.interval) / 1000,
            seen: time("interval"),
        },
        {
            field: "baseEjectionTime in s (base_ejection_time)",
            expected: milliseconds(declared.baseEjectionTime) / 1000,
            seen: time("base_ejection_time"),
        },
        {
            field: "maxEjectionPercent (max_ejection_percent)",
            expected: declared.maxEjectionPercent,
            seen: outlier ? (number("max_ejection_percent") ?? 0) : undefined,
        },
        {
            field: "minHealthPercent (healthy_panic_threshold)",
            expected: declared.minHealthPercent,
            seen: common?.healthy_panic_threshold ? (common.healthy_panic_threshold.value ?? 0) : undefined,
        },
    ]);
}

export function connectionPoolMismatches(cluster: EnvoyCluster, declared: ConnectionPool): Mismatch[] {
    const thresholds = cluster.circuit_breakers?.thresholds?.[0];
    const number = (key: string) => thresholds?.[key] as number | undefined;
    const options = Object.values(cluster.typed_extension_protocol_options ?? {}).find(
        (value) => value.common_http_protocol_options,
    );
    return mismatches([
        {
            field: "maxConnections (max_connections)",
            expected: declared.maxConnections,
            seen: number("max_connections"),
        },
        {
            field: "http1MaxPendingRequests (max_pending_requests)",
            expected: declared.http1MaxPendingRequests,
            seen: number("max_pending_requests"),
        },
        {
            field: "http2MaxRequests (max_requests)",
            expected: declared.http2MaxRequests,
            seen: number("max_requests"),
        },
        {
            field: "maxRequestsPerConnection (max_requests_per_connection)",
            expected: declared.maxRequestsPerConnection,
            seen: options?.common_http_protocol_options?.max_requests_per_connection ?? 0,
        },
        ...(declared.maxRetries === undefined
            ? []
            : [
                  {
                      field: "maxRetries (max_retries)",
                      expected: declared.maxRetries,
                      seen: number("max_retries"),
                  },
              ]),
    ]);
}

/** Envoy's name of a DestinationRule's simple load balancer; Envoy leaves its default, ROUND_ROBIN, out. */
export function loadBalancerMismatches(cluster: EnvoyCluster, declared: string): Mismatch[] {
    return mismatches([
        { field: "loadBalancer (lb_policy)", expected: declared, seen: cluster.lb_policy ?? "ROUND_ROBIN" },
    ]);
}

export function describeMismatches(list: readonly Mismatch[]): string {
    return list.map(({ field, expected, seen }) => `${field}: ${seen} instead of ${expected}`).join("; ");
}
