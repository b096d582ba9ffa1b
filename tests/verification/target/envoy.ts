import type {
    EnvoyCertificate,
    EnvoyCluster,
    EnvoyHost,
    EnvoyRoute,
    EnvoyRouteConfiguration,
    EnvoyServerInfo,
    Kubernetes,
    Pod,
    Proxy,
    ProxySync,
} from "./target";

/** Envoy's admin interface and istiod's view of it, both reached as istioctl reaches them: by forwarded ports. */

/** Port of Envoy's admin interface; it listens on the pod's loopback address only. */
const adminPort = 15000;
/** Port of istiod's debug interface; callers from its own loopback address are trusted. */
export const istiodDebugPort = 15014;

export class EnvoyProxy implements Proxy {
    constructor(
        private readonly kubernetes: Kubernetes,
        readonly pod: Pod,
    ) {}

    async get(path: string): Promise<string> {
        const { status, body } = await this.kubernetes.get(this.pod, adminPort, `/${path}`);
        if (status !== 200) throw new Error(`Envoy of ${this.pod.name} answers ${status} to ${path}: ${body.trim()}`);
        return body;
    }

    async hosts(cluster: string): Promise<EnvoyHost[]> {
        return parseHosts(await this.get(`clusters?filter=${encodeURIComponent(escapeRegex(cluster))}`), cluster);
    }

    async clusters(nameRegex: string): Promise<EnvoyCluster[]> {
        const dump = await this.dump<{ cluster: EnvoyCluster }>("dynamic_active_clusters", nameRegex);
        return dump.map(({ cluster }) => cluster);
    }

    async routes(): Promise<EnvoyRouteConfiguration[]> {
        const dump = await this.dump<{ route_config: EnvoyRouteConfiguration }>("dynamic_route_configs");
        return dump.map((entry) => entry.route_config);
    }

    async serverInfo(): Promise<EnvoyServerInfo> {
        return JSON.parse(await this.get("server_info")) as EnvoyServerInfo;
    }

    async certificates(): Promise<EnvoyCertificate[]> {
        return parseCertificates(await this.get("certs"));
    }

    private async dump<T>(resource: string, nameRegex?: string): Promise<T[]> {
        const filter = nameRegex === undefined ? "" : `&name_regex=${encodeURIComponent(nameRegex)}`;
        const text = await this.get(`config_dump?resource=${resource}${filter}`);
        return (JSON.parse(text) as { configs?: T[] }).configs ?? [];
    }
}

/** The routes of all virtual hosts. */
export function allRoutes(configurations: readonly EnvoyRouteConfiguration[]): EnvoyRoute[] {
    const hosts = configurations.flatMap(({ virtual_hosts: virtualHosts = [] }) => virtualHosts);
    return hosts.flatMap(({ routes = [] }) => routes);
}

/** Makes a text match itself in a regular expression. */
export function escapeRegex(text: string): string {
    return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

/** Name of the outbound cluster that Istio makes for a port of a Service. */
export function outboundCluster(service: string, namespace: string, port: number, subset = ""): string {
    return `outbound|${port}|${subset}|${service}.${namespace}.svc.cluster.local`;
}

/** Reads the hosts of one cluster from the text of Envoy's `/clusters`. */
export function parseHosts(text: string, cluster: string): EnvoyHost[] {
    const hosts = new Map<string, EnvoyHost>();
    for (const line of text.split("\n")) {
        if (!line.startsWith(`${cluster}::`)) continue;
        const [address, key, value] = line.slice(cluster.length + 2).split("::");
        const match = /^(.+):(\d+)$/.exec(address ?? "");
        if (!match || key === undefined || value === undefined) continue;
        const host = hosts.get(address!) ?? { ip: match[1]!, port: Number(match[2]), flags: [], requests: 0 };
        hosts.set(address!, host);
        if (key === "health_flags") host.flags = value.split("/").filter((flag) => flag !== "" && flag !== "healthy");
        if (key === "rq_total") host.requests = Number(value);
    }
    return [...hosts.values()];
}

/** Reads the answer of Envoy's `/certs`: one entry a place where a certificate is used, so most come often. */
export function parseCertificates(text: string): EnvoyCertificate[] {
    const { certificates = [] } = JSON.parse(text) as { certificates?: { cert_chain?: CertificateEntry[] }[] };
    const own = certificates.flatMap(({ cert_chain: [leaf] = [] }) => (leaf ? [leaf] : []));
    const unique = new Map(own.map((leaf) => [leaf.serial_number, leaf]));
    return [...unique.values()].map((leaf) => ({
        serialNumber: leaf.serial_number,
        names: (leaf.subject_alt_names ?? []).flatMap(({ uri, dns }) =>
            [uri, dns].filter((name) => name !== undefined),
        ),
        validFrom: new Date(leaf.valid_from),
        validTo: new Date(leaf.expiration_time),
    }));
}

interface CertificateEntry {
    serial_number: string;
    subject_alt_names?: { uri?: string; dns?: string }[];
    valid_from: string;
    expiration_time: string;
}
/** Types of configuration in istiod's `/debug/syncz`. */
const configurationTypes = ["cluster", "listener", "route", "endpoint"];

/**
 * Reads the answer of istiod's `/debug/syncz`: which proxy has acknowledged what was last sent to it.
 *
 * @param revision Revision of the istiod that has answered.
 */
export function parseSync(text: string, revision: string): ProxySync[] {
    const entries = JSON.parse(text) as (Record<string, string> & { proxy?: string; istio_version?: string })[];
    return entries.map((entry) => ({
        proxy: entry.proxy ?? "",
        revision,
        version: entry.istio_version ?? "",
        stale: configurationTypes.filter((type) => (entry[`${type}_sent`] ?? "") !== (entry[`${type}_acked`] ?? "")),
        sent: configurationTypes.map((type) => entry[`${type}_sent`] ?? "").join(),
    }));
}
