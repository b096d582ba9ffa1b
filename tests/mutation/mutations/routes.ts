import { namedHosts } from "../../../components/config/hosts";
import { milliseconds } from "../../../components/config/units";
import { apiVersionOf, type PlainObject } from "../cluster/api";
import { objects, type DomainRoute, type Mesh } from "../cluster/mesh";
import type { Mutation } from "../mutation";
import { scaled } from "../tempo";
import { inGatewayRoutes, shopCluster } from "./look";
import {
    gatewayTable,
    helloFromOutside,
    otherObjects,
    shopAnsweredByAnother,
    shopFromOutside,
    shopRouteGone,
    union,
} from "./red";

/** Mistakes in VirtualServices. */

const product = "product-api";
const recommendation = "recommendation-api";
const payment = "payment-api";
const customer = "customer-api";

/** Whether the gateway has a route with the prefix of a service. */
const hasPrefix = (mesh: Mesh, service: string) => (routes: readonly DomainRoute[]) =>
    routes.some(({ match }) => match?.["prefix"] === mesh.config.ecommerce.services[service]!.path);

/** The routes to a service. */
const routesTo = (mesh: Mesh, service: string, routes: readonly DomainRoute[]) =>
    routes.filter(({ route }) => route?.cluster === shopCluster(mesh, service));

/** Changes the only route of a service's VirtualService; shows where the gateway's routes to the service differ. */
function routePolicy(
    mutation: Pick<Mutation, "name" | "description" | "expectRed">,
    change: (http: PlainObject["spec"], mesh: Mesh) => void,
    shows: (route: NonNullable<DomainRoute["route"]>, mesh: Mesh) => boolean,
): Mutation {
    return {
        ...mutation,
        ids: ["C3"],
        needs: ["ecommerce"],
        apply: (changes, mesh) =>
            changes.edit(objects.shop("VirtualService", mesh.config, customer), ({ spec }) =>
                change(spec.http[0], mesh),
            ),
        traces: (mesh) =>
            inGatewayRoutes(mesh, (routes) => {
                const own = routesTo(mesh, customer, routes);
                return own.length > 0 && own.every(({ route }) => shows(route!, mesh));
            }),
    };
}

const settings = { "ecommerce-route-policies": ["settings"] };

