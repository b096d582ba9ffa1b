import type { PlatformConfig } from "../../../../components/config/platform";
import type { Cluster, FilterChain, Route, RouteConfiguration } from "../../proxy-views/envoy";
import type { ProxySnapshot, Section } from "../../proxy-views/snapshot";
import { outboundCluster } from "../../target/envoy";
import type { Pod } from "../../target/target";
import {
    declaredPrefixes,
    ecommerceServices,
    gatewayServer,
    helloContainerPort,
    helloPort,
    helloService,
} from "./names";

/** A proxy's listeners, routes, clusters and endpoints against what is declared (T14). */

/** A Service of the platform's applications. */
export interface DeclaredService {
    name: string;
    namespace: string;
    /** Port of the Service. */
    port: number;
    /** Port of the containers behind it. */
    containerPort: number;
    /** Labels of its pods. */
    labels: Readonly<Record<string, string>>;
}

/** Ports of the study's containers; all of its Services have port 80. */
const studyPorts = { catalog: 3000, webapp: 8080, "simple-web": 8080, "simple-backend": 8080 };

/** Every Service of the platform's applications. */
export function declaredServices(config: PlatformConfig): DeclaredService[] {
    const services = applicationServices(config).map((service) => ({ ...service, labels: { app: service.name } }));
    return config.mesh.routing === "gateway-api"
        ? services.flatMap((service) => [service, ...subsetServices(config, service)])
        : services;
}

/** The Services over the subsets of one, where routes need them (P12). */
function subsetServices(config: PlatformConfig, service: DeclaredService): DeclaredService[] {
    const { egov, ecommerce } = config;
    const isHello = service.name === helloService && service.namespace === egov.namespaces.app;
    const hello = isHello ? Object.entries(egov.hello.subsets).map(([subset]) => ({ subset, version: subset })) : [];
    const inShop = service.namespace === ecommerce.namespace && service.name in ecommerce.canaries;
    const shop = inShop ? ecommerceServices(config).find(({ name }) => name === service.name)!.versions : [];
    return [...hello, ...shop].map(({ subset, version }) => ({
        ...service,
        name: `${service.name}-${subset}`,
        labels: { ...service.labels, version },
    }));
}

function applicationServices(config: PlatformConfig): Omit<DeclaredService, "labels">[] {
    const { egov, ecommerce, study } = config;
    return [
        ...(egov.enabled
            ? [
                  {
                      name: helloService,
                      namespace: egov.namespaces.app,
                      port: helloPort,
                      containerPort: helloContainerPort,
                  },
                  {
                      name: gatewayServer,
                      namespace: egov.namespaces.infra,
                      port: egov.gatewayServer.port,
                      containerPort: egov.gatewayServer.port,
                  },
              ]
            : []),
        ...(ecommerce.enabled
            ? ecommerceServices(config).map(({ name }) => ({
                  name,
                  namespace: ecommerce.namespace,
                  port: ecommerce.servicePort,
                  containerPort: ecommerce.containerPort,
              }))
            : []),
        ...(study.enabled
            ? Object.entries(studyPorts).map(([name, containerPort]) => ({
                  name,
                  namespace: study.namespace,
                  port: 80,
                  containerPort,
              }))
            : []),
    ];
}

/** What every proxy has to know. */
export interface Declaration {
    services: readonly DeclaredService[];
    /** Prefixes that the ingress gateway routes. */
    prefixes: readonly string[];
    /** Pods of the services that take requests. */
    pods: readonly Pod[];
}

export function declaration(config: PlatformConfig, pods: readonly Pod[]): Declaration {
    return { services: declaredServices(config), prefixes: declaredPrefixes(config), pods };
}

/** Ports on which a sidecar takes what the pod sends and what it is sent. */
const capturePorts = { virtualOutbound: 15001, virtualInbound: 15006 };
/** Port on which the ingress gateway takes requests for port 80 of its Service (P10). */
const gatewayPort = 8080;

/** What is wrong in each section of one proxy; a proxy is a sidecar or the ingress gateway's. */
export function viewProblems(
    snapshot: ProxySnapshot,
    kind: "sidecar" | "gateway",
    declared: Declaration,
): Record<Section, string[]> {
    const ownRoutes = kind === "sidecar" ? serviceRouteProblems : prefixRouteProblems;
    return {
        listeners: [
            ...(kind === "sidecar" ? captureProblems(snapshot) : gatewayListenerProblems(snapshot)),
            ...(kind === "sidecar" ? serviceListenerProblems(snapshot, declared) : []),
            ...missingRouteConfigurations(snapshot),
        ],
        routes: [...ownRoutes(snapshot, declared), ...danglingRoutes(snapshot)],
        clusters: clusterProblems(snapshot, declared),
        endpoints: endpointProblems(snapshot, declared),
    };
}

const host = ({ name, namespace }: DeclaredService): string => `${name}.${namespace}.svc.cluster.local`;
const clusterOf = ({ name, namespace, port }: DeclaredService): string => outboundCluster(name, namespace, port);

