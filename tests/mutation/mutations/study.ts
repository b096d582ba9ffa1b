import { milliseconds } from "../../../components/config/units";
import type { EnvoyCluster } from "../../verification/target/target";
import { profilesWith, studyCluster } from "../../verification/specs/support/study";
import type { PlainObject } from "../cluster/api";
import { objects, type DomainRoute, type Mesh } from "../cluster/mesh";
import type { Mutation } from "../mutation";
import { scaled } from "../tempo";
import { appContainer, inClusters, inGatewayRoutes, inHosts, inRoutes, isReady } from "./look";
import { otherObjects, union } from "./red";

/** Mistakes in the routes to simple-backend and in how simple-web's sidecar treats its pods. */

const backend = "simple-backend";
const backendFilter = "simple-backend-retry-status-codes";

type Expectation = Pick<Mutation, "name" | "ids" | "description" | "expectRed" | "mayRed">;

const isBackend = ({ domains }: DomainRoute, { config }: Mesh): boolean =>
    domains.includes(`${backend}.${config.study.namespace}.svc.cluster.local`);

/** simple-web's route to simple-backend with a name. */
const backendRoute = (mesh: Mesh, routes: readonly DomainRoute[], name: string): DomainRoute | undefined =>
    routes.find((route) => route.name === name && isBackend(route, mesh));

/** Changes one route to simple-backend; shows in the sidecar of simple-web. */
function route(
    mutation: Expectation,
    name: string,
    change: (http: PlainObject["spec"], mesh: Mesh) => void,
    shows: (route: NonNullable<DomainRoute["route"]>, mesh: Mesh) => boolean,
): Mutation {
    return {
        ...mutation,
        needs: ["study"],
        apply: (changes, mesh) =>
            changes.edit(objects.study("VirtualService", mesh.config, backend), ({ spec }) =>
                change(
                    spec.http.find((http: { name: string }) => http.name === name),
                    mesh,
                ),
            ),
        traces: (mesh) =>
            inRoutes(mesh, "simple-web", (routes) => {
                const found = backendRoute(mesh, routes, name)?.route;
                return found !== undefined && shows(found, mesh);
            }),
    };
}

/** Changes the policy of the subset that has one of a kind; shows in the sidecar of simple-web. */
function profile(
    mutation: Expectation,
    field: "loadBalancer" | "connectionPool" | "outlierDetection",
    which: (policy: unknown) => boolean,
    change: (policy: PlainObject["spec"], mesh: Mesh) => void,
    shows: (cluster: EnvoyCluster, mesh: Mesh) => boolean,
): Mutation {
    const subset = ({ config }: Mesh): string => {
        const found = profilesWith(config, field).find(({ policy }) => which(policy));
        if (!found) throw new Error(`study.simpleBackend.profiles has no such ${field}`);
        return found.name;
    };
    return {
        ...mutation,
        needs: ["study"],
        apply: (changes, mesh) =>
            changes.edit(objects.study("DestinationRule", mesh.config, backend), ({ spec }) =>
                change(spec.subsets.find(({ name }: { name: string }) => name === subset(mesh)).trafficPolicy, mesh),
            ),
        traces: (mesh) =>
            inClusters(
                mesh,
                ["simple-web"],
                studyCluster(mesh.config, backend, subset(mesh)),
                (cluster) => cluster !== undefined && shows(cluster, mesh),
            ),
    };
}

const any = () => true;
const gatewayTable = { "study-route-tables": ["gateway"] };
const sidecarTable = { "study-route-tables": ["sidecars"] };
const routeSettings = { "study-settings": ["routes"] };
const poolSettings = { "study-settings": ["pools"] };
const outlierSettings = { "study-settings": ["outliers"] };
const balancerSettings = { "study-settings": ["balancers"] };
const attempts = (route: NonNullable<DomainRoute["route"]>): number =>
    route.retry_policy ? (route.retry_policy.num_retries ?? 1) : 0;

