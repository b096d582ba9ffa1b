import type { Routing } from "../../../../components/config/mesh";
import type { PlatformConfig } from "../../../../components/config/platform";
import type { Fault, Route, RouteMatch } from "../../../../components/config/routes";
import type { OutlierDetection } from "../../../../components/config/traffic";
import type { Answer, Pod, Request, Target } from "../../target/target";
import { ecommerceHost, ecommerceServices, helloPort, helloService, routedCluster } from "./names";

/**
 * Every declared route with a behaviour to prove, whichever system it belongs to: the specs of specs/routes prove them
 * by kind. A system more is a list more in {@link lists}, and its checks in these specs.
 */

/** A part of a service's pods, as a subset chooses it. */
export interface PodGroup {
    /** Name of the subset; empty: all pods of the service. */
    subset: string;
    /** Labels of its pods beside the service's own. */
    labels: Readonly<Record<string, string>>;
}

/** A service that routes lead to. */
export interface RoutedService {
    name: string;
    namespace: string;
    port: number;
    /** API of its routes: what its subsets are in the proxies follows from it. */
    routing: Routing;
    /** When its pods are ejected by the proxies that call it. Default: never. */
    outlierDetection?: OutlierDetection;
}

export interface DeclaredRoute {
    /** For example `egov-hello/weights`. */
    name: string;
    match: RouteMatch;
    /** A request from outside that takes the route and that every pod of the service answers with 200. */
    request: Request;
    /** Likewise, but answered by the application itself: headers `x-test-*` act, and error pods fail. */
    plain: Request;
    service: RoutedService;
    /** Where its requests go: shares of 0 to 1, together 1. */
    shares: readonly (PodGroup & { share: number })[];
    /** Where copies of them go, and of which share of them. */
    mirror?: PodGroup & { share: number };
    fault?: Fault;
    timeout?: string;
    retries?: Route["retries"];
    /** The pods whose proxies decide on the route: of the ingress gateway, or of a service that calls on. */
    deciders(target: Target): Promise<Pod[]>;
    /** Whether a service in between passes the request on, so that the routed service's pod is the upstream one. */
    forwarded: boolean;
    /** What its requests disturb of other specs, as names of locks. */
    disturbs: readonly string[];
}

/** What makes a route one of a kind, each kind proved by a spec of its own. */
export const kinds = {
    /** Several subsets share the requests. */
    weights: ({ shares, fault }) => shares.filter(({ share }) => share > 0).length > 1 && !fault,
    /** Headers or cookies choose the requests. */
    matches: ({ match, fault }) => Object.keys({ ...match.headers, ...match.cookies }).length > 0 && !fault,
    /** Requests are copied. */
    mirrors: ({ mirror }) => mirror !== undefined,
    /** Requests are delayed or aborted on purpose. */
    faults: ({ fault }) => fault !== undefined,
} satisfies Record<string, (route: DeclaredRoute) => boolean>;
export type RouteKind = keyof typeof kinds;

/** The routes of each system, in the order in which its proxies try them. */
const lists = {
    egov: egovRoutes,
    ecommerce: ecommerceRoutes,
} satisfies Record<string, (config: PlatformConfig) => DeclaredRoute[]>;
export type System = keyof typeof lists;
export const systems = Object.keys(lists) as System[];

/** The routes that one system declares; none where it is not deployed. */
export function routesOf(config: PlatformConfig, system: System): DeclaredRoute[] {
    return lists[system](config);
}

/** Those of a kind. */
export function routesOfKind(config: PlatformConfig, system: System, kind: RouteKind): DeclaredRoute[] {
    return routesOf(config, system).filter(kinds[kind]);
}

/** Name of the routed service's pod that answered; undefined where a proxy answered itself. */
export function responder({ forwarded }: DeclaredRoute, answer: Answer): string | undefined {
    return forwarded ? answer.upstreamPod : answer.pod;
}

/** The pods of the routed service, or those of one of its subsets. */
export async function podsOf(target: Target, { service }: DeclaredRoute, group?: PodGroup): Promise<Pod[]> {
    return target.kubernetes.pods(service.namespace, { app: service.name, ...group?.labels });
}

