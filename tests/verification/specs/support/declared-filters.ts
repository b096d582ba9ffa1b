import { routeFacts } from "./route-table";
import type { AccessLogger, FilterChain, FilterConfig, HttpFilter, Listener, RbacRules } from "../../proxy-views/envoy";
import type { DeclaredObject } from "../../target/file";

/**
 * What the filters of one proxy do with requests and connections, against what the declared objects make of them: policies
 * of authorization, checks of tokens, questions to another service, and everything that an EnvoyFilter can add.
 */

/** A proxy, and the labels by which objects select it. */
export interface FilteredProxy {
    namespace: string;
    labels: Readonly<Record<string, string>>;
    listeners: Readonly<Record<string, Listener>>;
}

/** Namespace whose objects hold for the whole mesh. */
const rootNamespace = "istio-system";
const manager = "envoy.filters.network.http_connection_manager";
const tcpProxy = "envoy.filters.network.tcp_proxy";

/** HTTP filters that Istio gives to every proxy, each with the fields that it may have; the last three wait for Prometheus. */
const istioFilters: Readonly<Record<string, readonly string[] | "any">> = {
    "envoy.filters.http.grpc_stats": ["emit_filter_state", "stats_for_all_methods"],
    "envoy.filters.http.fault": [],
    "envoy.filters.http.cors": [],
    "envoy.filters.http.router": [],
    "istio.metadata_exchange": "any",
    "istio.alpn": "any",
    "istio.stats": "any",
    "envoy.filters.http.compressor.brotli": "any",
    "envoy.filters.http.compressor.zstd": "any",
    "envoy.filters.http.compressor.gzip": "any",
};
const istioNetworkFilters = [tcpProxy, "istio.metadata_exchange", "istio.stats"];

/** Access loggers that Istio gives to every proxy; what they write is another check's matter. */
const istioLoggers = ["envoy.access_loggers.file"];

/** Fields of a connection manager that Istio sets, or that other checks compare. */
const managerFields = ["@type", "stat_prefix", "rds", "route_config", "http_filters", "tracing", "access_log"].concat(
    ["server_name", "use_remote_address", "forward_client_cert_details", "set_current_client_cert_details"],
    ["proxy_100_continue", "upgrade_configs", "stream_idle_timeout", "normalize_path", "merge_slashes"],
    ["path_with_escaped_slashes_action", "request_id_extension", "http_protocol_options", "http2_protocol_options"],
);

/** Everything in which the filters of a proxy differ from the declared ones; empty when nothing does. */
export function filterProblems(proxy: FilteredProxy, declared: readonly DeclaredObject[]): string[] {
    const isSidecar = proxy.listeners["virtualInbound"] !== undefined;
    const own = declared.filter((object) => concerns(object, proxy));
    const problems = Object.entries(proxy.listeners).flatMap(([name, listener]) => {
        const { filter_chains: chains = [], default_filter_chain: last, traffic_direction: direction } = listener;
        const guarded = isSidecar ? direction === "INBOUND" : direction !== undefined;
        const context = isSidecar ? `SIDECAR_${direction}` : "GATEWAY";
        return [...chains, ...(last ? [last] : [])].flatMap((chain) => {
            const loggers = direction === undefined ? [] : declaredLoggers(chain, own, context);
            const wanted = [...(guarded ? declaredFacts(chain, own) : []), ...loggers];
            const seen = chainFacts(chain);
            const at = chain.name === undefined || chain.name === name ? name : `${name}, ${chain.name}`;
            return [
                ...seen.filter((fact) => !wanted.includes(fact)).map((fact) => `${at}: ${fact} is not declared`),
                ...wanted.filter((fact) => !seen.includes(fact)).map((fact) => `${at}: ${fact} is missing`),
            ];
        });
    });
    return [...new Set(problems)];
}

/** Whether an object is about a proxy: by its namespace and the labels that it selects. */
function concerns({ metadata: { namespace }, spec }: DeclaredObject, proxy: FilteredProxy): boolean {
    const { selector, workloadSelector } = spec as {
        selector?: { matchLabels?: Record<string, string> };
        workloadSelector?: { labels?: Record<string, string> };
    };
    const labels = selector?.matchLabels ?? workloadSelector?.labels ?? {};
    return (
        [rootNamespace, proxy.namespace].includes(namespace) &&
        Object.entries(labels).every(([key, value]) => proxy.labels[key] === value)
    );
}

