import type { Fault, Mirror } from "../../../../components/config/routes";
import { milliseconds } from "../../../../components/config/units";
import type { EnvoyFraction, EnvoyRoute, EnvoyRouteConfiguration } from "../../target/target";

/** The route table of a proxy against the declared one: what is missing, what differs, and what nobody declares. */

/** A declared route, as far as a route table shows it. */
export interface DeclaredRoute {
    prefix: string;
    /**
     * Whether the path is compared by whole segments, as the Gateway API does.
     * @default by characters
     */
    segments?: boolean;
    /** Header -> exact value. */
    headers?: Readonly<Record<string, string>>;
    /** Cookie -> exact value: Envoy has a pattern for it, which is compared by what it does and not by its text. */
    cookies?: Readonly<Record<string, string>>;
    /** Envoy's cluster -> its share of the requests in percent. */
    clusters: Readonly<Record<string, number>>;
    mirror?: { cluster: string; percent: Mirror["percent"] };
    fault?: Fault;
}

/** Routes that are declared for the requests to one host. */
export interface DeclaredTable {
    /** Envoy's name of the route configuration: `http.8080` at the gateway, the Service's port in a sidecar. */
    configuration: string;
    host: string;
    routes: readonly DeclaredRoute[];
}

/** Everything in which the route tables of a proxy differ from the declared ones; empty when nothing does. */
export function tableDifferences(
    configurations: readonly EnvoyRouteConfiguration[],
    declared: readonly DeclaredTable[],
): string[] {
    const differences = declared.flatMap(({ configuration, host, routes }) => {
        const found = configurations.find(({ name }) => name === configuration);
        const table = found?.virtual_hosts?.find(({ domains }) => domains.includes(host));
        if (!found || !table) return [`no routes for the host ${host} in ${configuration}`];
        const undeclared = [
            ...unknownFields(found, configurationFields, `${configuration}: `),
            ...unknownFields(table, hostFields, `${host}: `),
        ];
        return [
            ...undeclared.map((field) => `${field} is not declared`),
            ...hostDifferences(table.routes ?? [], routes).map((difference) => `${host}, ${difference}`),
        ];
    });
    return [...new Set(differences)];
}

function hostDifferences(found: readonly EnvoyRoute[], declared: readonly DeclaredRoute[]): string[] {
    const taken = new Set<EnvoyRoute>();
    const differences = declared.flatMap((route) => {
        const condition = describeCondition(declaredCondition(route));
        const same = found.filter((one) => describeCondition(one.match ?? {}) === condition);
        for (const one of same) taken.add(one);
        if (same.length === 0) return [`no route for ${condition}`];
        const facts = declaredFacts(route);
        return same.slice(0, 1).flatMap((one) => {
            const seen = routeFacts(one);
            return [
                ...seen.filter((fact) => !facts.includes(fact)).map((fact) => `${condition}: ${fact} is not declared`),
                ...facts.filter((fact) => !seen.includes(fact)).map((fact) => `${condition}: ${fact} is missing`),
            ];
        });
    });
    const foreign = found.filter((one) => !taken.has(one) && declared.some(({ prefix }) => overlaps(one, prefix)));
    return [
        ...differences,
        ...foreign.map((one) => `a route nobody declares for ${describeCondition(one.match ?? {})}`),
    ];
}

/** Whether a route may take requests to a declared prefix; one whose pattern cannot be compared counts as such. */
function overlaps({ match = {} }: EnvoyRoute, prefix: string): boolean {
    const text = match["prefix"] ?? match["path"] ?? match["path_separated_prefix"];
    if (typeof text !== "string") return true;
    return text.startsWith(prefix) || (match["path"] === undefined && prefix.startsWith(text));
}

function declaredCondition({ prefix, segments, headers = {}, cookies = {} }: DeclaredRoute): Record<string, unknown> {
    const conditions = [
        ...Object.entries(headers).map(([name, exact]) => ({ name, string_match: { exact } })),
        ...(Object.keys(cookies).length > 0 ? [cookiePattern] : []),
    ];
    const path = segments && prefix !== "/" ? { path_separated_prefix: prefix } : { prefix };
    return { ...path, ...(conditions.length > 0 && { headers: conditions }) };
}

interface EnvoyHeader {
    name: string;
    string_match?: Record<string, unknown>;
}

const cookiePattern: EnvoyHeader = { name: "cookie", string_match: { safe_regex: "any" } };

const withoutPattern = (header: EnvoyHeader): EnvoyHeader =>
    header.name === "cookie" && header.string_match?.["safe_regex"] !== undefined ? cookiePattern : header;

