import { addressText, istioObject, type FilterChain, type Route } from "./envoy";
import type { ProxySnapshot, Section } from "./snapshot";

/** The tables that `istioctl proxy-config` shows of a proxy: one row an entry, in its columns. */

export interface View {
    columns: readonly string[];
    rows: readonly (readonly string[])[];
}

/** The view of one section of a snapshot. */
export function view(snapshot: ProxySnapshot, section: Section): View {
    return views[section](snapshot);
}

const views: Record<Section, (snapshot: ProxySnapshot) => View> = {
    listeners: ({ listeners }) => ({
        columns: ["ADDRESS", "PORT", "MATCH", "DESTINATION"],
        rows: Object.values(listeners)
            .flatMap(({ address, filter_chains = [], default_filter_chain: last }) => {
                const [, ip, port] = /^(.*):(\d+)$/.exec(addressText(address)) ?? [, addressText(address), "-"];
                const chains = last ? [...filter_chains, last] : filter_chains;
                return chains.map((chain) => [ip!, port!, matchText(chain), destinationText(chain)]);
            })
            .sort((a, b) => Number(a[1]) - Number(b[1]) || (a[0]! < b[0]! ? -1 : a[0]! > b[0]! ? 1 : 0)),
    }),
    routes: ({ routes }) => ({
        columns: ["NAME", "VIRTUAL HOST", "DOMAINS", "MATCH", "DESTINATION", "VIRTUAL SERVICE"],
        rows: Object.entries(routes).flatMap(([name, { virtual_hosts = [] }]) =>
            virtual_hosts.flatMap((host) =>
                (host.routes ?? []).map((route) => [
                    name,
                    host.name ?? "",
                    domainsText(host.domains ?? []),
                    routeMatchText(route),
                    routeDestinationText(route),
                    istioObject(route),
                ]),
            ),
        ),
    }),
    clusters: ({ clusters }) => ({
        columns: ["SERVICE", "PORT", "SUBSET", "DIRECTION", "TYPE", "DESTINATION RULE"],
        rows: Object.entries(clusters).map(([name, cluster]) => {
            const [direction, port, subset, service] = name.split("|");
            const parts =
                service === undefined
                    ? [name, "-", "-", "-"]
                    : [service || "-", port || "-", subset || "-", direction || "-"];
            return [...parts, cluster.type ?? "STATIC", istioObject(cluster)];
        }),
    }),
    endpoints: ({ endpoints }) => ({
        columns: ["ENDPOINT", "STATUS", "OUTLIER CHECK", "WEIGHT", "LOCALITY", "CLUSTER"],
        rows: Object.entries(endpoints).flatMap(([cluster, addresses]) =>
            Object.entries(addresses).map(([address, { status, outlierCheck, weight, locality }]) => [
                address,
                status,
                outlierCheck,
                String(weight),
                locality,
                cluster,
            ]),
        ),
    }),
};

function matchText({ filter_chain_match: match = {} }: FilterChain): string {
    const { server_names, transport_protocol, application_protocols, prefix_ranges, destination_port } = match;
    const port = destination_port === undefined ? "" : `:${destination_port}`;
    const ranges = prefix_ranges?.map(({ address_prefix, prefix_len }) => `${address_prefix}/${prefix_len ?? 0}`);
    const conditions = [
        server_names && `SNI: ${server_names.join(",")}`,
        transport_protocol && `Trans: ${transport_protocol}`,
        application_protocols && `App: ${application_protocols.join(",")}`,
        (ranges || port) && `Addr: ${ranges?.join(",") ?? "*"}${port}`,
    ].filter(Boolean);
    return conditions.join("; ") || "ALL";
}

function destinationText({ filters = [] }: FilterChain): string {
    for (const { typed_config: config } of filters) {
        if (config?.rds) return `Route: ${config.rds.route_config_name}`;
        if (config?.route_config) {
            const routes = (config.route_config.virtual_hosts ?? []).flatMap((host) => host.routes ?? []);
            const clusters = [...new Set(routes.map(routeDestinationText))];
            return `Inline Route: ${routes.map(routeMatchText).join(",")} -> ${clusters.join(",")}`;
        }
        if (config?.cluster !== undefined) return `Cluster: ${config.cluster}`;
    }
    return "-";
}

/** Domains shown of a virtual host: the others are longer and shorter forms of the same name. */
const shownDomains = 2;

function domainsText(domains: readonly string[]): string {
    const hidden = domains.length - shownDomains;
    return `${domains.slice(0, shownDomains).join(", ")}${hidden > 0 ? ` + ${hidden} more` : ""}`;
}

function routeMatchText({ match = {} }: Route): string {
    const { prefix, path, path_separated_prefix: separated, safe_regex: pattern } = match;
    if (path !== undefined) return path;
    if (pattern) return `regex ${pattern.regex}`;
    return `${prefix ?? separated ?? ""}*`;
}

function routeDestinationText({ route, direct_response: direct }: Route): string {
    if (direct) return `status ${direct.status}`;
    if (route?.weighted_clusters)
        return (route.weighted_clusters.clusters ?? []).map(({ name, weight }) => `${name} ${weight ?? 0}`).join(", ");
    return route?.cluster ?? "-";
}
