import type { PlatformConfig } from "../../../../components/config/platform";
import type { Route, RouteRetries } from "../../../../components/config/routes";
import type { ClientProfile } from "../../../../components/config/study";
import { outboundCluster } from "../../target/envoy";
import type { Answer, Pod, Request, Stream, Target } from "../../target/target";
import { fail, names } from "./answers";

/** The study's system: what the program calls its parts, and its experiments as the configuration declares them. */

export const catalog = "catalog";
export const webapp = "webapp";
export const simpleWeb = "simple-web";
export const simpleBackend = "simple-backend";
export const studyServices = [catalog, webapp, simpleWeb, simpleBackend] as const;
export const studyPort = 80;

/** Istio's own policy for a route without retries: two more tries when no answer came, or gRPC says so. */
export const istioRetries: RouteRetries & { retryOn: readonly string[] } = {
    attempts: 2,
    retryOn: ["connect-failure", "refused-stream", "unavailable", "cancelled", "retriable-status-codes"],
};

export function studyCluster(config: PlatformConfig, service: string, subset = ""): string {
    return outboundCluster(service, config.study.namespace, studyPort, subset);
}

export function studyPods(target: Target, app: string): Promise<Pod[]> {
    return target.kubernetes.pods(target.config.study.namespace, { app });
}

/** The pod that calls on; its sidecar decides on the deep hop. */
export async function callerPod(target: Target, app: typeof webapp | typeof simpleWeb): Promise<Pod> {
    const pods = await studyPods(target, app);
    const ready = pods.find(({ readySince }) => readySince);
    if (ready) return ready;
    const { namespace } = target.config.study;
    return fail({
        expected: `a ready pod of ${app} in ${namespace}`,
        seen: pods.length === 0 ? "no pod" : `${names(pods)}, not ready`,
        cause: `the Deployment ${app} is missing or its pod does not start`,
        action: `kubectl -n ${namespace} describe pods -l app=${app}`,
    });
}

/** A path that a route takes. */
export const pathOf = ({ match }: Pick<Route, "match">): string => `${match.prefix.replace(/\/$/, "")}/request`;

/** Sends requests from outside through simple-web, which passes them on to simple-backend. */
export function throughSimpleWeb(
    target: Target,
    route: Route,
    request: Omit<Request, "path" | "host"> = {},
    stream?: Stream,
): Promise<Answer[]> {
    const headers = { ...route.match.headers, ...request.headers };
    return target.request(
        { ...request, path: pathOf(route), host: target.config.study.hosts.simpleWeb, headers },
        stream,
    );
}

/** The first of a service's routes that takes requests for a path. */
export const routeTaking = (routes: readonly Route[], path: string): Route | undefined =>
    routes.find(({ match }) => path.startsWith(match.prefix) && Object.keys(match.headers).length === 0);

const backendRoutes = ({ study }: PlatformConfig): readonly Route[] => study.simpleBackend.routes;

/** Routes on which nothing is retried. */
export const routesWithoutRetries = (config: PlatformConfig): Route[] =>
    backendRoutes(config).filter(({ retries, weights }) => retries?.attempts === 0 && !weights);

/** Routes with Istio's own retries. */
export const routesByDefault = (config: PlatformConfig): Route[] =>
    backendRoutes(config).filter(({ retries, weights }) => retries === undefined && !weights);

/** A route with retries of its own. */
export type RetriedRoute = Route & { retries: RouteRetries };

/** Routes to all pods on which requests are tried again as declared. */
export const routesWithRetries = (config: PlatformConfig): RetriedRoute[] =>
    backendRoutes(config).filter(
        (route): route is RetriedRoute => route.retries !== undefined && route.retries.attempts > 0 && !route.weights,
    );

/** Routes whose tries have no time-out of their own: on a busy machine it would be one more reason to try again. */
export const untimed = <R extends Route>(routes: readonly R[]): R[] =>
    routes.filter(({ retries }) => retries?.perTryTimeout === undefined);

