import type { PlainObject } from "../cluster/api";
import { objects, type DomainRoute, type Mesh } from "../cluster/mesh";
import type { CheckSet, Mutation } from "../mutation";
import { ecommerceCluster } from "../../verification/specs/support/names";
import { inGatewayRoutes, inHosts, shopCluster } from "./look";
import {
    canaryGone,
    gatewayTable,
    notCounted,
    sagaFromOutside,
    shopAnsweredByAnother,
    shopRouteGone,
    union,
} from "./red";

/** Mistakes in Gateways and HTTPRoutes of the Gateway API (P12). */

const product = "product-api";
const recommendation = "recommendation-api";
const customer = "customer-api";
const order = "order-api";
const shopGateway = "ecommerce-gateway";

/** istiod reports what is wrong with routes, or with Gateways. */
const routesReported: CheckSet = { "gateway-api": ["routes"] };
const gatewaysReported: CheckSet = { "gateway-api": ["gateways"] };

type Change = Pick<Mutation, "name" | "ids" | "description" | "expectRed" | "mayRed">;

/** The gateway's routes for the path of a service. */
const routesOf = (mesh: Mesh, service: string, all: readonly DomainRoute[]) =>
    all.filter(({ match }) => match?.["path_separated_prefix"] === mesh.config.ecommerce.services[service]!.path);

/** Changes the HTTPRoute of an e-commerce service; shows in the gateway's routes for the service's path. */
function routeMutation(
    service: string,
    mutation: Change,
    change: (spec: PlainObject["spec"], mesh: Mesh) => void,
    shows: (routes: readonly DomainRoute[], mesh: Mesh) => boolean,
): Mutation {
    return {
        ...mutation,
        needs: ["ecommerce", "gateway-api"],
        apply: (changes, mesh) =>
            changes.edit(objects.shop("HTTPRoute", mesh.config, service), ({ spec }) => change(spec, mesh)),
        traces: (mesh) => inGatewayRoutes(mesh, (all) => shows(routesOf(mesh, service, all), mesh)),
    };
}

/** The rule of a canary that shares the requests between its versions. */
const shared = (spec: PlainObject["spec"]) =>
    spec.rules.find(({ name }: { name?: string }) => name === "canary") as { backendRefs: { weight: number }[] };

/** Whether everybody's route of a canary has these weights, in order. */
const hasShares = (routes: readonly DomainRoute[], ...shares: number[]): boolean =>
    routes.some(
        ({ route }) => route?.weighted_clusters?.clusters?.map(({ weight }) => weight ?? 0).join() === shares.join(),
    );

