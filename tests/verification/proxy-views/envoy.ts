/** The fields of Envoy's `config_dump` and `clusters` that the views read; everything else is kept as it came. */

export interface SocketAddress {
    socket_address?: { address?: string; port_value?: number };
    pipe?: { path?: string };
}

export interface FilterChain {
    name?: string;
    filter_chain_match?: {
        destination_port?: number;
        prefix_ranges?: { address_prefix?: string; prefix_len?: number }[];
        server_names?: string[];
        transport_protocol?: string;
        application_protocols?: string[];
    };
    filters?: { name?: string; typed_config?: FilterConfig }[];
}

/** What decides where a filter leads, a TCP proxy's cluster or the routes of an HTTP connection manager, and whom it lets pass. */
export interface FilterConfig {
    cluster?: string;
    rds?: { route_config_name?: string };
    route_config?: RouteConfiguration;
    http_filters?: HttpFilter[];
    access_log?: AccessLogger[];
    rules?: RbacRules;
    shadow_rules?: RbacRules;
    /** Those whose tokens are checked. */
    providers?: Record<string, { issuer?: string; audiences?: string[] }>;
}

/** What writes down, or counts, the requests of an HTTP connection manager. */
export interface AccessLogger {
    name?: string;
    typed_config?: object;
}

/** A filter of an HTTP connection manager. */
export interface HttpFilter {
    name: string;
    typed_config?: FilterConfig;
}

/** The policies of a filter that lets pass by caller and request; the action is ALLOW where there is none. */
export interface RbacRules {
    action?: string;
    policies?: Record<string, { permissions?: unknown[]; principals?: unknown[] }>;
}

export interface Listener {
    name?: string;
    address?: SocketAddress;
    /** `INBOUND`, `OUTBOUND`, or none where the proxy serves itself. */
    traffic_direction?: string;
    filter_chains?: FilterChain[];
    default_filter_chain?: FilterChain;
}

export interface Route {
    name?: string;
    match?: { prefix?: string; path?: string; path_separated_prefix?: string; safe_regex?: { regex?: string } };
    route?: { cluster?: string; weighted_clusters?: { clusters?: { name?: string; weight?: number }[] } };
    direct_response?: { status?: number };
    metadata?: IstioMetadata;
}

export interface RouteConfiguration {
    name?: string;
    virtual_hosts?: { name?: string; domains?: string[]; routes?: Route[] }[];
}

export interface Cluster {
    name?: string;
    type?: string;
    metadata?: IstioMetadata;
}

/** Where istiod writes which object a part of the configuration comes from. */
export interface IstioMetadata {
    filter_metadata?: { istio?: { config?: string } };
}

/** One host of Envoy's `clusters?format=json`. */
export interface HostStatus {
    address?: SocketAddress;
    health_status?: Record<string, unknown> & { eds_health_status?: string; failed_outlier_check?: boolean };
    weight?: number;
    locality?: { region?: string; zone?: string; sub_zone?: string };
}

export interface ClusterStatus {
    name?: string;
    host_statuses?: HostStatus[];
}

/** An address as text: `10.0.0.1:80`, or the path of a Unix socket. */
export function addressText({ socket_address: socket, pipe }: SocketAddress = {}): string {
    if (socket) return `${socket.address}:${socket.port_value ?? 0}`;
    return pipe?.path === undefined ? "-" : `unix://${pipe.path}`;
}

/** `name.namespace` of the object that istiod made something of; empty where there is none. */
export function istioObject({ metadata }: { metadata?: IstioMetadata }): string {
    const path = metadata?.filter_metadata?.istio?.config ?? "";
    const match = /\/namespaces\/([^/]+)\/[^/]+\/([^/]+)$/.exec(path);
    return match ? `${match[2]}.${match[1]}` : "";
}