/** Routes with a time for each try, and a reason to try again when it is over. */
export const routesWithPerTry = (config: PlatformConfig): (RetriedRoute & { retries: { perTryTimeout: string } })[] =>
    routesWithRetries(config).filter(
        (route): route is RetriedRoute & { retries: { perTryTimeout: string } } =>
            route.retries.perTryTimeout !== undefined && retries(route.retries, 504),
    );

/** Routes with a time for the whole request. */
export const routesWithTimeout = (config: PlatformConfig): (Route & { timeout: string })[] =>
    backendRoutes(config).filter((route): route is Route & { timeout: string } => route.timeout !== undefined);

/** Routes that both hops retry: a route to simple-web and the one to simple-backend that its requests take. */
export function amplifiedRoutes(config: PlatformConfig): { edge: RetriedRoute; deep: RetriedRoute }[] {
    return config.study.simpleWeb.routes.flatMap((edge) => {
        const deep = routeTaking(backendRoutes(config), pathOf(edge));
        const both = edge.retries && deep?.retries && retries(edge.retries, 500) && retries(deep.retries, 500);
        return both ? [{ edge: edge as RetriedRoute, deep: deep as RetriedRoute }] : [];
    });
}

/** A subset with a policy of a kind, and the route that leads to it alone. */
export interface Profile<K extends keyof ClientProfile> {
    name: string;
    policy: NonNullable<ClientProfile[K]>;
    profile: ClientProfile;
    route: Route;
}

export function profilesWith<K extends keyof ClientProfile>(config: PlatformConfig, field: K): Profile<K>[] {
    return Object.entries(config.study.simpleBackend.profiles).flatMap(([name, profile]) => {
        const policy = profile[field];
        const route = backendRoutes(config).find(({ weights }) => weights?.[name] === 100);
        return policy === undefined || !route ? [] : [{ name, policy, profile, route }];
    });
}

/** Subsets with a policy of a kind whose requests go to all zones alike. */
export const profilesForAllZones = <K extends keyof ClientProfile>(config: PlatformConfig, field: K): Profile<K>[] =>
    profilesWith(config, field).filter(({ profile }) => profile.locality === undefined);

/** Subsets whose requests leave the caller's zone when its pods fail. */
export const failoverProfiles = (config: PlatformConfig): Profile<"outlierDetection">[] =>
    profilesWith(config, "outlierDetection").filter(({ profile }) => profile.locality === "failover");

/** Subsets whose requests are shared out over zones: zone -> percent of the requests that come from the caller's. */
export function distributedProfiles(
    config: PlatformConfig,
): (Profile<"locality"> & { shares: Readonly<Record<string, number>> })[] {
    return profilesWith(config, "locality").flatMap((profile) => {
        const shares =
            profile.policy === "failover" ? undefined : profile.policy.distribute[config.study.simpleWeb.zone];
        return shares ? [{ ...profile, shares }] : [];
    });
}

/** The pods of simple-backend that a profile's subset selects. */
export async function profilePods(target: Target, { version }: ClientProfile): Promise<Pod[]> {
    const pods = await studyPods(target, simpleBackend);
    return pods.filter(({ labels }) => version === undefined || labels["version"] === version);
}

/** The zone that a pod of simple-backend is declared to be in. */
export const zoneOf = ({ study }: PlatformConfig, { labels }: Pod): string | undefined =>
    study.simpleBackend.versions[labels["version"] ?? ""]?.zone;

/** Whether a try that ends with a status is repeated, as Envoy understands the conditions. */
export function retries({ attempts, retryOn = istioRetries.retryOn as [] }: RouteRetries, status: number): boolean {
    const conditions: readonly string[] = retryOn;
    return (
        attempts > 0 &&
        ((conditions.includes("5xx") && status >= 500) ||
            (conditions.includes("gateway-error") && [502, 503, 504].includes(status)) ||
            (conditions.includes("retriable-4xx") && status === 409))
    );
}

/** A route on which every request opens a connection of its own. */
export function freshRoute(config: PlatformConfig): Route | undefined {
    const pools = profilesWith(config, "connectionPool");
    return pools.find(({ policy }) => policy.maxRequestsPerConnection === 1)?.route;
}
