import { z } from "zod";
import { duration, percent } from "./units";

/** Traffic policy in the domain's words; the numbers of the documents are the profiles below, once. */

/** Load-balancing algorithms of a DestinationRule (`trafficPolicy.loadBalancer.simple`). */
export const loadBalancer = z.enum(["ROUND_ROBIN", "LEAST_REQUEST", "RANDOM"]);
export type LoadBalancer = z.infer<typeof loadBalancer>;

/** Outlier detection of a DestinationRule: when a host leaves the load-balancing pool, and for how long. */
export const outlierDetection = z.strictObject({
    interval: duration.describe("Time between two ejection sweeps"),
    consecutive5xxErrors: z.int().min(1).describe("Errors in a row after which a host is ejected"),
    baseEjectionTime: duration.describe("Length of the first ejection; the n-th in a row lasts n times as long"),
    maxEjectionPercent: percent
        .min(1, "at least 1 %: Istio takes 0 for Envoy's default of 10 %")
        .describe("Largest share of the hosts that may be ejected at once"),
    minHealthPercent: percent
        .default(0)
        .describe("Below this share of healthy hosts nothing is ejected (Envoy's panic threshold)"),
});
export type OutlierDetection = z.infer<typeof outlierDetection>;

/** Connection pool of a DestinationRule: what one client proxy may have open or waiting towards a service. */
export const connectionPool = z.strictObject({
    maxConnections: z.int().min(1).describe("TCP connections"),
    http1MaxPendingRequests: z.int().min(1).describe("Requests waiting for a connection"),
    http2MaxRequests: z.int().min(1).describe("Requests under way at once"),
    maxRequestsPerConnection: z.int().min(0).describe("Requests after which a connection is closed; 0: no limit"),
    maxRetries: z.int().min(1).optional().describe("Retries under way at once. Default: practically unlimited"),
});
export type ConnectionPool = z.infer<typeof connectionPool>;

/** What a proxy retries (`retryOn` of a VirtualService): Envoy's and gRPC's conditions. */
export const retryCondition = z.enum([
    "5xx",
    "gateway-error",
    "reset",
    "connect-failure",
    "refused-stream",
    "retriable-4xx",
    "retriable-status-codes",
    "unavailable",
    "cancelled",
    "deadline-exceeded",
    "resource-exhausted",
    "internal",
]);
export type RetryCondition = z.infer<typeof retryCondition>;

/** Conditions that Istio gives the retries of every HTTPRoute; beside them these look at statuses only (P12). */
export const httpRouteRetryConditions = [
    "connect-failure",
    "refused-stream",
    "unavailable",
    "cancelled",
] as const satisfies readonly RetryCondition[];

/** Whether an HTTPRoute retries on exactly these conditions; Istio's default has a status beside them. */
export function isHttpRouteRetry(conditions: readonly RetryCondition[] = []): boolean {
    return [...conditions].sort().join() === [...httpRouteRetryConditions].sort().join();
}

/** Retries of a VirtualService's route. `attempts: 0` switches them off. */
export const retries = z.strictObject({
    attempts: z.int().min(0).describe("Tries after the first one"),
    perTryTimeout: duration.describe("Time allowed to each try"),
    retryOn: z.array(retryCondition).min(1).describe("Conditions under which a try is repeated"),
    codes: z
        .array(z.int().min(500).max(599))
        .min(1)
        .optional()
        .describe("Statuses of errors after which a try is repeated, beside what the conditions say. Default: none"),
});
export type Retries = z.infer<typeof retries>;

/** Time-out and retries of a route: together they bound what a client waits. */
export const routePolicy = z.strictObject({
    timeout: duration.describe("Time allowed to the whole request, retries included"),
    retries: retries.describe("What is tried again"),
});
export type RoutePolicy = z.infer<typeof routePolicy>;

/** The circuit-breaker profiles of the e-Government guide: `test` is requirement E5, `production` is E6. */
export const outlierProfiles = {
    test: {
        interval: "1s",
        consecutive5xxErrors: 3,
        baseEjectionTime: "30s",
        maxEjectionPercent: 100,
        minHealthPercent: 0,
    },
    production: {
        interval: "10s",
        consecutive5xxErrors: 5,
        baseEjectionTime: "300s",
        maxEjectionPercent: 50,
        minHealthPercent: 60,
    },
} as const satisfies Record<string, OutlierDetection>;

/** Route policy of the e-commerce services: requirement C3. */
export const ecommerceRoutePolicy: RoutePolicy = {
    timeout: "30s",
    retries: { attempts: 3, perTryTimeout: "10s", retryOn: ["5xx", "reset", "connect-failure", "refused-stream"] },
};

/** Connection pool of the e-commerce services: requirement C4. */
export const ecommerceConnectionPool: ConnectionPool = {
    maxConnections: 100,
    http1MaxPendingRequests: 50,
    http2MaxRequests: 100,
    maxRequestsPerConnection: 2,
};

/** Outlier detection of the e-commerce services: requirement C4. */
export const ecommerceOutlierDetection: OutlierDetection = {
    interval: "10s",
    consecutive5xxErrors: 5,
    baseEjectionTime: "30s",
    maxEjectionPercent: 50,
    minHealthPercent: 40,
};
