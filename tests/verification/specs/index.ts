import type { Spec } from "../spec";
import {
    egovCircuitBreakerAlert,
    highErrorRateAlert,
    highLatencyAlert,
    overflowAlert,
    podDownAlert,
} from "./alerts/causes";
import { alertDelivery } from "./alerts/delivery";
import { goldenSignals } from "./alerts/golden-signals";
import { quiet } from "./alerts/quiet";
import { alertReceivers } from "./alerts/receivers";
import { alertRules } from "./alerts/rules";
import { applicationPod } from "./chaos/application-pod";
import { blueGreen } from "./chaos/blue-green";
import { certificate } from "./chaos/certificate";
import { controlPlane } from "./chaos/control-plane";
import { gatewayPod } from "./chaos/gateway-pod";
import { insideAccess, outsideAccess } from "./ecommerce/access";
import { serviceAnswers } from "./ecommerce/answers";
import { destinationRules } from "./ecommerce/destination-rules";
import { endpoints } from "./ecommerce/endpoints";
import { gateway } from "./ecommerce/gateway";
import { health } from "./ecommerce/health";
import { infrastructure } from "./ecommerce/infrastructure";
import { retries, routePolicies } from "./ecommerce/retries";
import { routing } from "./ecommerce/routing";
import { sidecars } from "./ecommerce/sidecars";
import { steady } from "./ecommerce/steady";
import { timeouts } from "./ecommerce/timeouts";
import { egovCircuitBreaker } from "./egov/circuit-breaker";
import { egovGatewayServer } from "./egov/gateway-server";
import { egovLoadBalancing } from "./egov/load-balancing";
import { egovNamespaces } from "./egov/namespaces";
import { egovPods } from "./egov/pods";
import { egovRoute } from "./egov/route";
import { egovSettings } from "./egov/settings";
import { egovWeights } from "./egov/weights";
import { loadTail } from "./load/tail";
import { routeTables } from "./mesh/route-tables";
import { authorization } from "./security/authorization";
import { globalRateLimit } from "./security/global-rate-limit";
import { https } from "./security/https";
import { mutualTls } from "./security/mutual-tls";
import { networkPolicies } from "./security/network-policies";
import { paths } from "./security/paths";
import { rateLimit } from "./security/rate-limit";
import { filter } from "./security/request-filter";
import { tokens } from "./security/tokens";
import { studyCatalog } from "./study/catalog";
import { studyConnectionPool } from "./study/connection-pool";
import { studyDeepRoutes } from "./study/deep-routes";
import { studyLoadBalancing } from "./study/load-balancing";
import { studyOutlierDetection } from "./study/outlier-detection";
import { studyRetries } from "./study/retries";
import { studyRouteTables } from "./study/route-tables";
import { studySettings } from "./study/settings";
import { studyTimeouts } from "./study/timeouts";
import { studyZoneDistribution } from "./study/zone-distribution";
import { studyZoneFailover } from "./study/zone-failover";
import { businessMetrics } from "./monitoring/business-metrics";
import { meshMetrics } from "./monitoring/mesh-metrics";
import { prometheus } from "./monitoring/prometheus";
import { accessLog } from "./mesh/access-log";
import { monitoringAccess } from "./monitoring/access";
import { controlPlaneSettings } from "./mesh/control-plane-settings";
import { declaredObjects } from "./mesh/declared-objects";
import { egress } from "./mesh/egress";
import { gatewayApiStatus } from "./mesh/gateway-api";
import { proxyViews } from "./mesh/proxy-views";
import { revisions } from "./mesh/revisions";
import { sidecarScope } from "./mesh/scope";
import { clusterMetrics } from "./monitoring/cluster-metrics";
import { dashboards } from "./monitoring/dashboards";
import { tracing } from "./mesh/tracing";
import { routeFaults } from "./routes/faults";
import { routeMatches } from "./routes/matches";
import { routeMirrors } from "./routes/mirrors";
import { routeWeights } from "./routes/weights";

/**
 * Every behaviour, in the order of the report. Specs that want the same resource run in this order: of those on
 * egov-hello the long wait of the circuit breaker comes last.
 */
export const specs: readonly Spec[] = [
    infrastructure,
    sidecars,
    revisions,
    proxyViews,
    controlPlaneSettings,
    declaredObjects,
    accessLog,
    tracing,
    monitoringAccess,
    egress,
    sidecarScope,
    endpoints,
    insideAccess,
    outsideAccess,
    routing,
    destinationRules,
    gateway,
    health,
    serviceAnswers,
    steady,
    routePolicies,
    retries,
    timeouts,
    routeTables,
    gatewayApiStatus,
    mutualTls,
    networkPolicies,
    paths,
    authorization,
    https,
    tokens,
    rateLimit,
    globalRateLimit,
    filter,
    egovNamespaces,
    egovPods,
    egovRoute,
    egovSettings,
    egovLoadBalancing,
    egovWeights,
    egovCircuitBreaker,
    egovGatewayServer,
    studyCatalog,
    studyDeepRoutes,
    studyRouteTables,
    studySettings,
    studyTimeouts,
    studyRetries,
    studyConnectionPool,
    studyLoadBalancing,
    studyOutlierDetection,
    studyZoneFailover,
    studyZoneDistribution,
    routeWeights,
    routeMatches,
    routeMirrors,
    routeFaults,
    prometheus,
    meshMetrics,
    businessMetrics,
    alertRules,
    alertReceivers,
    alertDelivery,
    clusterMetrics,
    dashboards,
];

/**
 * What happens when versions are switched (C10) and parts of the mesh are killed (C12): not part of a deployment, but of
 * `npm run chaos`. One after the other; the gateway, on which all depend, is killed last.
 */
const chaos: readonly Spec[] = [blueGreen, certificate, applicationPod, controlPlane, gatewayPod];

/** What shows only under load (T8): not part of a deployment, but of `npm run load`. */
const load: readonly Spec[] = [loadTail];

/**
 * Every alert with a real cause, and what is recorded of a known load (E12, C15, C16): not part of a deployment, whose mesh
 * it disturbs, but of `npm run alerts`. Last, and alone: the mesh without a cause.
 */
const alerts: readonly Spec[] = [
    egovCircuitBreakerAlert,
    highErrorRateAlert,
    highLatencyAlert,
    podDownAlert,
    overflowAlert,
    goldenSignals,
    quiet("alerts-quiet", 20_000, "20 seconds"),
];

/** Ten minutes without a cause for an alert: `npm run alerts -- --quiet`. */
const calm: readonly Spec[] = [quiet("alerts-calm", 600_000, "10 minutes")];

/**
 * The suites by name: `behaviour` after every deployment and by `npm run verify`, `chaos` by `npm run chaos`, `load` by
 * `npm run load`, `alerts` and `calm` by `npm run alerts`.
 */
export const suites = { behaviour: specs, chaos, load, alerts, calm } as const;
export type SuiteName = keyof typeof suites;