const timeLimits: readonly Mutation[] = [
    route(
        {
            name: "study-timeout-longer",
            ids: ["T10"],
            description: "A call of simple-backend is given up after 1 s instead of 0.5 s.",
            expectRed: union(routeSettings, { "study-timeouts": ["total"] }),
        },
        "timeout",
        (http) => {
            http.timeout = scaled(http.timeout, 2);
        },
        ({ timeout }) => milliseconds(timeout ?? "0s") === 1_000,
    ),
    route(
        {
            name: "study-per-try-longer",
            ids: ["T11"],
            description: "One try may take ten times as long: 3s for 300ms.",
            expectRed: union(routeSettings, { "study-retries": ["perTry"] }),
        },
        "retries-per-try",
        (http) => {
            http.retries.perTryTimeout = scaled(http.retries.perTryTimeout, 10);
        },
        ({ retry_policy: policy }) => milliseconds(policy?.per_try_timeout ?? "0s") === 3_000,
    ),
];

const retries: readonly Mutation[] = [
    route(
        {
            name: "study-retries-fewer",
            ids: ["T11"],
            description: "A failing call of simple-backend is tried again once instead of twice.",
            expectRed: union(routeSettings, { "study-retries": ["conditions", "amplification"] }),
        },
        "retries-5xx",
        (http) => {
            http.retries.attempts = 1;
        },
        (found) => attempts(found) === 1,
    ),
    route(
        {
            name: "study-retries-not-off",
            ids: ["T11"],
            description: "The route without retries has Istio's own.",
            expectRed: union(routeSettings, { "study-retries": ["off"] }),
        },
        "retries-off",
        (http) => {
            delete http.retries;
        },
        (found) => attempts(found) > 0,
    ),
    route(
        {
            name: "study-default-retries-off",
            ids: ["T11"],
            description: "The route with Istio's own retries has none.",
            expectRed: union(routeSettings, { "study-retries": ["default"] }),
        },
        "everyone",
        (http) => {
            http.retries = { attempts: 0 };
        },
        (found) => attempts(found) === 0,
    ),
    route(
        {
            name: "study-amplified-more",
            ids: ["T11"],
            description: "Of two hops that both retry the deeper one does it once more.",
            expectRed: union(routeSettings, { "study-retries": ["conditions", "amplification"] }),
        },
        "amplified",
        (http) => {
            http.retries.attempts += 1;
        },
        (found) => attempts(found) === 3,
    ),
    {
        name: "study-retries-at-the-edge",
        ids: ["T11"],
        description: "The gateway retries the requests to simple-web too, so that tries multiply everywhere.",
        needs: ["study"],
        apply: (changes, { config }) =>
            changes.edit(objects.study("VirtualService", config, "simple-web"), ({ spec }) => {
                spec.http.at(-1).retries = { attempts: 2, retryOn: "5xx" };
            }),
        traces: (mesh) =>
            inGatewayRoutes(mesh, (routes) =>
                routes.some(
                    ({ name, domains, route: found }) =>
                        name === "everyone" &&
                        domains.includes(mesh.config.study.hosts.simpleWeb) &&
                        found?.retry_policy !== undefined,
                ),
            ),
        expectRed: {
            "study-retries": ["amplification"],
            "study-timeouts": ["total"],
            "study-connection-pool": ["overflow"],
        },
    },
    {
        name: "study-codes-removed",
        ids: ["T11"],
        description: "The EnvoyFilter with the statuses that are tried again is gone.",
        needs: ["study"],
        apply: (changes, { config }) => changes.remove(objects.study("EnvoyFilter", config, backendFilter)),
        traces: (mesh) =>
            inRoutes(mesh, "simple-web", (routes) =>
                routes.every(({ route: found }) => found?.retry_policy?.retriable_status_codes === undefined),
            ),
        expectRed: union(routeSettings, { "study-retries": ["codes"] }, otherObjects("proxies")),
    },
    {
        name: "study-codes-everywhere",
        ids: ["T11"],
        description: "The EnvoyFilter acts on every route to simple-backend instead of one.",
        needs: ["study"],
        apply: (changes, { config }) =>
            changes.edit(objects.study("EnvoyFilter", config, backendFilter), ({ spec }) => {
                delete spec.configPatches[0].match.routeConfiguration.vhost.route;
            }),
        traces: (mesh) =>
            inRoutes(
                mesh,
                "simple-web",
                (routes) =>
                    backendRoute(mesh, routes, "everyone")?.route?.retry_policy?.retriable_status_codes !== undefined,
            ),
        expectRed: union(routeSettings, { "study-retries": ["codes"] }, otherObjects("proxies")),
    },
    {
        name: "study-backend-not-in-mesh",
        // Without the routes nobody comes by what others change in the subsets.
        alone: true,
        ids: ["T3", "T10", "T11"],
        description: "The VirtualService simple-backend is bound to the Gateway instead of the sidecars.",
        needs: ["study"],
        apply: (changes, { config }) =>
            changes.edit(objects.study("VirtualService", config, backend), ({ spec }) => {
                spec.gateways = ["study-gateway"];
            }),
        traces: (mesh) => inRoutes(mesh, "simple-web", (routes) => backendRoute(mesh, routes, "timeout") === undefined),
        expectRed: union(routeSettings, sidecarTable, {
            "study-timeouts": ["total"],
            "study-retries": ["off", "conditions", "codes", "perTry", "amplification"],
            "study-connection-pool": ["overflow"],
            "study-load-balancing": ["even"],
            "study-outlier-detection": ["hidden", "ejection", "isolation", "return"],
            "study-zone-failover": ["own", "failover", "return"],
            "study-zone-distribution": ["shares"],
        }),
    },
];