/** What one filter chain does, one fact a line. */
function chainFacts({ filters = [] }: FilterChain): string[] {
    return filters.flatMap(({ name = "", typed_config: config = {} }) => {
        if (name === manager) return managerFacts(config);
        if (isRbac(name)) return rbacFacts(config);
        return istioNetworkFilters.includes(name) ? [] : [filterFact(name)];
    });
}

const isRbac = (name: string): boolean => name.endsWith(".rbac");
const filterFact = (name: string): string => `the filter ${name}`;
const fieldFact = (name: string): string => `the connection manager's ${name}`;
const tokensFact = (issuer: string, audiences: readonly string[]): string =>
    `tokens of ${issuer} for ${[...audiences].sort().join() || "anybody"}`;
const loggerFact = ({ name = "", typed_config: config = {} }: AccessLogger): string =>
    `the access logger ${name} with ${canonical(config)}`;
const authorizationFact = "a question to an authorization service";

function managerFacts(config: FilterConfig): string[] {
    const fields = Object.keys(config).filter((field) => !managerFields.includes(field));
    const routes = (config.route_config?.virtual_hosts ?? []).flatMap((host) => host.routes ?? []);
    const loggers = (config.access_log ?? []).filter(({ name = "" }) => !istioLoggers.includes(name));
    return [
        ...fields.map(fieldFact),
        ...loggers.map(loggerFact),
        ...(config.http_filters ?? []).flatMap(httpFilterFacts),
        ...routes.flatMap((route) => routeFacts(route as never).filter((fact) => !ownRoute.test(fact))),
    ];
}

/** What the routes inside of a listener do: they lead to the pod's own application, or to what the proxy itself tells. */
const ownRoute =
    /^100 % to (inbound\|\d+\|\||InboundPassthroughCluster|prometheus_stats|agent)$|^route\.max_stream_duration /;

function httpFilterFacts({ name, typed_config: config = {} }: HttpFilter): string[] {
    if (isRbac(name)) return rbacFacts(config);
    if (name === "envoy.filters.http.ext_authz") return [authorizationFact];
    if (name === "envoy.filters.http.jwt_authn")
        return Object.values(config.providers ?? {}).map(({ issuer = "anybody", audiences = [] }) =>
            tokensFact(issuer, audiences),
        );
    const known = istioFilters[name];
    if (known === undefined) return [filterFact(name)];
    const fields = Object.keys(config).filter(
        (field) => field !== "@type" && known !== "any" && !known.includes(field),
    );
    return fields.map((field) => `${field} of ${filterFact(name)}`);
}

/** Prefix of the names by which Istio has another service asked. */
const asked = "istio-ext-authz-";

function rbacFacts({ rules, shadow_rules: shadow }: FilterConfig): string[] {
    const each = (found: RbacRules | undefined, action: (name: string) => string) =>
        Object.entries(found?.policies ?? {}).map(([name, { permissions, principals }]) => {
            const [from, to] = [matchers(principals), matchers(permissions)];
            return policyFact(action(name), name.replace(asked, ""), from, to);
        });
    const actionOf = (found: RbacRules | undefined) => found?.action ?? "ALLOW";
    return [
        ...each(rules, () => actionOf(rules)),
        ...each(shadow, (name) => (name.startsWith(asked) ? "CUSTOM" : `dry run of ${actionOf(shadow)}`)),
    ];
}

const policyFact = (action: string, name: string, from: readonly string[], to: readonly string[]): string =>
    `${action} ${name} from ${[...new Set(from)].sort().join(" or ")} to ${[...new Set(to)].sort().join(" or ")}`;

/** What a tree of Envoy's matchers compares with, `not` where that is turned round. */
function matchers(tree: unknown, negated = false): string[] {
    if (Array.isArray(tree)) return tree.flatMap((one) => matchers(one, negated));
    if (typeof tree !== "object" || tree === null) return [];
    return Object.entries(tree).flatMap(([key, value]) => {
        if (key === "any") return [negated ? "nothing" : "anything"];
        if (typeof value === "object") return matchers(value, key.startsWith("not_") ? !negated : negated);
        return compared.includes(key) ? [literal(key, String(value), negated)] : [];
    });
}

const compared = ["exact", "prefix", "suffix", "contains", "regex", "destination_port"];
const literal = (how: string, value: string, negated: boolean): string => `${negated ? "not " : ""}${how} ${value}`;

