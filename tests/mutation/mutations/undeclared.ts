import { apiVersionOf, type PlainObject } from "../cluster/api";
import { objects, type DomainRoute, type Mesh } from "../cluster/mesh";
import type { CheckSet, Mutation } from "../mutation";
import { routeFacts } from "../../verification/specs/support/route-table";
import { helloCluster, inGatewayRoutes, shopCluster } from "./look";
import { gatewayTable, helloFromOutside, otherObjects, shopFromOutside, union } from "./red";

/** What nobody declares and few requests notice: faults, copies and changes of a small share of the requests. */

const product = "product-api";
const recommendation = "recommendation-api";
const customer = "customer-api";

const shopFails: CheckSet = { ...gatewayTable, "ecommerce-steady": ["answers"] };
const shopCopies: CheckSet = { ...gatewayTable, "ecommerce-steady": ["once"] };
/** The checks with few requests on the way to a shop service see a small share of faults, or they do not. */
const byChance = union(shopFromOutside, { "ecommerce-steady": ["once"] });

/** Whether the gateway has a route to a cluster of which something is told that the pattern matches. */
const told = (mesh: Mesh, cluster: string, pattern: RegExp) =>
    inGatewayRoutes(mesh, (routes: readonly DomainRoute[]) => {
        const own = routes.filter(({ route }) => route?.cluster === cluster);
        return own.length > 0 && own.every((route) => routeFacts(route).some((fact) => pattern.test(fact)));
    });

const share = (value: number) => ({ percentage: { value } });

/** A change of the only route of a shop service's VirtualService. */
function shopRoute(
    mutation: Pick<Mutation, "name" | "ids" | "description" | "expectRed" | "mayRed">,
    service: string,
    change: (http: PlainObject["spec"], mesh: Mesh) => void,
    shows: RegExp,
): Mutation {
    return {
        ...mutation,
        needs: ["ecommerce"],
        apply: (changes, mesh) =>
            changes.edit(objects.shop("VirtualService", mesh.config, service), ({ spec }) =>
                change(spec.http[0], mesh),
            ),
        traces: (mesh) => told(mesh, shopCluster(mesh, service), shows),
    };
}

/** The same of the VirtualService egov-hello. */
function helloRoute(
    mutation: Pick<Mutation, "name" | "ids" | "description" | "expectRed" | "mayRed">,
    change: (http: PlainObject["spec"], mesh: Mesh) => void,
    shows: RegExp,
): Mutation {
    return {
        ...mutation,
        needs: ["egov"],
        apply: (changes, mesh) =>
            changes.edit(objects.hello("VirtualService", mesh.config), ({ spec }) => change(spec.http[0], mesh)),
        traces: (mesh) => told(mesh, helloCluster(mesh), shows),
    };
}

