import { generateKeyPairSync } from "node:crypto";
import type { Listener } from "../../verification/proxy-views/envoy";
import { takeSnapshot } from "../../verification/proxy-views/snapshot";
import { applicationPods } from "../../verification/specs/support/names";
import type { PlatformConfig } from "../../../components/config/platform";
import { apiVersionOf, type Kind } from "../cluster/api";
import { objects, type Mesh } from "../cluster/mesh";
import type { CheckSet, Mutation } from "../mutation";
import { inGatewayListeners, inGatewayRoutes, inListeners } from "./look";
import { gatewayFilters, otherObjects, sidecarFilters, union } from "./red";

/** Objects that nobody declares, and declared ones that say a little more: the requests of the suite notice none of them. */

const product = "product-api";
const manager = "envoy.filters.network.http_connection_manager";

interface Added {
    name: string;
    ids: readonly string[];
    description: string;
    kind: Kind;
    namespace(config: PlatformConfig): string;
    annotations?: Record<string, string>;
    spec: object | ((config: PlatformConfig) => object);
    /** Default: the object itself, where no proxy tells. */
    traces?: Mutation["traces"];
    expectRed: CheckSet;
    needs?: Mutation["needs"];
}

/** Adds an object. */
function added({ kind, namespace, annotations, spec, needs = ["egov"], traces, ...mutation }: Added): Mutation {
    const metadata = (config: PlatformConfig) => ({ name: "by-hand", namespace: namespace(config) });
    return {
        ...mutation,
        needs,
        apply: (changes, { config }) =>
            changes.create({
                apiVersion: apiVersionOf(kind),
                kind,
                metadata: { ...metadata(config), ...(annotations && { annotations }) },
                spec: typeof spec === "function" ? (spec as (config: PlatformConfig) => object)(config) : spec,
            }),
        traces: traces ?? (async ({ api, config }) => [(await api.get({ kind, ...metadata(config) })) !== undefined]),
    };
}

/** The sidecars of egov-hello: whether what they listen with, as JSON, has a text. */
async function inHello(mesh: Mesh, text: string): Promise<boolean[]> {
    const { namespaces } = mesh.config.egov;
    const pods = (await applicationPods(mesh.target)).filter(
        ({ namespace, sidecar }) => namespace === namespaces.app && sidecar?.ready,
    );
    const has = (listeners: Readonly<Record<string, Listener>>) => JSON.stringify(listeners).includes(text);
    return Promise.all(pods.map(async (pod) => has((await takeSnapshot(mesh.target.proxy(pod))).listeners)));
}

const hello = (config: PlatformConfig): string => config.egov.namespaces.app;
const infra = (config: PlatformConfig): string => config.egov.namespaces.infra;
const shop = (config: PlatformConfig): string => config.ecommerce.namespace;
const istio = (): string => "istio-system";
const otherClient = { when: [{ key: "request.headers[user-agent]", values: ["curl*"] }] };

/** A patch of the HTTP filters of a proxy: `filter` is the one that it is about. */
const patch = (context: string, filter: string, operation: string, value: object) => ({
    configPatches: [
        {
            applyTo: "HTTP_FILTER",
            match: { context, listener: { filterChain: { filter: { name: manager, subFilter: { name: filter } } } } },
            patch: { operation, value },
        },
    ],
});

/** The public key of an issuer. */
function keySet(): string {
    const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    return JSON.stringify({ keys: [{ ...publicKey.export({ format: "jwk" }), use: "sig", alg: "ES256" }] });
}

const typed = (type: string, fields: object) => ({ "@type": `type.googleapis.com/envoy.${type}`, ...fields });