const pools: readonly Mutation[] = [
    profile(
        {
            name: "study-pool-larger",
            ids: ["T12"],
            description: "Ten times as many connections and requests to simple-backend are allowed.",
            expectRed: union(poolSettings, { "study-connection-pool": ["overflow"] }),
        },
        "connectionPool",
        any,
        ({ connectionPool: { tcp, http } }) => {
            tcp.maxConnections *= 10;
            http.http2MaxRequests *= 10;
            http.http1MaxPendingRequests *= 10;
        },
        ({ circuit_breakers: breakers }) => breakers?.thresholds?.[0]?.["max_requests"] === 10,
    ),
    profile(
        {
            name: "study-pool-reuses-connections",
            ids: ["T12"],
            description: "A connection to simple-backend is used for two requests instead of one.",
            expectRed: poolSettings,
        },
        "connectionPool",
        any,
        ({ connectionPool: { http } }) => {
            http.maxRequestsPerConnection = 2;
        },
        ({ typed_extension_protocol_options: options }) =>
            Object.values(options ?? {}).some(
                ({ common_http_protocol_options: http }) => http?.max_requests_per_connection === 2,
            ),
    ),
    {
        name: "study-limited-subset-empty",
        ids: ["T12"],
        description: "The limited subset selects a version that no pod of simple-backend has.",
        needs: ["study"],
        apply: (changes, { config }) =>
            changes.edit(objects.study("DestinationRule", config, backend), ({ spec }) => {
                spec.subsets.find(({ name }: { name: string }) => name === "limited").labels = { version: "v9" };
            }),
        traces: (mesh) =>
            inHosts(mesh, ["simple-web"], studyCluster(mesh.config, backend, "limited"), (hosts) => hosts.length === 0),
        expectRed: { "study-connection-pool": ["within", "overflow"] },
    },
    route(
        {
            name: "study-pool-bypassed",
            ids: ["T12"],
            description: "The route to the limited subset leads to all pods, without limits.",
            expectRed: union(sidecarTable, { "study-connection-pool": ["overflow"] }),
        },
        "limited",
        (http) => {
            delete http.route[0].destination.subset;
        },
        ({ cluster }) => cluster?.split("|")[2] === "",
    ),
];

const outliers: readonly Mutation[] = [
    profile(
        {
            name: "study-outlier-off",
            ids: ["T13"],
            description: "Nobody ejects a failing pod of simple-backend.",
            expectRed: union(outlierSettings, { "study-outlier-detection": ["ejection", "isolation", "return"] }),
        },
        "outlierDetection",
        any,
        (policy) => {
            delete policy.outlierDetection;
        },
        ({ outlier_detection: outlier }) => outlier === undefined,
    ),
    profile(
        {
            name: "study-outlier-errors-more",
            ids: ["T13"],
            description: "A failing pod of simple-backend is ejected two errors later than declared.",
            expectRed: union(outlierSettings, { "study-outlier-detection": ["ejection"] }),
        },
        "outlierDetection",
        any,
        ({ outlierDetection }) => {
            outlierDetection.consecutive5xxErrors += 2;
        },
        ({ outlier_detection: outlier }) => outlier?.["consecutive_5xx"] === 3,
    ),
    profile(
        {
            name: "study-ejection-longer",
            ids: ["T13"],
            description: "An ejected pod of simple-backend returns after three times the declared time.",
            expectRed: union(outlierSettings, { "study-outlier-detection": ["return"] }),
        },
        "outlierDetection",
        any,
        ({ outlierDetection }) => {
            outlierDetection.baseEjectionTime = scaled(outlierDetection.baseEjectionTime, 3);
        },
        ({ outlier_detection: outlier }) => milliseconds(String(outlier?.["base_ejection_time"] ?? "0s")) === 15_000,
    ),
    route(
        {
            name: "study-errors-not-hidden",
            ids: ["T13"],
            description:
                "The route with outlier detection has no retries: the client sees the error that ejects a pod.",
            expectRed: union(routeSettings, { "study-outlier-detection": ["hidden"] }),
        },
        "ejecting",
        (http) => {
            http.retries = { attempts: 0 };
        },
        (found) => attempts(found) === 0,
    ),
];

