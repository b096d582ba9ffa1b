import { canaryVersions } from "../../../../components/config/canary";
import { namedHosts } from "../../../../components/config/hosts";
import type { Routing } from "../../../../components/config/mesh";
import type { PlatformConfig } from "../../../../components/config/platform";
import { outboundCluster } from "../../target/envoy";
import type { EnvoyRoute, Pod, Target } from "../../target/target";

/** What the program calls the things that the specs look at. */

export const helloService = "egov-hello";
export const helloPort = 80;
export const helloContainerPort = 8080;
export const gatewayServer = "gateway-server";
export const ingressGateway = "istio-ingressgateway";
export const egressGateway = "istio-egressgateway";
export const outsideSite = "outside-site";
export const requestFilter = "request-filter";
export const rateLimitService = "rate-limit";
export const rateLimitRedis = "rate-limit-redis";

/** What the counters of the global rate limit are named after (S7): its domain, and the keys of its descriptors. */
export const limitDescriptors = {
    domain: "ingress-gateway",
    path: "path",
    client: "client",
    unnamed: "unnamed",
} as const;
export const ecommerceGateway = "ecommerce-gateway";

export const istio = {
    virtualService: { apiVersion: "networking.istio.io/v1", kind: "VirtualService" },
    destinationRule: { apiVersion: "networking.istio.io/v1", kind: "DestinationRule" },
    gateway: { apiVersion: "networking.istio.io/v1", kind: "Gateway" },
    serviceEntry: { apiVersion: "networking.istio.io/v1", kind: "ServiceEntry" },
    sidecar: { apiVersion: "networking.istio.io/v1", kind: "Sidecar" },
    proxyConfig: { apiVersion: "networking.istio.io/v1beta1", kind: "ProxyConfig" },
    envoyFilter: { apiVersion: "networking.istio.io/v1alpha3", kind: "EnvoyFilter" },
} as const;

/** The Gateway API's kinds (P12). */
export const gatewayApi = {
    gateway: { apiVersion: "gateway.networking.k8s.io/v1", kind: "Gateway" },
    route: { apiVersion: "gateway.networking.k8s.io/v1", kind: "HTTPRoute" },
} as const;

/** The kinds of what lets requests from outside in and routes them, in the declared API. */
export function entranceKinds({ mesh: { routing } }: PlatformConfig) {
    return routing === "gateway-api" ? gatewayApi : { gateway: istio.gateway, route: istio.virtualService };
}

/** The Gateway of the e-commerce services: one of the Gateway API is where its proxies are. */
export function ecommerceGatewayReference(config: PlatformConfig) {
    const namespace = config.mesh.routing === "gateway-api" ? "istio-system" : config.ecommerce.namespace;
    return { ...entranceKinds(config).gateway, namespace, name: ecommerceGateway };
}

export const security = {
    authorizationPolicy: { apiVersion: "security.istio.io/v1", kind: "AuthorizationPolicy" },
    peerAuthentication: { apiVersion: "security.istio.io/v1", kind: "PeerAuthentication" },
    requestAuthentication: { apiVersion: "security.istio.io/v1", kind: "RequestAuthentication" },
} as const;