export const undeclaredObjects: readonly Mutation[] = [
    added({
        name: "policy-against-one-client",
        ids: ["S4", "T14"],
        description: "An AuthorizationPolicy refuses the requests of one kind of client to egov-hello.",
        kind: "AuthorizationPolicy",
        namespace: hello,
        spec: { action: "DENY", rules: [otherClient] },
        traces: (mesh) => inHello(mesh, "policy[by-hand]"),
        expectRed: union(otherObjects("authorization"), sidecarFilters),
    }),
    added({
        name: "policy-on-trial",
        ids: ["S4", "T14"],
        description: "An AuthorizationPolicy of one shop service would refuse somebody, but only writes about it.",
        needs: ["ecommerce"],
        kind: "AuthorizationPolicy",
        namespace: shop,
        annotations: { "istio.io/dry-run": "true" },
        spec: { selector: { matchLabels: { app: product } }, action: "DENY", rules: [otherClient] },
        traces: (mesh) => inListeners(mesh, product, (text) => text.includes("policy[by-hand]")),
        expectRed: union(otherObjects("authorization"), sidecarFilters, { "ecommerce-authorization": ["policies"] }),
    }),
    {
        name: "policy-for-one-more-path",
        ids: ["S5", "T14"],
        description: "The policy of the tokens refuses one more path, to which nobody sends requests today.",
        needs: ["ecommerce", "tokens"],
        apply: (changes) =>
            changes.edit(objects.istio("AuthorizationPolicy", "gateway-tokens"), ({ spec }) => {
                spec.rules[0].to[0].operation.paths.push("/api/v1/by-hand*");
            }),
        traces: (mesh) => inGatewayListeners(mesh, (listeners) => listeners.includes("/api/v1/by-hand")),
        expectRed: union(otherObjects("authorization"), gatewayFilters),
    },
    added({
        name: "tokens-checked-inside",
        ids: ["S5", "T14"],
        description: "A RequestAuthentication has the sidecars of egov-hello refuse tokens that are not good.",
        kind: "RequestAuthentication",
        namespace: hello,
        spec: { jwtRules: [{ issuer: "https://by-hand.example.org", jwks: keySet() }] },
        traces: (mesh) => inHello(mesh, "https://by-hand.example.org"),
        expectRed: union(otherObjects("authentication"), sidecarFilters),
    }),
    added({
        name: "mtls-said-twice",
        ids: ["S3"],
        description: "A PeerAuthentication says for one namespace what holds for the mesh today.",
        kind: "PeerAuthentication",
        namespace: hello,
        spec: ({ mesh }) => ({ mtls: { mode: mesh.mtls.mode } }),
        expectRed: otherObjects("authentication"),
    }),
    added({
        name: "filter-header-inside",
        ids: ["T14"],
        description: "An EnvoyFilter gives the requests to egov-hello a header in its sidecars.",
        kind: "EnvoyFilter",
        namespace: hello,
        spec: patch("SIDECAR_INBOUND", "envoy.filters.http.router", "INSERT_BEFORE", {
            name: "by-hand",
            typed_config: typed("extensions.filters.http.header_mutation.v3.HeaderMutation", {
                mutations: {
                    request_mutations: [{ append: { header: { key: "x-user", value: "admin" } } }],
                },
            }),
        }),
        traces: (mesh) => inHello(mesh, '"by-hand"'),
        expectRed: union(otherObjects("proxies"), sidecarFilters),
    }),
    added({
        name: "filter-rare-fault",
        ids: ["T14"],
        description: "An EnvoyFilter aborts one request in a million in the gateway, on every route.",
        kind: "EnvoyFilter",
        namespace: istio,
        spec: {
            workloadSelector: { labels: { istio: "ingressgateway" } },
            ...patch("GATEWAY", "envoy.filters.http.fault", "MERGE", {
                typed_config: typed("extensions.filters.http.fault.v3.HTTPFault", {
                    abort: { http_status: 500, percentage: { numerator: 1, denominator: "MILLION" } },
                }),
            }),
        },
        traces: (mesh) => inGatewayListeners(mesh, (listeners) => listeners.includes('"http_status": 500')),
        expectRed: union(otherObjects("proxies"), gatewayFilters),
    }),
    added({
        name: "filter-header-on-inbound-route",
        ids: ["T14"],
        description: "An EnvoyFilter changes the routes inside of the listeners of egov-hello's sidecars.",
        kind: "EnvoyFilter",
        namespace: hello,
        spec: {
            configPatches: [
                {
                    applyTo: "HTTP_ROUTE",
                    match: { context: "SIDECAR_INBOUND" },
                    patch: {
                        operation: "MERGE",
                        value: { request_headers_to_add: [{ header: { key: "x-user", value: "admin" } }] },
                    },
                },
            ],
        },
        traces: (mesh) => inHello(mesh, '"x-user"'),
        expectRed: union(otherObjects("proxies"), sidecarFilters),
    }),
    added({
        name: "telemetry-inside",
        ids: ["P14", "T14"],
        description: "A Telemetry has the sidecars of gateway-server's namespace write no access log.",
        kind: "Telemetry",
        namespace: infra,
        spec: { accessLogging: [{ providers: [{ name: "envoy" }], disabled: true }] },
        expectRed: otherObjects("proxies"),
    }),
    added({
        name: "rule-for-gateway-server",
        ids: ["E7", "T14"],
        description: "A DestinationRule gives the callers of gateway-server settings that nobody declares.",
        kind: "DestinationRule",
        namespace: infra,
        spec: ({ egov }) => ({
            host: `gateway-server.${egov.namespaces.infra}.svc.cluster.local`,
            trafficPolicy: { connectionPool: { tcp: { connectTimeout: "9s" } } },
        }),
        expectRed: otherObjects("routes"),
    }),
    added({
        name: "route-unrelated",
        ids: ["C2"],
        description: "A VirtualService has the gateway answer for a host that nobody declares.",
        needs: ["ecommerce", "istio-routes"],
        kind: "VirtualService",
        namespace: shop,
        spec: {
            hosts: ["unrelated.example.org"],
            gateways: ["ecommerce-gateway"],
            http: [{ directResponse: { status: 200, body: { string: "unrelated" } } }],
        },
        traces: (mesh) =>
            inGatewayRoutes(mesh, (all) => all.some(({ domains }) => domains.includes("unrelated.example.org"))),
        expectRed: otherObjects("routes"),
    }),
    added({
        name: "network-policy-elsewhere",
        ids: ["S6"],
        description: "A NetworkPolicy for the monitoring that is not there yet: it changes nothing today.",
        kind: "NetworkPolicy",
        namespace: ({ egov }) => egov.namespaces.monitoring,
        spec: { podSelector: {}, policyTypes: ["Ingress"] },
        expectRed: otherObjects("networkPolicies"),
    }),
];