const balancers: readonly Mutation[] = [
    profile(
        {
            name: "study-least-request-missing",
            ids: ["T8"],
            description: "Requests take turns where the least busy pod was to be chosen.",
            expectRed: union(balancerSettings, { "study-load-balancing": ["least"] }),
        },
        "loadBalancer",
        (policy) => policy === "LEAST_REQUEST",
        ({ loadBalancer }) => {
            loadBalancer.simple = "ROUND_ROBIN";
        },
        ({ lb_policy: balancer = "ROUND_ROBIN" }) => balancer === "ROUND_ROBIN",
    ),
    {
        ...profile(
            {
                name: "load-least-request-random",
                ids: ["T8"],
                description: "Chance decides where the least busy pod was to be chosen: seen by clients under load.",
                expectRed: { "load-tail": ["tail"] },
            },
            "loadBalancer",
            (policy) => policy === "LEAST_REQUEST",
            ({ loadBalancer }) => {
                loadBalancer.simple = "RANDOM";
            },
            ({ lb_policy: balancer }) => balancer === "RANDOM",
        ),
        suite: "load",
    },
    profile(
        {
            name: "study-random-missing",
            ids: ["T8"],
            description: "The least busy pod is chosen where chance was to decide.",
            expectRed: union(balancerSettings, { "study-load-balancing": ["even"] }),
        },
        "loadBalancer",
        (policy) => policy === "RANDOM",
        ({ loadBalancer }) => {
            loadBalancer.simple = "LEAST_REQUEST";
        },
        ({ lb_policy: balancer }) => balancer === "LEAST_REQUEST",
    ),
];

/** Changes a rule of the VirtualService by which the gateway routes to catalog. */
function edgeRoute(
    mutation: Expectation,
    name: string,
    change: (http: PlainObject["spec"]) => void,
    shows: (route: DomainRoute) => boolean,
): Mutation {
    return {
        ...mutation,
        needs: ["study"],
        apply: (changes, { config }) =>
            changes.edit(objects.study("VirtualService", config, "catalog-from-gateway"), ({ spec }) =>
                change(spec.http.find((http: { name: string }) => http.name === name)),
            ),
        traces: (mesh) =>
            inGatewayRoutes(mesh, (routes) => {
                const own = routes.filter(
                    (one) => one.name === name && one.domains.includes(mesh.config.study.hosts.catalog),
                );
                return own.length > 0 && own.every(shows);
            }),
    };
}

