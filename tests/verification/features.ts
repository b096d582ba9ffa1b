import { siteHosts, undeclaredServices } from "../../components/config/egress";
import { namedHosts } from "../../components/config/hosts";
import { milliseconds } from "../../components/config/units";
import { enforcesNetworkPolicies } from "../../components/config/network-policies";
import { recordsMessages } from "../../components/config/monitoring/secrets";
import { publishedTools } from "../../components/config/monitoring/access";
import { spanCollector } from "../../components/config/monitoring/tracing";
import type { PlatformConfig } from "../../components/config/platform";
import { callChain } from "./specs/support/callers";
import { beyondScope, calledOutside } from "./specs/support/scope";
import { retriesErrors } from "./specs/support/errors";
import { studyFeatures } from "./specs/support/study-features";
import { kinds, routesOfKind, systems, type RouteKind, type System } from "./specs/support/declared-routes";

/** What an environment must declare for a spec to make sense; without it the spec is skipped with the reason. */

/** The longest ejection that the suite waits for. */
export const longestEjection = 60_000;
/** The longest time-out of a route that the suite waits for. */
export const longestTimeout = 60_000;
/** The longest time until a rate limit is full again that the suite waits for. */
export const longestRefill = 20_000;

/** The longest time until a message that the suite waits for. */
export const longestGrouping = 25_000;
/** The longest time for which a provoked alert must have its cause, or remembers it. */
export const longestAlert = 60_000;

/** What one critical finding adds to the sum of severities of a request. */
const criticalFinding = 5;

type FeatureTest = (config: PlatformConfig) => true | string;

const kindNames: Record<RouteKind, string> = {
    weights: "weights",
    matches: "headers or cookies",
    mirrors: "a mirror",
    faults: "faults",
};

/** `egov-weights`: egov declares a route of the kind `weights`; likewise for every system and every kind of route. */
const routeFeatures = Object.fromEntries(
    systems.flatMap((system) =>
        (Object.keys(kinds) as RouteKind[]).map((kind): [string, FeatureTest] => [
            `${system}-${kind}`,
            (config) =>
                routesOfKind(config, system, kind).length > 0 || `${system} declares no route with ${kindNames[kind]}`,
        ]),
    ),
) as Record<`${System}-${RouteKind}`, FeatureTest>;

