import { parseAllDocuments } from "yaml";
import { UserError } from "../../tools/errors";

/** The surroundings that VirtualServices need, so that a real istiod makes routes of them: nothing of them is changed. */

export interface VirtualService {
    readonly apiVersion: string;
    readonly kind: "VirtualService";
    readonly metadata: { readonly name: string; readonly namespace: string };
    readonly spec: Spec;
}

interface Spec {
    readonly hosts?: readonly string[];
    readonly gateways?: readonly string[];
    readonly http?: readonly HttpRoute[];
}

interface Destination {
    readonly host: string;
    readonly subset?: string;
    readonly port?: { readonly number?: number };
}

interface HttpRoute {
    readonly match?: readonly { readonly gateways?: readonly string[] }[];
    readonly route?: readonly { readonly destination: Destination }[];
    readonly headers?: object;
    readonly mirror?: Destination;
    readonly mirrors?: readonly { readonly destination: Destination }[];
    readonly delegate?: { readonly name: string; readonly namespace?: string };
}

/** Where the proxies listen and where every destination answers. */
export interface Ports {
    readonly gateway: number;
    readonly mesh: number;
    readonly echo: number;
}

/** The VirtualServices in a file of YAML documents; other kinds are passed over. */
export function readVirtualServices(file: string, text: string): VirtualService[] {
    return parseAllDocuments(text).flatMap((document) => {
        if (document.errors[0]) throw new UserError(`${file}: ${document.errors[0].message}`, 2);
        const value = document.toJS() as Partial<VirtualService> | null;
        if (value?.kind !== "VirtualService" || !value.metadata?.name || !value.spec) return [];
        const { name, namespace = "default" } = value.metadata;
        return [{ ...(value as VirtualService), metadata: { ...value.metadata, name, namespace } }];
    });
}

/** The name that a host stands for in a namespace, as Istio completes it. */
export function fullHost(host: string, namespace: string): string {
    return host.includes(".") ? host : `${host}.${namespace}.svc.cluster.local`;
}

/** Namespace of the control plane. */
export const ROOT = "istio-system";

/** Label of the proxy that stands for every gateway. */
export const GATEWAY_LABELS = { "route-cases": "gateway" } as const;

/** Response header in which the proxy says to which cluster it sent a request. */
export const CLUSTER_HEADER = "x-route-cases-cluster";

/** Host whose route comes last: once a proxy has it, it has everything else, too. */
export const SENTINEL = "ready.route-cases.example";

/** Response header of its route alone. */
export const SENTINEL_HEADER = "x-route-cases-ready";

/**
 * Told to istiod only when it knows all else: what is pushed then is complete.
 *
 * @param attempt Another number is another configuration, which istiod pushes anew.
 */
export function sentinel(attempt: number): VirtualService {
    const route = [{ destination: { host: SENTINEL, port: { number: 80 } } }];
    const http = [{ headers: { response: { set: { [SENTINEL_HEADER]: String(attempt) } } }, route }];
    return {
        apiVersion: "networking.istio.io/v1",
        kind: "VirtualService",
        metadata: { name: "route-cases-sentinel", namespace: ROOT },
        spec: { hosts: [SENTINEL], gateways: ["mesh", "route-cases-sentinel"], http },
    };
}

/** Everything that istiod has to know beside the VirtualServices. */
export function surroundings(own: readonly VirtualService[], ports: Ports): object[] {
    const virtualServices = [...own, sentinel(0)];
    const destinations = virtualServices.flatMap(({ metadata, spec }) =>
        (spec.http ?? []).flatMap(({ route = [], mirror, mirrors = [] }) =>
            [
                ...route.map(({ destination }) => destination),
                ...(mirror ? [mirror] : []),
                ...mirrors.map(({ destination }) => destination),
            ].map((destination) => ({ ...destination, host: fullHost(destination.host, metadata.namespace) })),
        ),
    );
    // A sidecar has routes of hosts that it knows; what is asked for is one, also where nothing leads to it.
    const asked = virtualServices
        .filter(({ spec }) => (spec.gateways ?? ["mesh"]).includes("mesh"))
        .flatMap(({ metadata, spec }) => (spec.hosts ?? []).map((host) => fullHost(host, metadata.namespace)))
        .filter((host) => !host.includes("*"));
    const hosts = [...new Set([...destinations.map(({ host }) => host), ...asked])].sort();
    return [
        ...hosts.flatMap((host, index) =>
            service(
                host,
                index,
                destinations.filter((one) => one.host === host),
                ports,
            ),
        ),
        ...gateways(virtualServices, ports),
        ...[clusterInAnswers, noMutualTls],
    ];
}