const atTheEdge: readonly Mutation[] = [
    edgeRoute(
        {
            name: "study-cohort-other-value",
            ids: ["T2"],
            description: "Another value of the cohort's header leads to the new catalog.",
            expectRed: union(gatewayTable, { "study-catalog": ["cohort"] }),
        },
        "internal",
        (http) => {
            http.match[0].headers["x-istio-cohort"] = { exact: "external" };
        },
        ({ match }) => JSON.stringify(match).includes("external"),
    ),
    edgeRoute(
        {
            name: "study-cohort-prefix",
            ids: ["T2"],
            description: "Values that only begin like the cohort's lead to the new catalog, too.",
            expectRed: union(gatewayTable, { "study-catalog": ["cohort"] }),
        },
        "internal",
        (http) => {
            http.match[0].headers["x-istio-cohort"] = { prefix: "internal" };
        },
        ({ match }) => JSON.stringify(match).includes('"prefix":"internal"'),
    ),
    edgeRoute(
        {
            name: "study-everyone-to-both",
            ids: ["T1", "T2"],
            description: "Everyone is sent to all pods of catalog instead of the old version.",
            expectRed: union(gatewayTable, { "study-catalog": ["cohort"] }),
        },
        "everyone",
        (http) => {
            delete http.route[0].destination.subset;
        },
        ({ route: found }) => found?.cluster?.split("|")[2] === "",
    ),
    {
        name: "study-host-missing",
        ids: ["T1"],
        description: "The VirtualService of catalog at the gateway is for another host.",
        needs: ["study"],
        apply: (changes, { config }) =>
            changes.edit(objects.study("VirtualService", config, "catalog-from-gateway"), ({ spec }) => {
                spec.hosts = [`other.${config.study.hosts.catalog}`];
            }),
        traces: (mesh) =>
            inGatewayRoutes(
                mesh,
                (routes) => !routes.some(({ domains }) => domains.includes(mesh.config.study.hosts.catalog)),
            ),
        expectRed: union(gatewayTable, { "study-catalog": ["host", "cohort"] }),
    },
    {
        name: "study-versions-alike",
        ids: ["T1"],
        description: "The new version of catalog answers like the old one.",
        needs: ["study"],
        apply: async (changes, { api, config }) => {
            const old = (await api.get(objects.study("Deployment", config, "catalog")))!;
            await changes.edit(objects.study("Deployment", config, "catalog-v2"), ({ spec }) => {
                appContainer(spec.template, "catalog").args = appContainer(old.spec.template, "catalog").args;
            });
        },
        traces: ({ api, config }) =>
            api
                .list("Pod", config.study.namespace, { app: "catalog", version: "v2" })
                .then((pods) =>
                    pods.map(
                        (pod) =>
                            isReady(pod) && !appContainer(pod, "catalog").args?.some((arg) => arg.includes("imageUrl")),
                    ),
                ),
        expectRed: { "study-catalog": ["versions"] },
    },
];

/** webapp's route to catalog with a name. */
const catalogRoute = ({ config }: Mesh, routes: readonly DomainRoute[], name: string): DomainRoute | undefined =>
    routes.find(
        (route) => route.name === name && route.domains.includes(`catalog.${config.study.namespace}.svc.cluster.local`),
    );

/** Changes a rule of the VirtualService by which webapp's sidecar routes to catalog. */
function deepRoute(
    mutation: Expectation,
    name: string,
    change: (http: PlainObject["spec"]) => void,
    shows: (route: DomainRoute) => boolean,
): Mutation {
    return {
        ...mutation,
        needs: ["study"],
        apply: (changes, { config }) =>
            changes.edit(objects.study("VirtualService", config, "catalog"), ({ spec }) =>
                change(spec.http.find((http: { name: string }) => http.name === name)),
            ),
        traces: (mesh) =>
            inRoutes(mesh, "webapp", (routes) => {
                const found = catalogRoute(mesh, routes, name);
                return found !== undefined && shows(found);
            }),
    };
}

/** Gives the destinations of a rule other weights. */
const weigh =
    (...weights: number[]) =>
    (http: PlainObject["spec"]): void =>
        weights.forEach((weight, index) => {
            http.route[index].weight = weight;
        });

/** Whether a route has these weights, in any order. */
const weighs =
    (...weights: number[]) =>
    ({ route: found }: DomainRoute): boolean => {
        const seen = (found?.weighted_clusters?.clusters ?? []).map(({ weight = 0 }) => weight);
        return seen.filter(Boolean).sort().join() === [...weights].sort().join();
    };

const deepWeights = union(sidecarTable, { "study-deep-routes": ["weights"] });
const deepMirror = union(sidecarTable, { "study-deep-routes": ["mirror"] });