const features = {
    ...routeFeatures,
    egov: (config: PlatformConfig) => config.egov.enabled || "egov.enabled is false",
    ecommerce: (config: PlatformConfig) => config.ecommerce.enabled || "ecommerce.enabled is false",
    "sample-app": (config: PlatformConfig) =>
        config.sampleImage.app === "sample-app" ||
        `sampleImage.app is ${config.sampleImage.app}: it does not name its pod and knows no test headers`,
    "equal-pods": (config: PlatformConfig) =>
        config.egov.hello.weights === undefined || "egov.hello.weights is set: the pods are not alike to the gateway",
    weights: (config: PlatformConfig) =>
        config.egov.hello.weights !== undefined || "egov.hello.weights is not set: all pods are alike",
    "several-pods": (config: PlatformConfig) =>
        podCount(config) > 1 || "egov.hello.subsets has fewer than two pods: nothing can be spread",
    "several-normal-pods": (config: PlatformConfig) =>
        podCount(config, "normal") > 1 || "egov.hello.subsets has fewer than two normal pods: there is no turn",
    "several-replicas": (config: PlatformConfig) =>
        config.ecommerce.replicas > 1 || "ecommerce.replicas is 1: no other pod could answer",
    "round-robin": (config: PlatformConfig) =>
        config.egov.loadBalancer === "ROUND_ROBIN" || `egov.loadBalancer is ${config.egov.loadBalancer}`,
    "error-pods": (config: PlatformConfig) =>
        (podCount(config, "error") > 0 && podCount(config, "normal") > 0) ||
        "egov.hello.subsets does not have both normal and error pods",
    /** Every error pod may be ejected, and the rest is enough to stay out of Envoy's panic mode. */
    "ejectable-pods": (config: PlatformConfig) => {
        const { maxEjectionPercent, minHealthPercent } = config.egov.outlierDetection;
        const all = podCount(config);
        const errors = podCount(config, "error");
        if ((100 * errors) / all > maxEjectionPercent)
            return `egov.outlierDetection.maxEjectionPercent ${maxEjectionPercent} does not let all ${errors} error pods of ${all} be ejected`;
        if ((100 * (all - errors)) / all < minHealthPercent)
            return `egov.outlierDetection.minHealthPercent ${minHealthPercent} is not reached without the ${errors} error pods of ${all}`;
        return true;
    },
    "short-ejection": (config: PlatformConfig) =>
        milliseconds(config.egov.outlierDetection.baseEjectionTime) <= longestEjection ||
        `egov.outlierDetection.baseEjectionTime ${config.egov.outlierDetection.baseEjectionTime} is longer than the ${longestEjection / 1000} s that the suite waits`,
    "short-timeout": (config: PlatformConfig) =>
        milliseconds(config.ecommerce.routePolicy.timeout) <= longestTimeout ||
        `ecommerce.routePolicy.timeout ${config.ecommerce.routePolicy.timeout} is longer than the ${longestTimeout / 1000} s that the suite waits`,
    /** Retries happen at all, and on the errors that the sample app can make. */
    "retries-on-5xx": (config: PlatformConfig) => {
        const { retries } = config.ecommerce.routePolicy;
        if (retries.attempts === 0) return "ecommerce.routePolicy.retries.attempts is 0";
        return retriesErrors(retries) || "ecommerce.routePolicy.retries has neither 5xx in retryOn nor 500 in codes";
    },
    /** Even the errors of a whole request eject nobody, so that the checks leave the mesh as they found it. */
    "errors-below-ejection": (config: PlatformConfig) => {
        const { routePolicy, outlierDetection } = config.ecommerce;
        return (
            routePolicy.retries.attempts + 1 < outlierDetection.consecutive5xxErrors ||
            `ecommerce.outlierDetection.consecutive5xxErrors ${outlierDetection.consecutive5xxErrors}: one request with ${routePolicy.retries.attempts} retries would eject a pod`
        );
    },
    /** A second try can begin before the whole request times out. */
    "several-tries-in-time": (config: PlatformConfig) => {
        const { timeout, retries } = config.ecommerce.routePolicy;
        return (
            milliseconds(retries.perTryTimeout) * 1.5 <= milliseconds(timeout) ||
            `ecommerce.routePolicy: a second try of ${retries.perTryTimeout} has no time within ${timeout}`
        );
    },
    /** The proxies write lines that can be read. */
    "rendered-charts": ({ mesh: { charts } }: PlatformConfig) =>
        charts.source === "embedded" || "mesh.charts.source is repository: Helm alone knows the charts' objects",
    "access-log": ({ mesh: { accessLog } }: PlatformConfig) => {
        if (!accessLog.enabled) return "mesh.accessLog.enabled is false: the proxies write nothing";
        return accessLog.encoding === "JSON" || "mesh.accessLog.encoding is TEXT: the suite reads JSON";
    },
    /** Routes are VirtualServices. */
    "istio-routes": ({ mesh }: PlatformConfig) =>
        mesh.routing === "istio" || `mesh.routing is ${mesh.routing}: there is no VirtualService`,
    /** Namespaces and gateways follow a tag. */
    "revision-tag": ({ mesh }: PlatformConfig) =>
        mesh.revisionTag !== undefined || "mesh.revisionTag is not set: namespaces are on the revision default",
    /** There is a control plane beside the one that the tag names. */
    "several-revisions": ({ mesh }: PlatformConfig) =>
        mesh.revisions.length > 1 || "mesh.revisions has one control plane: there is no other to be on",
    "gateway-api": ({ mesh }: PlatformConfig) =>
        mesh.routing === "gateway-api" || `mesh.routing is ${mesh.routing}: there is no HTTPRoute`,
    "rate-limit": (config: PlatformConfig) =>
        config.ecommerce.rateLimit !== undefined || "ecommerce.rateLimit is not set: nothing is limited",
    "short-refill": ({ ecommerce: { rateLimit } }: PlatformConfig) =>
        milliseconds(rateLimit?.per ?? "0s") <= longestRefill ||
        `ecommerce.rateLimit.per ${rateLimit?.per} is longer than the ${longestRefill / 1000} s that the suite waits`,
    "global-rate-limit": ({ ecommerce }: PlatformConfig) =>
        ecommerce.globalRateLimit !== undefined || "ecommerce.globalRateLimit is not set: no client has a budget",
    "global-limit-enforced": ({ ecommerce }: PlatformConfig) =>
        ecommerce.globalRateLimit?.mode !== "shadow" || "ecommerce.globalRateLimit.mode is shadow: nothing is refused",
    /** A burst of the suite meets the end of a budget. */
    "long-window": ({ ecommerce }: PlatformConfig) =>
        ecommerce.globalRateLimit?.per !== "second" ||
        "ecommerce.globalRateLimit.per is second: a budget would be full again before the suite has used it up",
    "request-filter": ({ mesh: { ingressGateway } }: PlatformConfig) =>
        ingressGateway.requestFilter !== undefined ||
        "mesh.ingressGateway.requestFilter is not set: no request is looked at",
    /** Requests to some e-commerce service are looked at. */
    "filtered-services": ({ ecommerce, mesh: { ingressGateway } }: PlatformConfig) =>
        Object.values(ecommerce.services).some(({ path }) =>
            ingressGateway.requestFilter?.paths.some((prefix) => path.startsWith(prefix)),
        ) || "mesh.ingressGateway.requestFilter.paths has no prefix of an e-commerce service",
    /** One finding is enough for a refusal, and there is one in each of the suite's probes. */
    "attacks-refused": ({ mesh: { ingressGateway } }: PlatformConfig) => {
        const { mode, anomalyThreshold = 0 } = ingressGateway.requestFilter ?? {};
        if (mode === "detect") return "mesh.ingressGateway.requestFilter.mode is detect: nothing is refused";
        return (
            anomalyThreshold <= criticalFinding ||
            `mesh.ingressGateway.requestFilter.anomalyThreshold ${anomalyThreshold}: one critical finding is not enough`
        );
    },
    /** The tools of the monitoring are behind one domain. */
    "monitoring-access": (config: PlatformConfig) =>
        publishedTools(config).length > 0 || "monitoring.access is not set: the tools have no domain",
    /** The suite can sign tokens for them itself. */
    "access-key": ({ monitoring: { access } }: PlatformConfig) =>
        access?.keys.source === "generated" || "monitoring.access.keys are not generated: somebody else signs tokens",
    /** Spans are made and kept. */
    tracing: (config: PlatformConfig) =>
        spanCollector(config) !== undefined || "monitoring.tracing is not set: nobody keeps traces",
    /** Some e-commerce service may call another one. */
    "service-calls": (config: PlatformConfig) =>
        callChain(config).length > 1 || "ecommerce.authorization.calls lets no service call another one",
    tokens: (config: PlatformConfig) =>
        config.ecommerce.tokens !== undefined || "ecommerce.tokens is not set: no path asks for a token",
    /** The suite can sign tokens itself. */
    "signing-key": (config: PlatformConfig) =>
        config.ecommerce.tokens?.keys.source === "generated" ||
        "ecommerce.tokens.keys are not generated: somebody else signs tokens",
    https: (config: PlatformConfig) => config.ecommerce.tls !== undefined || "ecommerce.tls is not set: HTTP only",
    "https-only-hosts": (config: PlatformConfig) =>
        (config.ecommerce.tls?.httpsOnlyHosts ?? []).length > 0 ||
        "ecommerce.tls.httpsOnlyHosts is empty: every host is answered over plain HTTP",
    /** Some host has a name that a certificate can be for. */
    "named-host": (config: PlatformConfig) =>
        namedHosts([...config.ecommerce.hosts, ...(config.ecommerce.tls?.httpsOnlyHosts ?? [])]).length > 0 ||
        "ecommerce.hosts has no full name",
    authorization: (config: PlatformConfig) =>
        config.ecommerce.authorization !== undefined || "ecommerce.authorization is not set: everybody may call",
    /** Who sends plain text to pods from outside of the mesh: the API server. */
    "plain-text-client": ({ cluster }: PlatformConfig) =>
        cluster.kind !== "eks" || "cluster.kind is eks: its API server reaches no port of an application",
    /** Some port takes plain text. */
    "plain-text": ({ mesh: { mtls } }: PlatformConfig) =>
        mtls.mode === "PERMISSIVE" ||
        mtls.exceptions.some(({ mode }) => mode === "PERMISSIVE") ||
        "mesh.mtls declares no port that takes plain text",
    /** Some port takes mutual TLS only. */
    "mutual-tls": ({ mesh: { mtls } }: PlatformConfig) =>
        mtls.mode === "STRICT" ||
        mtls.exceptions.some(({ mode }) => mode === "STRICT") ||
        "mesh.mtls.mode is PERMISSIVE without any port that is STRICT",
    /** NetworkPolicies are declared, and somebody enforces them. */
    "network-policies": ({ mesh, cluster }: PlatformConfig) =>
        mesh.networkPolicies === undefined ? "mesh.networkPolicies is not set" : enforcesNetworkPolicies(cluster),
    /** A pod that belongs to no system. */
    "outside-site": ({ mesh }: PlatformConfig) =>
        mesh.egress.site !== undefined || "mesh.egress.site is not set: there is no pod outside of the systems",
    /** The suite reaches the ports of nodes. */
    "node-ports": ({ cluster }: PlatformConfig) =>
        cluster.kind !== "eks" || "cluster.kind is eks: its nodes are not reached from outside",
    /** The services whose business is counted are there. */
    "business-services": ({ ecommerce }: PlatformConfig) =>
        ["order-api", "payment-api", "customer-api", "recommendation-api"].every(
            (name) => name in ecommerce.services,
        ) || "ecommerce.services has not all of those whose business is counted",
    ...studyFeatures,
    "registry-only": ({ mesh }: PlatformConfig) =>
        mesh.outboundTrafficPolicy === "REGISTRY_ONLY" ||
        `mesh.outboundTrafficPolicy is ${mesh.outboundTrafficPolicy}: nothing is refused`,
    /** A host that answers and that the mesh must not let its pods reach. */
    "undeclared-host": ({ mesh: { egress } }: PlatformConfig) =>
        undeclaredServices(egress).length > 0 ||
        "mesh.egress.site is not set, or all of its services are declared: there is no host to be refused",
    /** Declared hosts that answer and tell who asked. */
    "site-hosts": ({ mesh: { egress } }: PlatformConfig) =>
        siteHosts(egress).length > 0 || "mesh.egress.hosts names no service of mesh.egress.site",
    "ecommerce-scope": ({ ecommerce }: PlatformConfig) =>
        ecommerce.scope !== undefined || "ecommerce.scope is not set: the sidecars know the whole mesh",
    /** Hosts outside that answer, and that a narrowed sidecar knows. */
    "scope-outside": (config: PlatformConfig) =>
        calledOutside(config).length > 0 || "ecommerce.scope.outside names no host of mesh.egress.site",
    /** Something that a narrowed sidecar must not reach. */
    "beyond-scope": (config: PlatformConfig) =>
        beyondScope(config).length > 0 || "there is nothing that the e-commerce services are not to reach",
    "hosts-through-gateway": ({ mesh: { egress } }: PlatformConfig) =>
        siteHosts(egress).some(([, { through }]) => through === "gateway") ||
        "mesh.egress.hosts names no service of mesh.egress.site that is reached through the gateway",
    "hosts-through-sidecar": ({ mesh: { egress } }: PlatformConfig) =>
        siteHosts(egress).some(([, { through }]) => through === "sidecar") ||
        "mesh.egress.hosts names no service of mesh.egress.site that is reached from the pods themselves",
    monitoring: ({ monitoring }: PlatformConfig) => monitoring.enabled || "monitoring.enabled is false",
    recorder: (config: PlatformConfig) =>
        recordsMessages(config) ||
        "monitoring.receivers.recorder is not set: messages go to those whom they are for, who are not bothered by tests",
    pagerduty: ({ monitoring }: PlatformConfig) =>
        monitoring.receivers.pagerduty !== undefined || "monitoring.receivers.pagerduty is not set",
    email: ({ monitoring }: PlatformConfig) =>
        monitoring.receivers.email !== undefined || "monitoring.receivers.email is not set",
    /** A message comes so soon that it can be waited for. */
    "short-grouping": ({ monitoring: { receivers } }: PlatformConfig) =>
        milliseconds(receivers.groupWait) + milliseconds(receivers.groupInterval) <= longestGrouping ||
        `monitoring.receivers.groupWait and groupInterval are longer than the ${longestGrouping / 1000} s that the suite waits`,
    /** An alert fires and ends so soon that it can be waited for. */
    "short-alerts": ({ monitoring: { rules } }: PlatformConfig) => {
        const { circuitBreaker, highErrorRate, highLatency, overflow, podDown } = rules;
        const times = Object.entries({ circuitBreaker, highErrorRate, highLatency, overflow }).map(
            ([name, { window, for: held }]) => [name, milliseconds(window) + milliseconds(held)] as const,
        );
        const [name] = [...times, ["podDown", milliseconds(podDown.for)] as const].find(
            ([, time]) => time > longestAlert,
        ) ?? [undefined];
        return (
            name === undefined ||
            `monitoring.rules.${name}: an alert fires and ends later than the ${longestAlert / 1000} s that the suite waits`
        );
    },
    "cluster-metrics": ({ monitoring: { clusterMetrics } }: PlatformConfig) =>
        clusterMetrics.enabled || "monitoring.clusterMetrics.enabled is false",
} satisfies Record<string, FeatureTest>;

export type Feature = keyof typeof features;

/** Pods of egov-hello, all or those of one variant. */
export function podCount(config: PlatformConfig, variant?: "normal" | "error"): number {
    return Object.values(config.egov.hello.subsets)
        .filter((subset) => variant === undefined || subset.variant === variant)
        .reduce((sum, { replicas }) => sum + replicas, 0);
}

/** Why the environment lacks some of the features; undefined where it has them all. */
export function missing(needs: readonly Feature[], config: PlatformConfig): string | undefined {
    for (const feature of needs) {
        const answer: true | string = features[feature](config);
        if (answer !== true) return answer;
    }
    return undefined;
}