export const gatewayApi: readonly Mutation[] = [
    {
        ...routeMutation(
            order,
            {
                name: "api-weights-85-15",
                ids: ["P12", "C9"],
                description: `The HTTPRoute of ${order} gives 85/15 instead of 90/10.`,
                expectRed: gatewayTable,
                // So small a deviation requests may show or not.
                mayRed: { "route-weights": ["ecommerce"] },
            },
            (spec) => [85, 15].forEach((weight, index) => (shared(spec).backendRefs[index]!.weight = weight)),
            (routes) => hasShares(routes, 85, 15),
        ),
        needs: ["ecommerce", "gateway-api", "ecommerce-weights"],
    },
    {
        ...routeMutation(
            order,
            {
                name: "api-weights-swapped",
                ids: ["P12", "C9"],
                description: `The HTTPRoute of ${order} exchanges the shares of the two versions.`,
                expectRed: { ...gatewayTable, "route-weights": ["ecommerce"] },
                // The near misses of the groups nearly all get the candidate, some runs all of them.
                mayRed: { "route-matches": ["ecommerce"] },
            },
            (spec) => {
                const { backendRefs } = shared(spec);
                [backendRefs[0]!.weight, backendRefs[1]!.weight] = [backendRefs[1]!.weight, backendRefs[0]!.weight];
            },
            (routes) => hasShares(routes, 10, 90),
        ),
        needs: ["ecommerce", "gateway-api", "ecommerce-weights"],
    },
    routeMutation(
        product,
        {
            name: "api-route-to-another-service",
            ids: ["P12", "C2"],
            description: `The HTTPRoute ${product} leads to ${recommendation}: istiod has nothing against it.`,
            expectRed: shopAnsweredByAnother,
        },
        (spec) => (spec.rules[0].backendRefs[0].name = recommendation),
        (routes, mesh) =>
            routes.length > 0 && routes.every(({ route }) => route?.cluster === shopCluster(mesh, recommendation)),
    ),
    routeMutation(
        product,
        {
            name: "api-route-to-unknown-service",
            ids: ["P12", "C2"],
            description: `The HTTPRoute ${product} leads to a Service that does not exist.`,
            expectRed: union(shopRouteGone, routesReported),
        },
        (spec) => (spec.rules[0].backendRefs[0].name = "products"),
        (routes, mesh) => !routes.some(({ route }) => route?.cluster === shopCluster(mesh, product)),
    ),
    routeMutation(
        product,
        {
            name: "api-route-port",
            ids: ["P12", "C2"],
            description: `The HTTPRoute ${product} leads to a port that its Service does not have: istiod has nothing against it.`,
            expectRed: shopRouteGone,
        },
        (spec) => (spec.rules[0].backendRefs[0].port += 1),
        (routes, mesh) => !routes.some(({ route }) => route?.cluster === shopCluster(mesh, product)),
    ),
    routeMutation(
        product,
        {
            name: "api-route-unbound",
            ids: ["P12", "C8"],
            description: `The HTTPRoute ${product} is bound to no Gateway.`,
            expectRed: union(shopRouteGone, routesReported, gatewaysReported),
        },
        (spec) => delete spec.parentRefs,
        (routes) => routes.length === 0,
    ),
    routeMutation(
        customer,
        {
            name: "api-retries-fewer",
            ids: ["P12", "C3"],
            description: `The HTTPRoute ${customer} tries once again instead of three times.`,
            expectRed: {
                "ecommerce-route-policies": ["settings"],
                "ecommerce-retries": ["recovered", "exhausted"],
            },
        },
        (spec) => (spec.rules[0].retry.attempts = 1),
        (routes) => routes.length > 0 && routes.every(({ route }) => (route?.retry_policy?.num_retries ?? 1) === 1),
    ),
    {
        name: "api-gateway-service",
        ids: ["P12", "C5"],
        description: "The Gateway of the shop names a Service that does not exist.",
        needs: ["ecommerce", "gateway-api"],
        apply: (changes) =>
            changes.edit(objects.istio("ApiGateway", shopGateway), ({ spec }) => {
                spec.addresses[0].value = "istio-ingress.istio-system.svc.cluster.local";
            }),
        traces: (mesh) => inGatewayRoutes(mesh, (all) => routesOf(mesh, product, all).length === 0),
        expectRed: union(shopRouteGone, canaryGone, sagaFromOutside, gatewaysReported, notCounted, {
            "ecommerce-gateway": ["settings", "listener"],
        }),
    },
    {
        name: "api-gateway-hosts",
        ids: ["P12", "C2"],
        description: "The Gateway of the shop has no listener for every host.",
        needs: ["ecommerce", "gateway-api"],
        apply: (changes) =>
            changes.edit(objects.istio("ApiGateway", shopGateway), ({ spec }) => {
                spec.listeners = (spec.listeners as { hostname?: string }[]).filter(({ hostname }) => hostname);
            }),
        traces: (mesh) =>
            inGatewayRoutes(mesh, (all) => !routesOf(mesh, product, all).some(({ domains }) => domains.includes("*"))),
        expectRed: union(gatewayTable, gatewaysReported, {
            "ecommerce-gateway": ["settings", "listener"],
            "ecommerce-routing": ["hosts"],
        }),
    },
    {
        name: "api-subset-stable",
        ids: ["P12", "C9"],
        description: "The Service of the candidate chooses the pods of today's version.",
        needs: ["ecommerce", "gateway-api", "ecommerce-weights", "ecommerce-matches"],
        apply: (changes, { config }) =>
            changes.edit(objects.shop("Service", config, `${order}-candidate`), ({ spec }) => {
                spec.selector.version = "v1";
            }),
        traces: (mesh) =>
            inHosts(
                mesh,
                ["gateway"],
                ecommerceCluster(mesh.config, order, "candidate"),
                (hosts) => hosts.length === mesh.config.ecommerce.replicas,
            ),
        expectRed: { "route-weights": ["ecommerce"], "route-matches": ["ecommerce"], "proxy-views": ["endpoints"] },
    },
];