export const apps = { deployment: { apiVersion: "apps/v1", kind: "Deployment" } } as const;
export const networking = { networkPolicy: { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy" } } as const;
export const core = { service: { apiVersion: "v1", kind: "Service" } } as const;

/**
 * Name of the cluster of a Service, or of one of its subsets: a part of the Service, or with the Gateway API, which leads
 * to Services only, one of its own (P12).
 */
export function routedCluster(
    routing: Routing,
    { name, namespace, port }: { name: string; namespace: string; port: number },
    subset = "",
): string {
    return routing === "gateway-api" && subset
        ? outboundCluster(`${name}-${subset}`, namespace, port)
        : outboundCluster(name, namespace, port, subset);
}

export function helloCluster(config: PlatformConfig, subset = ""): string {
    const hello = { name: helloService, namespace: config.egov.namespaces.app, port: helloPort };
    return routedCluster(config.mesh.routing, hello, subset);
}

export function ecommerceCluster(config: PlatformConfig, name: string, subset = ""): string {
    const { namespace, servicePort } = config.ecommerce;
    return routedCluster(config.mesh.routing, { name, namespace, port: servicePort }, subset);
}

/** A version of an e-commerce service: today's, or a canary's candidate (C9). */
export interface ServiceVersion {
    /** Name of its Deployment. */
    deployment: string;
    /** Label of its pods. */
    version: string;
    replicas: number;
    /** Text of its answers. */
    response: string;
    /** Its subset; empty where the service has one version only. */
    subset: string;
}

export interface EcommerceService {
    name: string;
    path: string;
    versions: ServiceVersion[];
    /** Pods of all versions. */
    replicas: number;
}

export function ecommerceServices({ ecommerce }: PlatformConfig): EcommerceService[] {
    return Object.entries(ecommerce.services).map(([name, { path, response }]) => {
        const canary = ecommerce.canaries[name];
        const stable = { deployment: name, version: canaryVersions.stable, replicas: ecommerce.replicas, response };
        if (!canary) return { name, path, versions: [{ ...stable, subset: "" }], replicas: stable.replicas };
        const candidate = {
            deployment: `${name}-${canaryVersions.candidate}`,
            version: canaryVersions.candidate,
            replicas: canary.replicas,
            response: canary.response ?? response,
        };
        return {
            name,
            path,
            versions: [
                { ...stable, subset: "stable" },
                { ...candidate, subset: "candidate" },
            ],
            replicas: stable.replicas + candidate.replicas,
        };
    });
}

/** The service that a path belongs to which lies below the service's own. */
export function serviceAbove(config: PlatformConfig, path: string): EcommerceService {
    return ecommerceServices(config).find((service) => path.startsWith(`${service.path}/`))!;
}

/** Names of a service's clusters: of all pods, and of each subset. */
export function clustersOf(config: PlatformConfig, { name, versions }: EcommerceService): string[] {
    return [...new Set(["", ...versions.map(({ subset }) => subset)])].map((subset) =>
        ecommerceCluster(config, name, subset),
    );
}

/** Whether a route of a proxy leads to one of these clusters. */
export function leadsTo({ route }: EnvoyRoute, clusters: readonly string[]): boolean {
    const weighted = (route?.weighted_clusters?.clusters ?? []).map(({ name }) => name);
    return [route?.cluster ?? "", ...weighted].some((name) => clusters.includes(name));
}

/** Whether a route with this prefix takes a path: Istio compares characters, the Gateway API whole segments. */
export function takesPath({ mesh: { routing } }: Pick<PlatformConfig, "mesh">, prefix: string, path: string): boolean {
    const [only = ""] = path.split("?");
    const segments = prefix === "/" || only === prefix || only.startsWith(`${prefix}/`);
    return routing === "gateway-api" ? segments : path.startsWith(prefix);
}

/** Every prefix that a route of the platform matches. */
export function declaredPrefixes(config: PlatformConfig): string[] {
    return [
        ...(config.ecommerce.enabled ? ecommerceServices(config).map(({ path }) => path) : []),
        ...(config.egov.enabled
            ? [config.egov.hello.path, ...config.egov.hello.routes.map(({ match }) => match.prefix)]
            : []),
    ];
}

/** A Host header that a declared host of the e-commerce services matches: the first that is a name, else any name. */
export function ecommerceHost(config: PlatformConfig): string {
    const named = namedHosts(config.ecommerce.hosts)[0];
    return named ?? config.ecommerce.hosts[0]!.replace(/^\*\./, "shop.").replace(/^\*$/, "shop.example.com");
}

export function helloPods(target: Target): Promise<Pod[]> {
    return target.kubernetes.pods(target.config.egov.namespaces.app, { app: helloService });
}

export const isErrorPod = (pod: Pod): boolean => pod.labels["variant"] === "error";

export function ecommercePods(target: Target, service: string): Promise<Pod[]> {
    return target.kubernetes.pods(target.config.ecommerce.namespace, { app: service });
}

/** Every pod of the platform's applications, those without a sidecar included. */
export async function applicationPods({ config, kubernetes }: Target): Promise<Pod[]> {
    const namespaces = [
        ...(config.egov.enabled ? [config.egov.namespaces.app, config.egov.namespaces.infra] : []),
        ...(config.ecommerce.enabled ? [config.ecommerce.namespace] : []),
        ...(config.study.enabled ? [config.study.namespace] : []),
    ];
    return (await Promise.all(namespaces.map((namespace) => kubernetes.pods(namespace)))).flat();
}

/** Identity of a workload in mutual TLS. */
export function spiffeId(namespace: string, serviceAccount: string): string {
    return `spiffe://cluster.local/ns/${namespace}/sa/${serviceAccount}`;
}

/** Where an application listens: the ports that its own containers declare. */
export function applicationPorts(pod: Pod): number[] {
    return pod.containers.filter(({ name }) => name !== pod.sidecar?.name).flatMap(({ ports }) => ports);
}

/** Lock on what the sample apps count as business: whoever makes orders, payments and the like holds it. */
export const businessEvents = "business-events";