function captureProblems({ listeners }: ProxySnapshot): string[] {
    return Object.entries(capturePorts)
        .filter(([name, port]) => listeners[name]?.address?.socket_address?.port_value !== port)
        .map(([name, port]) => `no listener ${name} on ${port}`);
}

function gatewayListenerProblems({ listeners }: ProxySnapshot): string[] {
    const opened = Object.values(listeners).map(({ address }) => address?.socket_address?.port_value);
    return opened.includes(gatewayPort) ? [] : [`no listener on ${gatewayPort}`];
}

/** HTTP to a port of a Service is taken by the listener of that port, whatever the address. */
function serviceListenerProblems({ listeners }: ProxySnapshot, { services }: Declaration): string[] {
    const ports = [...new Set(services.map(({ port }) => port))];
    return ports
        .filter((port) => !routeNames(listeners[`0.0.0.0_${port}`]?.filter_chains).includes(String(port)))
        .map((port) => `no listener for HTTP to port ${port}`);
}

/** A listener whose routes are missing answers every request with 404. */
function missingRouteConfigurations({ listeners, routes }: ProxySnapshot): string[] {
    const wanted = Object.values(listeners).flatMap(({ filter_chains }) => routeNames(filter_chains));
    return [...new Set(wanted)]
        .filter((name) => !routes[name])
        .map((name) => `the routes ${name} of a listener are missing`);
}

const routeNames = (chains: readonly FilterChain[] = []): string[] =>
    chains.flatMap(({ filters = [] }) =>
        filters.flatMap(({ typed_config }) => typed_config?.rds?.route_config_name ?? []),
    );

/** In a sidecar each Service has a virtual host whose routes lead to its pods, all or a subset. */
function serviceRouteProblems({ routes }: ProxySnapshot, { services }: Declaration): string[] {
    return services.flatMap((service) => {
        const hosts = routes[String(service.port)]?.virtual_hosts ?? [];
        const own = hosts.find(({ domains = [] }) => domains.includes(host(service)));
        if (!own) return [`no virtual host for ${host(service)}:${service.port}`];
        const elsewhere = (own.routes ?? []).flatMap(clustersOf).filter((name) => !name.endsWith(`|${host(service)}`));
        return elsewhere.map((name) => `${host(service)}:${service.port} leads to ${name}`);
    });
}

function prefixRouteProblems({ routes }: ProxySnapshot, { prefixes }: Declaration): string[] {
    const all = Object.values(routes).flatMap(allRoutes);
    const routed = new Set(all.map(({ match }) => match?.prefix ?? match?.path_separated_prefix));
    return prefixes.filter((prefix) => !routed.has(prefix)).map((prefix) => `no route for ${prefix}`);
}

/**
 * A route to a cluster that the proxy does not have answers with 503. Routes inside of listeners do not count: Envoy lists
 * them as long as a listener that is gone still serves its last connections.
 */
function danglingRoutes({ listeners, routes, clusters }: ProxySnapshot): string[] {
    const inUse = Object.values(listeners).flatMap(({ filter_chains }) => routeNames(filter_chains));
    const led = inUse.flatMap((name) => allRoutes(routes[name]).flatMap(clustersOf));
    return [...new Set(led)]
        .filter((name) => !clusters[name])
        .map((name) => `a route leads to ${name}, which is missing`);
}

const allRoutes = ({ virtual_hosts = [] }: RouteConfiguration = {}): Route[] =>
    virtual_hosts.flatMap((virtualHost) => virtualHost.routes ?? []);

const clustersOf = ({ route }: Route): string[] =>
    route?.cluster !== undefined
        ? [route.cluster]
        : (route?.weighted_clusters?.clusters ?? []).flatMap(({ name }) => name ?? []);

function clusterProblems({ clusters }: ProxySnapshot, { services }: Declaration): string[] {
    const fed = (cluster: Cluster | undefined) => cluster?.type === "EDS";
    return services
        .filter((service) => !fed(clusters[clusterOf(service)]))
        .map((service) => `no ${clusterOf(service)}`);
}

/** Each Service's addresses are those of its ready pods, on the port of the containers. */
function endpointProblems({ endpoints }: ProxySnapshot, { services, pods }: Declaration): string[] {
    return services.flatMap((service) => {
        const own = pods.filter(
            ({ namespace, labels }) =>
                namespace === service.namespace &&
                Object.entries(service.labels).every(([name, value]) => labels[name] === value),
        );
        const wanted = own.map(({ ip }) => `${ip}:${service.containerPort}`);
        const seen = Object.keys(endpoints[clusterOf(service)] ?? {});
        return [
            ...seen
                .filter((address) => !wanted.includes(address))
                .map((address) => `${clusterOf(service)} has ${address}`),
            ...wanted
                .filter((address) => !seen.includes(address))
                .map((address) => `${clusterOf(service)} lacks ${address}`),
        ];
    });
}
