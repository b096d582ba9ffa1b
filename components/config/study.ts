import { z } from "zod";
import { appResources } from "./apps";
import { localityPolicy, zone } from "./locality";
import { routes, type Route } from "./routes";
import { connectionPool, loadBalancer, outlierDetection } from "./traffic";
import { dnsLabel, duration, host } from "./units";

/**
 * The system of the traffic and resilience study: catalog behind webapp, simple-backend behind simple-web (T1-T4, T6,
 * T8-T13). Each experiment of the study is a route of its own, so that one environment shows them all at once.
 */

/** The services, and the ports that their containers listen on. */
export const studyContainerPorts = { catalog: 3000, webapp: 8080, "simple-web": 8080, "simple-backend": 8080 } as const;

/** The zones of the study (T9): the caller and one version of simple-backend in the first, the other one in the second. */
const zones = { a: "us-west1/us-west1-a", b: "us-west1/us-west1-b" } as const;

/** Everything to v1; the share of v2 grows from the header to 10 % and 50 %; copies to v2. */
const catalogRoutes: Route[] = [
    { name: "canary", match: at("/canary"), weights: { v1: 90, v2: 10 } },
    { name: "half", match: at("/half"), weights: { v1: 50, v2: 50 } },
    { name: "mirrored", match: at("/mirrored"), weights: { v1: 100 }, mirror: { to: "v2", percent: 100 } },
    { name: "internal", match: at("/", { "x-istio-cohort": "internal" }), weights: { v2: 100 } },
    { name: "everyone", match: at("/"), weights: { v1: 100 } },
];

/** At the gateway only the experiment on amplification is retried: retries of two hops multiply. */
const simpleWebRoutes: Route[] = [
    { name: "amplified", match: at("/amplified"), retries: { attempts: 2, retryOn: ["5xx"] } },
    { name: "everyone", match: at("/"), retries: { attempts: 0 } },
];

const backendRoutes: Route[] = [
    { name: "timeout", match: at("/timeout"), timeout: "0.5s", retries: { attempts: 0 } },
    { name: "retries-off", match: at("/retries/off"), retries: { attempts: 0 } },
    { name: "retries-5xx", match: at("/retries/5xx"), retries: { attempts: 2, retryOn: ["5xx"] } },
    {
        name: "retries-per-try",
        match: at("/retries/per-try"),
        retries: {
            attempts: 2,
            perTryTimeout: "300ms",
            retryOn: ["gateway-error", "connect-failure", "retriable-4xx"],
        },
    },
    {
        name: "retries-codes",
        match: at("/retries/codes"),
        retries: { attempts: 2, retryOn: ["5xx", "retriable-status-codes"] },
    },
    { name: "amplified", match: at("/amplified"), retries: { attempts: 2, retryOn: ["5xx"] } },
    { name: "limited", match: at("/limited"), weights: { limited: 100 }, retries: { attempts: 0 } },
    {
        name: "ejecting",
        match: at("/ejecting"),
        weights: { ejecting: 100 },
        retries: { attempts: 2, retryOn: ["5xx"] },
    },
    { name: "round-robin", match: at("/balanced/round-robin"), weights: { "round-robin": 100 } },
    { name: "random", match: at("/balanced/random"), weights: { random: 100 } },
    { name: "least-request", match: at("/balanced/least-request"), weights: { "least-request": 100 } },
    { name: "own-zone", match: at("/zones/own"), weights: { "own-zone": 100 }, retries: { attempts: 0 } },
    { name: "both-zones", match: at("/zones/both"), weights: { "both-zones": 100 }, retries: { attempts: 0 } },
    { name: "everyone", match: at("/") },
];

function at(prefix: string, headers: Record<string, string> = {}): Route["match"] {
    return { prefix, headers, cookies: {} };
}

const catalog = z.strictObject({
    versions: z
        .record(
            dnsLabel,
            z.strictObject({
                imageUrl: z.boolean().default(false).describe("Whether the items of the answer have an imageUrl"),
                replicas: z.int().min(1).default(1).describe("Pods of this version"),
            }),
        )
        .default({ v1: { imageUrl: false, replicas: 1 }, v2: { imageUrl: true, replicas: 1 } })
        .describe("Label `version` of the pods and subset of the DestinationRule -> the workload (T1)"),
    routes: routes
        .min(1)
        .default(catalogRoutes)
        .describe("Routes of catalog, the same at the gateway and deep in the mesh (T1-T4, T6)"),
});