/** Name of the cluster of the routed service, or of one of its subsets, in the proxies that decide. */
export function clusterOf({ service }: DeclaredRoute, group?: PodGroup): string {
    return routedCluster(service.routing, service, group?.subset);
}

/** The route that takes a request to a path with these headers: the first of the list that matches. */
export function routeTaken(routes: readonly DeclaredRoute[], { path, headers = {} }: Request) {
    const cookies = (headers["cookie"] ?? "").split(/;\s*/);
    return routes.find(
        ({ match }) =>
            path.startsWith(match.prefix) &&
            Object.entries(match.headers).every(([name, value]) => headers[name] === value) &&
            Object.entries(match.cookies).every(([name, value]) => cookies.includes(`${name}=${value}`)),
    );
}

/** The headers of a request that fulfils a match. */
export function headersFor({ headers, cookies }: Pick<RouteMatch, "headers" | "cookies">): Record<string, string> {
    const pairs = Object.entries(cookies).map(([name, value]) => `${name}=${value}`);
    return { ...headers, ...(pairs.length > 0 && { cookie: pairs.join("; ") }) };
}

/** Shares and mirror of a configured route over subsets with these labels. */
export function groupsOf(
    { weights, mirror }: Pick<Route, "weights" | "mirror">,
    labels: Readonly<Record<string, Readonly<Record<string, string>>>>,
): Pick<DeclaredRoute, "shares" | "mirror"> {
    const group = (subset: string): PodGroup => ({ subset, labels: labels[subset] ?? {} });
    return {
        shares: weights
            ? Object.entries(weights).map(([subset, weight]) => ({ ...group(subset), share: weight / 100 }))
            : [{ subset: "", labels: {}, share: 1 }],
        ...(mirror && { mirror: { ...group(mirror.to), share: mirror.percent / 100 } }),
    };
}

/** E8-E10: the routes of egov-hello beside its plain one. */
function egovRoutes({ egov, mesh: { routing } }: PlatformConfig): DeclaredRoute[] {
    if (!egov.enabled) return [];
    const { subsets, routes } = egov.hello;
    const labels = Object.fromEntries(
        Object.entries(subsets).map(([name, { variant }]) => [name, { version: name, variant }]),
    );
    return routes.map(({ name, weights, mirror, ...route }) => {
        const { match } = route;
        const headers = headersFor(match);
        return {
            ...route,
            ...groupsOf({ weights, mirror }, labels),
            name: `${helloService}/${name}`,
            request: { path: `${match.prefix}/health`, headers },
            plain: { path: match.prefix, headers },
            service: {
                name: helloService,
                namespace: egov.namespaces.app,
                port: helloPort,
                routing,
                outlierDetection: egov.outlierDetection,
            },
            deciders: (target) => target.gatewayPods(),
            forwarded: false,
            // Without weights they go to the pods over which other specs watch the turn and the ejection.
            disturbs: weights ? [] : ["gateway:egov-hello"],
        };
    });
}

/** C9, C10: of each service with a canary the groups, then everybody. */
function ecommerceRoutes(config: PlatformConfig): DeclaredRoute[] {
    const { enabled, canaries, namespace, servicePort, outlierDetection, routePolicy } = config.ecommerce;
    if (!enabled) return [];
    return ecommerceServices(config).flatMap(({ name, path, versions }) => {
        const canary = canaries[name];
        if (!canary) return [];
        const labels = Object.fromEntries(versions.map(({ subset, version }) => [subset, { version }]));
        const route = (of: string, conditions: Pick<RouteMatch, "headers" | "cookies">, weights: Route["weights"]) => {
            const headers = headersFor(conditions);
            const host = ecommerceHost(config);
            return {
                ...routePolicy,
                ...groupsOf({ weights }, labels),
                name: `${name}/${of}`,
                match: { prefix: path, ...conditions },
                request: { path: `${path}/health`, host, headers },
                plain: { path, host, headers },
                service: { name, namespace, port: servicePort, routing: config.mesh.routing, outlierDetection },
                deciders: (target: Target) => target.gatewayPods(),
                forwarded: false,
                disturbs: [],
            };
        };
        return [
            ...Object.entries(canary.groups).map(([group, conditions]) => route(group, conditions, { candidate: 100 })),
            route("canary", { headers: {}, cookies: {} }, { ...canary.weights }),
        ];
    });
}