/** A match in one line, the same for every order of its headers; what is Envoy's default anyway is left out. */
function describeCondition({ case_sensitive: _, headers = [], ...match }: Record<string, unknown>): string {
    const sorted = (headers as EnvoyHeader[]).map((header) => JSON.stringify(withoutPattern(header))).sort();
    const rest = Object.entries(match).map(([key, value]) => `${key} ${display(value)}`);
    return [...rest, ...sorted.map((header) => `header ${header}`)].join(", ");
}

const clusterFact = (cluster: string, percent: number) => `${percent} % to ${cluster}`;
const mirrorFact = (cluster: string, percent: number) => `a mirror of ${percent} % to ${cluster}`;
const delayFact = (delay: string, percent: number) => `a delay of ${milliseconds(delay)} ms for ${percent} %`;
const abortFact = (status: number, percent: number) => `an abort with ${status} for ${percent} %`;

function declaredFacts({ clusters, mirror, fault }: DeclaredRoute): string[] {
    return [
        ...Object.entries(clusters)
            .filter(([, percent]) => percent > 0)
            .map(([cluster, percent]) => clusterFact(cluster, percent)),
        ...(mirror ? [mirrorFact(mirror.cluster, mirror.percent)] : []),
        ...(fault?.delay ? [delayFact(fault.delay.fixedDelay, fault.delay.percent)] : []),
        ...(fault?.abort ? [abortFact(fault.abort.httpStatus, fault.abort.percent)] : []),
    ];
}

/** Fields of a route configuration and of a virtual host that say nothing about what happens to a request. */
const configurationFields = ["@type", "name", "virtual_hosts", "validate_clusters"].concat(
    ...["max_direct_response_body_size_bytes", "ignore_port_in_host_matching"],
);
const hostFields = ["name", "domains", "routes", "include_request_attempt_count"];
/** Fields of a route that say nothing about what happens to a request, or that other checks compare (C3). */
const routeFields = ["name", "match", "metadata", "decorator", "route", "typed_per_filter_config"];
const actionFields = ["cluster", "weighted_clusters", "request_mirror_policies", "timeout", "max_grpc_timeout"].concat(
    // The last one is about a cluster that is missing: T14.
    ...["retry_policy", "cluster_not_found_response_code"],
);
const faultFilter = "envoy.filters.http.fault";

const denominators = { HUNDRED: 100, TEN_THOUSAND: 10_000, MILLION: 1_000_000 };
const percentOf = ({ numerator = 0, denominator = "HUNDRED" }: EnvoyFraction) =>
    (100 * numerator) / denominators[denominator];

interface EnvoyFault {
    delay?: { fixed_delay?: string; percentage?: EnvoyFraction };
    abort?: { http_status?: number; percentage?: EnvoyFraction };
}

/** What a route of Envoy does with a request, one fact a line; a field that is not known here is a fact of its own. */
export function routeFacts(envoyRoute: EnvoyRoute): string[] {
    const { route: action = {}, typed_per_filter_config: perFilter = {} } = envoyRoute;
    const { [faultFilter]: fault, ...otherFilters } = perFilter;
    return [
        ...destinations(action),
        ...mirrors(action),
        ...faults((fault ?? {}) as EnvoyFault),
        ...unknownFields(envoyRoute, routeFields, ""),
        ...unknownFields(action, actionFields, "route."),
        ...unknownFields(otherFilters, [], "typed_per_filter_config."),
    ];
}

type Action = NonNullable<EnvoyRoute["route"]>;

function destinations({ cluster, weighted_clusters: weighted }: Action): string[] {
    if (cluster !== undefined) return [clusterFact(cluster, 100)];
    const clusters = weighted?.clusters ?? [];
    const total = clusters.reduce((sum, { weight = 0 }) => sum + weight, 0);
    return clusters.flatMap(({ name, weight = 0, ...rest }) => [
        ...(weight > 0 ? [clusterFact(name, (100 * weight) / total)] : []),
        ...unknownFields(rest, [], `weighted_clusters.${name}.`),
    ]);
}

function mirrors({ request_mirror_policies: policies = [] }: Action): string[] {
    return policies.map(({ cluster, runtime_fraction: fraction }) =>
        mirrorFact(cluster, fraction?.default_value ? percentOf(fraction.default_value) : 100),
    );
}

function faults({ delay, abort }: EnvoyFault): string[] {
    return [
        ...(delay ? [delayFact(delay.fixed_delay ?? "0s", percentOf(delay.percentage ?? {}))] : []),
        ...(abort ? [abortFact(abort.http_status ?? 0, percentOf(abort.percentage ?? {}))] : []),
    ];
}

function unknownFields(object: object, known: readonly string[], at: string): string[] {
    return Object.entries(object as Readonly<Record<string, unknown>>)
        .filter(([field]) => !known.includes(field))
        .map(([field, value]) => `${at}${field} ${display(value)}`);
}

const display = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));