function service(host: string, index: number, destinations: readonly Destination[], { echo }: Ports): object[] {
    const named = destinations.flatMap(({ port }) => (port?.number === undefined ? [] : [port.number]));
    const numbers = [...new Set(named.length > 0 ? named : [80])].sort((a, b) => a - b);
    const subsets = [...new Set(destinations.flatMap(({ subset }) => (subset === undefined ? [] : [subset])))].sort();
    const portName = (number: number) => `http-${number}`;
    const endpoint = (labels: Record<string, string>) => ({
        address: "127.0.0.1",
        ports: Object.fromEntries(numbers.map((number) => [portName(number), echo])),
        labels,
    });
    const metadata = { name: `destination-${index}`, namespace: ROOT };
    const entry = {
        ...{ apiVersion: "networking.istio.io/v1", kind: "ServiceEntry", metadata },
        spec: {
            hosts: [host],
            ports: numbers.map((number) => ({ number, name: portName(number), protocol: "HTTP" })),
            ...{ resolution: "STATIC", location: "MESH_INTERNAL" },
            endpoints: subsets.length > 0 ? subsets.map((subset) => endpoint({ subset })) : [endpoint({})],
        },
    };
    const rule = {
        ...{ apiVersion: "networking.istio.io/v1", kind: "DestinationRule", metadata },
        spec: {
            host,
            trafficPolicy: { tls: { mode: "DISABLE" } },
            subsets: subsets.map((name) => ({ name, labels: { subset: name } })),
        },
    };
    return [entry, rule];
}

/** One Gateway for each that a VirtualService or a condition in it names. */
function gateways(virtualServices: readonly VirtualService[], { gateway }: Ports): object[] {
    const names = virtualServices.flatMap(({ metadata, spec }) =>
        [
            ...(spec.gateways ?? []),
            ...(spec.http ?? []).flatMap(({ match = [] }) => match.flatMap((one) => one.gateways ?? [])),
        ]
            .filter((name) => name !== "mesh")
            .map((name) => (name.includes("/") ? name : `${metadata.namespace}/${name}`)),
    );
    return [...new Set(names)].sort().map((full) => {
        const [namespace = "", name = ""] = full.split("/");
        return {
            ...{ apiVersion: "networking.istio.io/v1", kind: "Gateway", metadata: { name, namespace } },
            spec: {
                selector: GATEWAY_LABELS,
                servers: [{ port: { number: gateway, name: "http", protocol: "HTTP" }, hosts: ["*/*"] }],
            },
        };
    });
}

const clusterInAnswers = {
    apiVersion: "networking.istio.io/v1alpha3",
    kind: "EnvoyFilter",
    metadata: { name: "cluster-in-answers", namespace: ROOT },
    spec: {
        configPatches: [
            {
                applyTo: "ROUTE_CONFIGURATION",
                match: { context: "ANY" },
                patch: {
                    operation: "MERGE",
                    value: {
                        response_headers_to_add: [
                            {
                                header: { key: CLUSTER_HEADER, value: "%UPSTREAM_CLUSTER_RAW%" },
                                append_action: "OVERWRITE_IF_EXISTS_OR_ADD",
                            },
                        ],
                    },
                },
            },
        ],
    },
};

/** Nobody has certificates here: a proxy that asked for them would wait for ever. */
const noMutualTls = {
    apiVersion: "security.istio.io/v1",
    kind: "PeerAuthentication",
    metadata: { name: "default", namespace: ROOT },
    spec: { mtls: { mode: "DISABLE" } },
};

/** Which proxies serve a host: gateways, sidecars, or both. */
export function servedBy(virtualServices: readonly VirtualService[], authority: string): ("gateway" | "mesh")[] {
    const host = authority.replace(/:\d+$/, "");
    const own = virtualServices.filter(({ metadata, spec }) =>
        (spec.hosts ?? []).some((pattern) => {
            const full = pattern.startsWith("*") ? pattern : fullHost(pattern, metadata.namespace);
            return (
                pattern === "*" ||
                host === pattern ||
                host === full ||
                (pattern.startsWith("*") && host.endsWith(pattern.slice(1)))
            );
        }),
    );
    const bindings = own.flatMap(({ spec }) => spec.gateways ?? ["mesh"]);
    const kinds = new Set(bindings.map((name) => (name === "mesh" ? "mesh" : "gateway") as "gateway" | "mesh"));
    return [...kinds].sort();
}