/** What the objects that concern a proxy make of one of its filter chains. */
function declaredFacts(chain: FilterChain, own: readonly DeclaredObject[]): string[] {
    const names = (chain.filters ?? []).map(({ name }) => name);
    const policies = own.filter(({ kind }) => kind === "AuthorizationPolicy").flatMap(declaredPolicies);
    if (names.includes(manager)) return [...policies, ...declaredTokens(own), ...declaredPatches(own)];
    const leadsNowhere = (chain.filters ?? []).some(({ typed_config }) => typed_config?.cluster === "BlackHoleCluster");
    // Of connections a filter knows the caller only.
    return leadsNowhere ? [] : policies.filter((fact) => fact.startsWith("ALLOW"));
}

interface Rule {
    from?: { source: Record<string, string[]> }[];
    to?: { operation: Record<string, string[]> }[];
    when?: { key: string; values?: string[]; notValues?: string[] }[];
}

function declaredPolicies({ metadata: { namespace, name }, spec }: DeclaredObject): string[] {
    const { action = "ALLOW", rules } = spec as { action?: string; rules?: Rule[] };
    const fact = (index: number, from: readonly string[], to: readonly string[]) =>
        policyFact(action, `ns[${namespace}]-policy[${name}]-rule[${index}]`, from, to);
    // Without rules nothing is let in.
    if (rules === undefined) return [fact(0, ["nothing"], ["nothing"])];
    return [
        ...rules.map(({ from = [], to = [], when = [] }, index) => {
            const callers = [...from.flatMap(({ source }) => literals(source)), ...when.flatMap(literals)];
            const requests = to.flatMap(({ operation }) => literals(operation));
            return fact(
                index,
                callers.length > 0 ? callers : ["anything"],
                requests.length > 0 ? requests : ["anything"],
            );
        }),
        ...(action === "CUSTOM" ? [authorizationFact] : []),
    ];
}

/** The values of a part of a rule as Envoy compares them. */
function literals(part: object): string[] {
    return Object.entries(part as Readonly<Record<string, string | string[]>>).flatMap(([field, values]) =>
        Array.isArray(values)
            ? values.map((value) => {
                  const full = /principals$/i.test(field) ? `spiffe://${value}` : value;
                  const negated = field.startsWith("not");
                  return full.endsWith("*")
                      ? literal("prefix", full.slice(0, -1), negated)
                      : literal("exact", full, negated);
              })
            : [],
    );
}

function declaredTokens(own: readonly DeclaredObject[]): string[] {
    return own
        .filter(({ kind }) => kind === "RequestAuthentication")
        .flatMap(({ spec }) => (spec as { jwtRules?: { issuer: string; audiences?: string[] }[] }).jwtRules ?? [])
        .map(({ issuer, audiences = [] }) => tokensFact(issuer, audiences));
}

interface Patch {
    applyTo: string;
    match?: { context?: string };
    patch: { value?: { name?: string; typed_config?: { access_log?: AccessLogger[] } } };
}

/** HTTP filters that EnvoyFilters add, and fields of the connection manager that they set. */
function declaredPatches(own: readonly DeclaredObject[]): string[] {
    return own
        .filter(({ kind }) => kind === "EnvoyFilter")
        .flatMap(({ spec }) => (spec as { configPatches: Patch[] }).configPatches)
        .flatMap(({ applyTo, patch: { value } }) => {
            if (applyTo === "HTTP_FILTER" && value?.name) return [filterFact(value.name)];
            if (applyTo !== "NETWORK_FILTER") return [];
            return Object.keys(value?.typed_config ?? {})
                .filter((field) => field !== "@type" && field !== "access_log")
                .map(fieldFact);
        });
}

/** Access loggers that EnvoyFilters add to the connection managers of one kind of listener. */
function declaredLoggers({ filters = [] }: FilterChain, own: readonly DeclaredObject[], context: string): string[] {
    if (!filters.some(({ name }) => name === manager)) return [];
    return own
        .filter(({ kind }) => kind === "EnvoyFilter")
        .flatMap(({ spec }) => (spec as { configPatches: Patch[] }).configPatches)
        .filter(({ applyTo, match }) => applyTo === "NETWORK_FILTER" && match?.context === context)
        .flatMap(({ patch: { value } }) => value?.typed_config?.access_log ?? [])
        .map(loggerFact);
}

/** A value as a text that does not depend on the order of its fields; Envoy shows large numbers as texts. */
function canonical(value: unknown): string {
    if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
    if (typeof value !== "object" || value === null) return String(value);
    const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${fields.map(([name, field]) => `${name}:${canonical(field)}`).join()}}`;
}
