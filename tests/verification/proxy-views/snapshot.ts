import { z } from "zod";
import type { Proxy } from "../target/target";
import {
    addressText,
    type Cluster,
    type ClusterStatus,
    type HostStatus,
    type Listener,
    type RouteConfiguration,
} from "./envoy";

/** What one Envoy has been told, at one moment: its listeners, routes, clusters and endpoints (LDS, RDS, CDS, EDS; T14). */
export interface ProxySnapshot {
    /** `<pod>.<namespace>`. */
    proxy: string;
    /** ISO 8601. */
    takenAt: string;
    listeners: Readonly<Record<string, Listener>>;
    routes: Readonly<Record<string, RouteConfiguration>>;
    clusters: Readonly<Record<string, Cluster>>;
    /** Cluster -> address -> its state. */
    endpoints: Readonly<Record<string, Readonly<Record<string, EndpointState>>>>;
}

/** What an Envoy thinks of one address of a cluster. */
export interface EndpointState {
    /** As the control plane has it: `HEALTHY`, `UNHEALTHY` or `DRAINING`. */
    status: string;
    /** `FAILED` while outlier detection has the address ejected, else `OK`. */
    outlierCheck: "OK" | "FAILED";
    /** Weight among the addresses of its locality. */
    weight: number;
    /** `region/zone/sub-zone`, without the parts that are not known. */
    locality: string;
}

/** The sections of a snapshot, in the order in which Envoy follows them. */
export const sections = ["listeners", "routes", "clusters", "endpoints"] as const;
export type Section = (typeof sections)[number];

/** Reads a proxy through its admin interface. */
export async function takeSnapshot(proxy: Proxy): Promise<ProxySnapshot> {
    const [dump, statuses] = await Promise.all([proxy.get("config_dump"), proxy.get("clusters?format=json")]);
    return snapshotOf(`${proxy.pod.name}.${proxy.pod.namespace}`, new Date(), dump, statuses);
}

/** The snapshot in the admin interface's answers to `config_dump` and `clusters?format=json`. */
export function snapshotOf(proxy: string, takenAt: Date, configDump: string, clusterStatuses: string): ProxySnapshot {
    const { configs = [] } = JSON.parse(configDump) as { configs?: Part[] };
    const parts = (type: string) => configs.filter((part) => part["@type"]?.endsWith(`.${type}`));
    const all = <T>(type: string, lists: readonly string[], select: (entry: Entry) => unknown) =>
        parts(type).flatMap((part) =>
            lists.flatMap((list) =>
                ((part[list] as Entry[] | undefined) ?? []).map((entry) => select(entry) as T | undefined),
            ),
        );
    const { cluster_statuses = [] } = JSON.parse(clusterStatuses) as { cluster_statuses?: ClusterStatus[] };
    return {
        proxy,
        takenAt: takenAt.toISOString(),
        listeners: byName(
            all<Listener>(
                "ListenersConfigDump",
                ["dynamic_listeners", "static_listeners"],
                (entry) => entry.listener ?? entry.active_state?.listener,
            ),
            ({ name, address }) => name ?? addressText(address),
        ),
        routes: byName(
            all<RouteConfiguration>(
                "RoutesConfigDump",
                ["dynamic_route_configs", "static_route_configs"],
                ({ route_config }) => route_config,
            ),
            ({ name }) => name ?? "(inline)",
        ),
        clusters: byName(
            all<Cluster>(
                "ClustersConfigDump",
                ["dynamic_active_clusters", "static_clusters"],
                ({ cluster }) => cluster,
            ),
            ({ name }) => name ?? "(unnamed)",
        ),
        endpoints: sorted(
            cluster_statuses.map(({ name = "(unnamed)", host_statuses = [] }) => [
                name,
                sorted(host_statuses.map((host) => [addressText(host.address), endpointState(host)])),
            ]),
        ),
    };
}

type Part = Record<string, unknown> & { "@type"?: string };

interface Entry {
    listener?: unknown;
    active_state?: { listener?: unknown };
    route_config?: unknown;
    cluster?: unknown;
}

function endpointState({ health_status: health = {}, weight = 1, locality = {} }: HostStatus): EndpointState {
    return {
        status: health.eds_health_status ?? "UNKNOWN",
        outlierCheck: health.failed_outlier_check ? "FAILED" : "OK",
        weight,
        locality: [locality.region, locality.zone, locality.sub_zone].filter(Boolean).join("/"),
    };
}

/**
 * Resources by name, in the order of the names: Envoy lists them in any order. Resources of one name (the routes inside of
 * listeners) are numbered in the order of their content.
 */
function byName<T>(resources: readonly (T | undefined)[], nameOf: (resource: T) => string): Record<string, T> {
    const named = resources
        .filter((resource) => resource !== undefined)
        .map((resource) => ({ resource, name: nameOf(resource), text: JSON.stringify(resource) }))
        .sort((a, b) => compare(a.name, b.name) || compare(a.text, b.text));
    const seen = new Map<string, number>();
    return Object.fromEntries(
        named.map(({ resource, name }) => {
            const number = (seen.get(name) ?? 0) + 1;
            seen.set(name, number);
            return [number === 1 ? name : `${name} (${number})`, resource];
        }),
    );
}

const sorted = <T>(entries: readonly (readonly [string, T])[]): Record<string, T> =>
    Object.fromEntries([...entries].sort(([a], [b]) => compare(a, b)));

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const resources = z.record(z.string(), z.looseObject({}));
const snapshotFile = z.object({
    proxy: z.string(),
    takenAt: z.string(),
    listeners: resources,
    routes: resources,
    clusters: resources,
    endpoints: z.record(
        z.string(),
        z.record(
            z.string(),
            z.object({
                status: z.string(),
                outlierCheck: z.enum(["OK", "FAILED"]),
                weight: z.number(),
                locality: z.string(),
            }),
        ),
    ),
});

/**
 * A snapshot that was kept as JSON.
 *
 * @throws Error when the text is not one.
 */
export function parseSnapshot(text: string): ProxySnapshot {
    return snapshotFile.parse(JSON.parse(text)) as ProxySnapshot;
}