export const routes: readonly Mutation[] = [
    {
        name: "route-without-gateway",
        ids: ["C8", "C2"],
        description: `The VirtualService ${product} has lost its gateways, so that it applies inside the mesh only.`,
        needs: ["ecommerce"],
        apply: (changes, { config }) =>
            changes.edit(objects.shop("VirtualService", config, product), ({ spec }) => {
                delete spec.gateways;
                // Istio refuses "*" inside the mesh.
                spec.hosts = [namedHosts(config.ecommerce.hosts)[0] ?? "api.example.com"];
            }),
        traces: (mesh) => inGatewayRoutes(mesh, (all) => !hasPrefix(mesh, product)(all)),
        expectRed: shopRouteGone,
    },
    {
        name: "route-of-unknown-gateway",
        ids: ["C8", "E3"],
        description: "The VirtualService egov-hello names a Gateway that does not exist.",
        needs: ["egov"],
        apply: (changes, { config }) =>
            changes.edit(objects.hello("VirtualService", config), ({ spec }) => {
                spec.gateways = ["istio-system/gateway"];
            }),
        traces: (mesh) =>
            inGatewayRoutes(mesh, (all) => !all.some(({ match }) => match?.["prefix"] === mesh.config.egov.hello.path)),
        expectRed: union(helloFromOutside, gatewayTable),
    },
    {
        name: "route-host",
        ids: ["C8", "C2"],
        description: `The VirtualService ${product} is for another host than the declared ones.`,
        needs: ["ecommerce"],
        apply: (changes, { config }) =>
            changes.edit(objects.shop("VirtualService", config, product), ({ spec }) => {
                spec.hosts = ["shop.example.org"];
            }),
        traces: (mesh) =>
            inGatewayRoutes(mesh, (all) => all.some(({ domains }) => domains.includes("shop.example.org"))),
        expectRed: union(shopFromOutside, gatewayTable),
    },
    {
        name: "route-destination-host",
        ids: ["C2"],
        description: `The VirtualService ${product} leads to a Service that does not exist.`,
        needs: ["ecommerce"],
        apply: (changes, { config }) =>
            changes.edit(objects.shop("VirtualService", config, product), ({ spec }) => {
                spec.http[0].route[0].destination.host = `products.${config.ecommerce.namespace}.svc.cluster.local`;
            }),
        traces: (mesh) => inGatewayRoutes(mesh, (all) => routesTo(mesh, product, all).length === 0),
        expectRed: shopRouteGone,
    },
    {
        name: "route-destination-port",
        ids: ["C2"],
        description: `The VirtualService ${product} leads to a port that its Service does not have.`,
        needs: ["ecommerce"],
        apply: (changes, { config }) =>
            changes.edit(objects.shop("VirtualService", config, product), ({ spec }) => {
                spec.http[0].route[0].destination.port.number = config.ecommerce.servicePort + 1;
            }),
        traces: (mesh) => inGatewayRoutes(mesh, (all) => routesTo(mesh, product, all).length === 0),
        expectRed: shopRouteGone,
    },
    {
        name: "route-to-another-service",
        ids: ["C2"],
        description: `The VirtualService ${product} leads to ${recommendation}.`,
        needs: ["ecommerce"],
        apply: (changes, { config }) =>
            changes.edit(objects.shop("VirtualService", config, product), ({ spec }) => {
                const { destination } = spec.http[0].route[0];
                destination.host = destination.host.replace(product, recommendation);
            }),
        traces: (mesh) => inGatewayRoutes(mesh, (all) => routesTo(mesh, product, all).length === 0),
        expectRed: shopAnsweredByAnother,
    },
    {
        name: "route-prefix-wrong",
        ids: ["C2"],
        description: `The VirtualService ${recommendation} has another prefix than declared.`,
        needs: ["ecommerce"],
        apply: (changes, { config }) =>
            changes.edit(objects.shop("VirtualService", config, recommendation), ({ spec }) => {
                spec.http[0].match[0].uri.prefix = `${config.ecommerce.services[recommendation]!.path}-old`;
            }),
        traces: (mesh) => inGatewayRoutes(mesh, (all) => !hasPrefix(mesh, recommendation)(all)),
        expectRed: union(shopFromOutside, gatewayTable),
    },
    {
        name: "route-prefix-too-wide",
        ids: ["C2"],
        description: `The prefix of the VirtualService ${recommendation} lacks its last letter: all declared paths work, but others do too.`,
        needs: ["ecommerce"],
        apply: (changes, { config }) =>
            changes.edit(objects.shop("VirtualService", config, recommendation), ({ spec }) => {
                spec.http[0].match[0].uri.prefix = config.ecommerce.services[recommendation]!.path.slice(0, -1);
            }),
        traces: (mesh) => inGatewayRoutes(mesh, (all) => !hasPrefix(mesh, recommendation)(all)),
        expectRed: union(gatewayTable, { "ecommerce-routing": ["others"] }),
    },
    {
        name: "route-removed",
        ids: ["C2"],
        description: `The VirtualService ${payment} is gone.`,
        needs: ["ecommerce"],
        apply: (changes, { config }) => changes.remove(objects.shop("VirtualService", config, payment)),
        traces: (mesh) => inGatewayRoutes(mesh, (all) => !hasPrefix(mesh, payment)(all)),
        expectRed: union(shopRouteGone, { "ecommerce-infrastructure": ["objects"] }, otherObjects("routes")),
    },
    {
        name: "route-catch-all",
        // Its route is a copy of one that others change.
        alone: true,
        ids: ["C2", "E3"],
        description:
            "Another VirtualService takes every path that nobody else takes, so that no path is answered with 404.",
        needs: ["ecommerce", "egov"],
        apply: async (changes, { api, config }) => {
            const model = (await api.get(objects.shop("VirtualService", config, customer)))!;
            const rest = structuredClone(model.spec);
            rest.http[0].match = [{ uri: { prefix: "/" } }];
            await changes.create({
                apiVersion: apiVersionOf("VirtualService"),
                kind: "VirtualService",
                metadata: { name: "catch-all", namespace: config.ecommerce.namespace },
                spec: rest,
            });
        },
        traces: (mesh) =>
            inGatewayRoutes(mesh, (all) =>
                all.some(({ match, domains }) => match?.["prefix"] === "/" && domains.includes("*")),
            ),
        expectRed: ({ study }) =>
            union(
                gatewayTable,
                otherObjects("routes"),
                { "ecommerce-routing": ["others"], "egov-route": ["others"], paths: ["spellings"] },
                study.enabled ? { "study-catalog": ["host"] } : {},
            ),
    },
    {
        name: "route-fixed-health",
        ids: ["C6"],
        description: `A route of ${customer} answers its health path itself with 503.`,
        needs: ["ecommerce"],
        apply: (changes, { config }) =>
            changes.edit(objects.shop("VirtualService", config, customer), ({ spec }) => {
                const prefix = `${config.ecommerce.services[customer]!.path}/health`;
                spec.http.unshift({ match: [{ uri: { prefix } }], directResponse: { status: 503 } });
            }),
        traces: (mesh) =>
            inGatewayRoutes(mesh, (all) => all.some(({ match }) => String(match?.["prefix"]).endsWith("/health"))),
        expectRed: union(gatewayTable, { "ecommerce-health": ["smoke"] }),
    },
    {
        name: "route-inside-mesh",
        ids: ["E7"],
        description: "Another VirtualService takes the prefix to the inside of the mesh: other paths get 404 there.",
        needs: ["egov"],
        apply: (changes, { config }) => {
            const host = `egov-hello.${config.egov.namespaces.app}.svc.cluster.local`;
            return changes.create({
                apiVersion: apiVersionOf("VirtualService"),
                kind: "VirtualService",
                metadata: { name: "egov-hello-inside", namespace: config.egov.namespaces.app },
                spec: {
                    hosts: [host],
                    gateways: ["mesh"],
                    http: [
                        {
                            match: [config.egov.hello.path, "/health"].map((prefix) => ({ uri: { prefix } })),
                            route: [{ destination: { host } }],
                            retries: { attempts: 0 },
                        },
                    ],
                },
            });
        },
        traces: async (mesh) => {
            const pods = await mesh.proxies("gateway-server");
            return Promise.all(
                pods.map(async (pod) =>
                    (await mesh.target.proxy(pod).routes()).some(({ virtual_hosts = [] }) =>
                        virtual_hosts.some(({ routes = [] }) =>
                            routes.some(({ match }) => match?.["prefix"] === mesh.config.egov.hello.path),
                        ),
                    ),
                ),
            );
        },
        expectRed: {
            "egov-gateway-server": ["route", "copies"],
            "route-tables": ["sidecars"],
            ...otherObjects("routes"),
        },
    },
    routePolicy(
        {
            name: "retries-off",
            description: `The route of ${customer} does not retry.`,
            expectRed: union(settings, {
                "ecommerce-retries": ["recovered", "exhausted"],
                "ecommerce-timeouts": ["perTry"],
            }),
        },
        (http) => {
            http.retries = { attempts: 0 };
        },
        (route) => route.retry_policy === undefined,
    ),
    routePolicy(
        {
            name: "retries-fewer",
            description: `The route of ${customer} retries once instead of three times.`,
            expectRed: union(settings, {
                "ecommerce-retries": ["recovered", "exhausted"],
                "ecommerce-timeouts": ["total"],
            }),
        },
        (http) => {
            http.retries.attempts = 1;
        },
        (route) => (route.retry_policy?.num_retries ?? 1) === 1,
    ),
    routePolicy(
        {
            name: "retries-other-conditions",
            description: `The route of ${customer} retries only what never reached a pod.`,
            expectRed: union(settings, {
                "ecommerce-retries": ["recovered", "exhausted"],
                "ecommerce-timeouts": ["perTry", "total"],
            }),
        },
        (http) => {
            http.retries.retryOn = "connect-failure,refused-stream";
        },
        (route) => !route.retry_policy?.retry_on?.includes("5xx"),
    ),
    routePolicy(
        {
            name: "retries-also-4xx",
            description: `The route of ${customer} also retries 4xx answers.`,
            expectRed: union(settings, { "ecommerce-retries": ["clientErrors"] }),
        },
        (http) => {
            http.retries.retryOn += ",retriable-status-codes,400";
        },
        (route) => route.retry_policy?.retry_on?.includes("retriable-status-codes") ?? false,
    ),
    routePolicy(
        {
            name: "per-try-timeout-longer",
            description: `The route of ${customer} gives a try half as much time again.`,
            expectRed: union(settings, { "ecommerce-timeouts": ["perTry"] }),
        },
        (http, { config }) => {
            http.retries.perTryTimeout = scaled(config.ecommerce.routePolicy.retries.perTryTimeout, 1.5);
        },
        (route, { config }) =>
            milliseconds(route.retry_policy?.per_try_timeout ?? "0s") ===
            milliseconds(scaled(config.ecommerce.routePolicy.retries.perTryTimeout, 1.5)),
    ),
    routePolicy(
        {
            name: "timeout-longer",
            description: `The route of ${customer} gives a request twice the time.`,
            expectRed: union(settings, { "ecommerce-timeouts": ["total"] }),
        },
        (http, { config }) => {
            http.timeout = scaled(config.ecommerce.routePolicy.timeout, 2);
        },
        (route, { config }) =>
            milliseconds(route.timeout ?? "0s") === milliseconds(scaled(config.ecommerce.routePolicy.timeout, 2)),
    ),
    routePolicy(
        {
            name: "timeout-shorter",
            description: `The route of ${customer} gives a request a sixth of the time.`,
            expectRed: union(settings, { "ecommerce-timeouts": ["perTry", "total"] }),
        },
        (http, { config }) => {
            http.timeout = scaled(config.ecommerce.routePolicy.timeout, 1 / 6);
        },
        (route, { config }) =>
            milliseconds(route.timeout ?? "0s") === milliseconds(scaled(config.ecommerce.routePolicy.timeout, 1 / 6)),
    ),
];