export const undeclared: readonly Mutation[] = [
    shopRoute(
        {
            name: "undeclared-abort-shop",
            ids: ["C2"],
            description: `One request to ${product} in ten is aborted with 503 in the gateway.`,
            expectRed: shopFails,
            mayRed: byChance,
        },
        product,
        (http) => {
            http.fault = { abort: { httpStatus: 503, ...share(10) } };
        },
        /an abort with 503/,
    ),
    shopRoute(
        {
            name: "undeclared-abort-shop-rare",
            ids: ["C2"],
            description: `One request to ${product} in fifty is aborted with 500 in the gateway.`,
            expectRed: shopFails,
            mayRed: byChance,
        },
        product,
        (http) => {
            http.fault = { abort: { httpStatus: 500, ...share(2) } };
        },
        /an abort with 500/,
    ),
    shopRoute(
        {
            name: "undeclared-abort-once-in-ten-thousand",
            ids: ["C2"],
            description: `One request to ${product} in ten thousand is aborted: only the configuration of the gateway tells.`,
            expectRed: gatewayTable,
            mayRed: union(byChance, shopFails),
        },
        product,
        (http) => {
            http.fault = { abort: { httpStatus: 500, ...share(0.01) } };
        },
        /an abort with 500/,
    ),
    shopRoute(
        {
            name: "undeclared-delay-shop",
            ids: ["C2"],
            description: `One request to ${recommendation} in ten waits in the gateway.`,
            expectRed: shopFails,
            mayRed: byChance,
        },
        recommendation,
        (http) => {
            http.fault = { delay: { fixedDelay: "3.5s", ...share(10) } };
        },
        /a delay of 3500 ms/,
    ),
    shopRoute(
        {
            name: "undeclared-mirror-shop",
            ids: ["C2"],
            description: `One request to ${product} in ten is copied to ${recommendation}.`,
            expectRed: shopCopies,
        },
        product,
        (http, { config }) => {
            const { namespace, servicePort } = config.ecommerce;
            const destination = {
                host: `${recommendation}.${namespace}.svc.cluster.local`,
                port: { number: servicePort },
            };
            http.mirrors = [{ destination, ...share(10) }];
        },
        /a mirror of 10 %/,
    ),
    shopRoute(
        {
            name: "undeclared-header",
            ids: ["C2"],
            description: `The gateway gives a header to the requests to ${product} that nobody declares.`,
            expectRed: gatewayTable,
        },
        product,
        (http) => {
            http.headers = { request: { set: { "x-user": "admin" } } };
        },
        /request_headers_to_add/,
    ),
    {
        name: "undeclared-route-for-one-user",
        ids: ["C2"],
        description: `Requests of one user to ${customer} are refused by a route before the declared one.`,
        needs: ["ecommerce"],
        apply: (changes, { config }) =>
            changes.edit(objects.shop("VirtualService", config, customer), ({ spec }) => {
                const [match] = structuredClone(spec.http[0].match);
                match.headers = { "x-user": { exact: "kim" } };
                spec.http.unshift({ match: [match], directResponse: { status: 403 } });
            }),
        traces: (mesh) => inGatewayRoutes(mesh, (all) => all.some(({ match }) => match?.["headers"] !== undefined)),
        expectRed: gatewayTable,
    },
    helloRoute(
        {
            name: "undeclared-abort-hello",
            ids: ["E3"],
            description: "One request to egov-hello in ten is aborted with 503 in the gateway.",
            expectRed: { ...gatewayTable, "egov-load-balancing": ["steady", "spread"] },
            mayRed: helloFromOutside,
        },
        (http) => {
            http.fault = { abort: { httpStatus: 503, ...share(10) } };
        },
        /an abort with 503/,
    ),
    helloRoute(
        {
            name: "undeclared-delay-hello",
            ids: ["E3"],
            description: "One request to egov-hello in ten waits in the gateway.",
            expectRed: { ...gatewayTable, "egov-load-balancing": ["steady"] },
            mayRed: helloFromOutside,
        },
        (http) => {
            http.fault = { delay: { fixedDelay: "3.5s", ...share(10) } };
        },
        /a delay of 3500 ms/,
    ),
    helloRoute(
        {
            name: "undeclared-mirror-hello",
            ids: ["E3", "E10"],
            description: "One request to egov-hello in ten is copied to egov-hello once more.",
            expectRed: { ...gatewayTable, "egov-load-balancing": ["once"] },
            mayRed: helloFromOutside,
        },
        (http) => {
            http.mirrors = [{ destination: structuredClone(http.route[0].destination), ...share(10) }];
        },
        /a mirror of 10 %/,
    ),
    {
        name: "undeclared-abort-inside",
        ids: ["C7"],
        description: `Inside the mesh every second call of ${customer} is aborted; from outside all is well.`,
        needs: ["ecommerce"],
        apply: (changes, { config }) => {
            const { namespace, servicePort } = config.ecommerce;
            const host = `${customer}.${namespace}.svc.cluster.local`;
            return changes.create({
                apiVersion: apiVersionOf("VirtualService"),
                kind: "VirtualService",
                metadata: { name: `${customer}-inside`, namespace },
                spec: {
                    hosts: [host],
                    http: [
                        {
                            fault: { abort: { httpStatus: 503, ...share(50) } },
                            route: [{ destination: { host, port: { number: servicePort } } }],
                        },
                    ],
                },
            });
        },
        traces: async (mesh) => {
            const pods = await mesh.proxies("ecommerce");
            return Promise.all(
                pods.map(async (pod) =>
                    (await mesh.target.proxy(pod).routes())
                        .flatMap(({ virtual_hosts: hosts = [] }) => hosts.flatMap(({ routes = [] }) => routes))
                        .some((route) => routeFacts(route).some((fact) => fact.startsWith("an abort"))),
                ),
            );
        },
        expectRed: { "route-tables": ["sidecars"], "ecommerce-answers": ["texts"], ...otherObjects("routes") },
        mayRed: { "ecommerce-answers": ["replicas"], "ecommerce-authorization": ["allowed", "denied"] },
    },
];