const deepInTheMesh: readonly Mutation[] = [
    deepRoute(
        {
            name: "study-weights-off-by-five",
            ids: ["T4"],
            description: "The canary behind webapp gets 15 % of the calls instead of 10 %.",
            expectRed: sidecarTable,
            mayRed: { "study-deep-routes": ["weights"] },
        },
        "canary",
        weigh(85, 15),
        weighs(85, 15),
    ),
    deepRoute(
        {
            name: "study-weights-more",
            ids: ["T4"],
            description: "The canary behind webapp gets 25 % of the calls instead of 10 %.",
            expectRed: deepWeights,
        },
        "canary",
        weigh(75, 25),
        weighs(75, 25),
    ),
    deepRoute(
        {
            name: "study-weights-uneven",
            ids: ["T4"],
            description: "Of two versions that share the calls evenly one gets two thirds.",
            expectRed: deepWeights,
        },
        "half",
        weigh(33, 67),
        weighs(33, 67),
    ),
    deepRoute(
        {
            name: "study-deep-cohort-other-value",
            ids: ["T2", "T3"],
            description: "Behind webapp another value of the cohort's header leads to the new catalog.",
            expectRed: union(sidecarTable, { "study-deep-routes": ["cohort"] }),
        },
        "internal",
        (http) => {
            http.match[0].headers["x-istio-cohort"] = { exact: "external" };
        },
        ({ match }) => JSON.stringify(match).includes("external"),
    ),
    deepRoute(
        {
            name: "study-mirror-missing",
            ids: ["T6"],
            description: "The calls behind webapp are not copied.",
            expectRed: deepMirror,
        },
        "mirrored",
        (http) => {
            delete http.mirrors;
        },
        ({ route: found }) => found?.request_mirror_policies === undefined,
    ),
    deepRoute(
        {
            name: "study-mirror-half",
            ids: ["T6"],
            description: "Every second call behind webapp is copied instead of each.",
            expectRed: deepMirror,
        },
        "mirrored",
        (http) => {
            http.mirrors[0].percentage = { value: 50 };
        },
        ({ route: found }) =>
            found?.request_mirror_policies?.[0]?.runtime_fraction?.default_value?.numerator === 500_000,
    ),
    deepRoute(
        {
            name: "study-mirror-to-itself",
            ids: ["T6"],
            description: "The copies of the calls behind webapp go to the version that answers.",
            expectRed: deepMirror,
        },
        "mirrored",
        (http) => {
            http.mirrors[0].destination.subset = "v1";
        },
        ({ route: found }) => found?.request_mirror_policies?.[0]?.cluster.split("|")[2] === "v1",
    ),
    deepRoute(
        {
            name: "study-mirror-answers",
            ids: ["T6"],
            description: "Half of the calls that were to be copied are answered by the mirror's version.",
            expectRed: deepMirror,
        },
        "mirrored",
        (http) => {
            const [{ destination }] = http.route;
            http.route = ["v1", "v2"].map((subset) => ({ destination: { ...destination, subset }, weight: 50 }));
        },
        weighs(50, 50),
    ),
    {
        name: "study-catalog-not-in-mesh",
        ids: ["T3", "T4", "T6"],
        description: "The VirtualService catalog is bound to the Gateway instead of the sidecars.",
        needs: ["study"],
        apply: (changes, { config }) =>
            changes.edit(objects.study("VirtualService", config, "catalog"), ({ spec }) => {
                spec.gateways = ["study-gateway"];
            }),
        traces: (mesh) => inRoutes(mesh, "webapp", (routes) => catalogRoute(mesh, routes, "everyone") === undefined),
        expectRed: union(sidecarTable, { "study-deep-routes": ["cohort", "weights", "mirror"] }),
    },
    {
        name: "study-subset-of-old-pods",
        ids: ["T1", "T2", "T4"],
        description: "The subset of the new catalog selects the pods of the old one.",
        needs: ["study"],
        apply: (changes, { config }) =>
            changes.edit(objects.study("DestinationRule", config, "catalog"), ({ spec }) => {
                spec.subsets.find(({ name }: { name: string }) => name === "v2").labels = { version: "v1" };
            }),
        traces: async (mesh) => {
            const { namespace } = mesh.config.study;
            const old = await mesh.target.kubernetes.pods(namespace, { app: "catalog", version: "v1" });
            return inHosts(
                mesh,
                ["gateway", "webapp"],
                studyCluster(mesh.config, "catalog", "v2"),
                (hosts) => hosts.length > 0 && hosts.every(({ ip }) => old.some((pod) => pod.ip === ip)),
            );
        },
        expectRed: {
            "study-catalog": ["cohort"],
            "study-deep-routes": ["cohort", "weights", "mirror"],
        },
    },
];

export const study: readonly Mutation[] = [
    ...atTheEdge,
    ...deepInTheMesh,
    ...timeLimits,
    ...retries,
    ...pools,
    ...outliers,
    ...balancers,
];
