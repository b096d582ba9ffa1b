import type { CheckSet } from "../mutation";

/** Sets of checks that go red together, named by what no longer works. */

/** What single requests from outside to an e-commerce service meet. */
export const shopRequests: CheckSet = {
    "ecommerce-inside-access": ["texts"],
    "ecommerce-outside-access": ["texts"],
    "ecommerce-routing": ["prefixes", "hosts"],
    "ecommerce-health": ["smoke"],
    "ecommerce-retries": ["recovered", "exhausted", "clientErrors"],
    "ecommerce-timeouts": ["perTry", "total"],
    "mutual-tls": ["peer"],
    "ecommerce-https": ["answers", "redirect"],
    "request-filter": ["harmless"],
};

/** One e-commerce service gets no good answer for requests from outside. */
export const shopFromOutside: CheckSet = { ...shopRequests, "ecommerce-steady": ["answers"] };

/** The gateway's routes are not the declared ones. */
export const gatewayTable: CheckSet = { "route-tables": ["gateway"] };

/** Parts of the API server's objects are not the declared ones: nobody declares one, one is gone, or says something else. */
export const otherObjects = (
    ...parts: readonly ("authorization" | "authentication" | "proxies" | "routes" | "networkPolicies")[]
): CheckSet => ({ "declared-objects": parts });

/** The mesh configuration, or the template of the sidecars, is not the declared one. */
export const otherConfiguration: CheckSet = { "control-plane-settings": ["configuration"] };

/** Something else than declared is in force in what sidecars, or gateways, do with requests. */
export const sidecarFilters: CheckSet = { "proxy-views": ["sidecarFilters"] };
export const gatewayFilters: CheckSet = { "proxy-views": ["gatewayFilters"] };

/** One e-commerce service's requests from outside are answered by another one. */
export const shopAnsweredByAnother: CheckSet = {
    "ecommerce-inside-access": ["texts"],
    "ecommerce-outside-access": ["texts"],
    "ecommerce-routing": ["prefixes"],
    "ecommerce-health": ["smoke"],
    "ecommerce-route-policies": ["settings"],
    "ecommerce-steady": ["answers"],
    ...gatewayTable,
};

/** One e-commerce service has no route from outside in the gateway. */
export const shopRouteGone: CheckSet = {
    ...shopFromOutside,
    ...gatewayTable,
    "ecommerce-route-policies": ["settings"],
    "proxy-views": ["routes"],
};

/** No canary can be reached from outside, and no sidecar has a request to write about. */
export const canaryGone: CheckSet = {
    "route-weights": ["ecommerce"],
    "route-matches": ["ecommerce"],
    "access-log": ["sidecars"],
};

/** What is looked at by requests to saga-tracker alone gets no good answer. */
export const sagaFromOutside: CheckSet = {
    paths: ["spellings"],
    "ecommerce-tokens": ["claim"],
    "ecommerce-rate-limit": ["limited", "elsewhere", "refilled"],
    "ecommerce-global-rate-limit": ["limited", "together", "separate", "elsewhere"],
};

/** Requests end before the rate limit service is asked about them, for example since no route takes them. */
export const notCounted: CheckSet = { "ecommerce-global-rate-limit": ["unnamed", "counted"] };

/**
 * Requests are counted and then get no good answer. Those of clients without a key go wrong where their common budget, which
 * earlier runs have used too, is not spent: the rest of them gets 429 as declared.
 */
export const countedInVain: CheckSet = { "ecommerce-global-rate-limit": ["unnamed"] };

/** One e-commerce service cannot be reached from anywhere. */
export const shopUnreachable: CheckSet = {
    ...shopFromOutside,
    "ecommerce-endpoints": ["assigned"],
    "ecommerce-answers": ["texts", "replicas"],
    "ecommerce-authorization": ["allowed", "denied"],
};

/** The declared routes of egov-hello beside its plain one lead nowhere, or where they should not. */
export const helloRoutes: CheckSet = {
    "route-weights": ["egov"],
    "route-mirrors": ["egov"],
    "route-faults": ["egov"],
};

/** egov-hello cannot be reached from outside. */
export const helloFromOutside: CheckSet = {
    ...helloRoutes,
    "egov-route": ["prefix", "text", "copies"],
    "egov-load-balancing": ["steady", "spread", "turn"],
    "egov-circuit-breaker": ["ejection", "isolation", "turn", "return"],
    "proxy-views": ["routes"],
};

/** Nobody ejects the error pod as declared. */
export const helloEjection: CheckSet = {
    "egov-circuit-breaker": ["ejection", "isolation", "turn", "return"],
    "egov-gateway-server": ["ejection", "isolation", "return"],
};

/** Envoy's outlier detection for egov-hello has other values, in the gateway and in gateway-server. */
export const helloOutlierSettings: CheckSet = {
    "egov-settings": ["outlier"],
    "egov-gateway-server": ["policy"],
};

/** All checks of several sets. */
export function union(...sets: readonly CheckSet[]): CheckSet {
    const result: Record<string, string[]> = {};
    for (const set of sets)
        for (const [spec, keys] of Object.entries(set)) result[spec] = [...new Set([...(result[spec] ?? []), ...keys])];
    return result;
}