const backendVersion = z.strictObject({
    replicas: z.int().min(1).default(1).describe("Pods of this version"),
    zone: zone.optional().describe("Zone of the pods (T9). Default: that of their node"),
    delay: duration.optional().describe("Median of what every answer takes (TIMING_50_PERCENTILE). Default: no delay"),
    delayVariance: duration.optional().describe("Largest distance from it (TIMING_VARIANCE). Default: none"),
    errorRate: z.number().min(0).max(1).default(0).describe("Share of the requests that fail (ERROR_RATE), 0 to 1"),
    errorCode: z.int().min(400).max(599).default(500).describe("Status of those failures (ERROR_CODE)"),
});
export type BackendVersion = z.infer<typeof backendVersion>;

/** A subset with a traffic policy of its own: several ways to treat the same pods, side by side. */
const clientProfile = z.strictObject({
    version: dnsLabel.optional().describe("Version of the pods. Default: all pods"),
    loadBalancer: loadBalancer.optional().describe("Algorithm (T8). Default: Istio's, LEAST_REQUEST"),
    connectionPool: connectionPool.optional().describe("Limits (T12). Default: practically unlimited"),
    outlierDetection: outlierDetection.optional().describe("When a pod is ejected (T13). Default: never"),
    locality: localityPolicy
        .optional()
        .describe("Which zones requests go to (T9): failover, or shares. Default: to all pods of all zones alike"),
});
export type ClientProfile = z.infer<typeof clientProfile>;

const simpleBackend = z.strictObject({
    versions: z
        .record(dnsLabel, backendVersion)
        .default({
            v1: { replicas: 1, zone: zones.a, errorRate: 0, errorCode: 500 },
            v2: { replicas: 2, zone: zones.b, errorRate: 0, errorCode: 500 },
        })
        .describe("Label `version` -> the workload: one pod of simple-backend-1, two of simple-backend-2 (T8, T9)"),
    profiles: z
        .record(dnsLabel, clientProfile)
        .default({
            limited: {
                version: "v1",
                connectionPool: {
                    maxConnections: 1,
                    http1MaxPendingRequests: 1,
                    http2MaxRequests: 1,
                    maxRequestsPerConnection: 1,
                    maxRetries: 1,
                },
            },
            ejecting: {
                outlierDetection: {
                    consecutive5xxErrors: 1,
                    interval: "5s",
                    baseEjectionTime: "5s",
                    maxEjectionPercent: 100,
                    minHealthPercent: 0,
                },
            },
            "round-robin": { loadBalancer: "ROUND_ROBIN" },
            random: { loadBalancer: "RANDOM" },
            "least-request": { loadBalancer: "LEAST_REQUEST" },
            "own-zone": {
                locality: "failover",
                outlierDetection: {
                    consecutive5xxErrors: 1,
                    interval: "5s",
                    baseEjectionTime: "30s",
                    maxEjectionPercent: 100,
                    minHealthPercent: 0,
                },
            },
            "both-zones": { locality: { distribute: { [zones.a]: { [zones.a]: 70, [zones.b]: 30 } } } },
        })
        .describe("Subset of the DestinationRule -> how clients treat its pods (T8, T9, T12, T13)"),
    routes: routes.min(1).default(backendRoutes).describe("Routes from simple-web to simple-backend (T8-T13)"),
    retriableStatusCodes: z
        .strictObject({
            route: dnsLabel.describe("Name of the route, whose retryOn contains retriable-status-codes"),
            codes: z.array(z.int().min(400).max(599)).min(1).describe("Statuses that are tried again"),
            backOff: duration.describe("Base interval between two tries; Envoy's default is 25ms"),
        })
        .default({ route: "retries-codes", codes: [408, 400], backOff: "50ms" })
        .describe("What a VirtualService cannot say, by an EnvoyFilter in simple-web's sidecar (T11)"),
});

export const study = z.strictObject({
    enabled: z.boolean().default(false).describe("Whether the study's system is deployed"),
    namespace: dnsLabel.default("istioinaction").describe("Namespace of all its services; with sidecars"),
    hosts: z
        .strictObject({
            catalog: host.default("catalog.istioinaction.io").describe("Leads to catalog (T1)"),
            webapp: host.default("webapp.istioinaction.io").describe("Leads to webapp, which calls catalog (T3)"),
            simpleWeb: host
                .default("simple-web.istioinaction.io")
                .describe("Leads to simple-web, which calls simple-backend (T8)"),
        })
        .prefault({})
        .describe("Hosts of the study's Gateway"),
    catalog: catalog.prefault({}).describe("The service with two versions"),
    simpleWeb: z
        .strictObject({
            routes: routes.min(1).default(simpleWebRoutes).describe("Routes from the gateway to simple-web (T11)"),
            zone: zone.default(zones.a).describe("Zone of its pod (T9)"),
        })
        .prefault({})
        .describe("Calls simple-backend"),
    simpleBackend: simpleBackend.prefault({}).describe("The service that is slow or fails"),
    resources: appResources,
});
export type StudyConfig = z.infer<typeof study>;
