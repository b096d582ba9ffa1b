import type { Manifest, Mistake, System } from "../corpus";
import { type Short, toMistake } from "./routes";

const WEB = "HTTPRoute/shop/web";
const EDGE = "Gateway/istio-system/edge";
const DOCS = "https://gateway-api.sigs.k8s.io/reference/spec/";
const route = (system: System): Manifest => system.get(WEB).spec;
const edge = (system: System): Manifest => system.get(EDGE).spec;

/** Mistakes in objects of the Gateway API. */
export const gatewayApiMistakes: readonly Mistake[] = [
    ...(
        [
            [
                "parent-missing",
                "a Gateway that is not there",
                DOCS,
                "route-parent",
                (s) => (route(s).parentRefs[0].name = "edges"),
            ],
            [
                "parent-namespace",
                "a Gateway of another namespace without it",
                DOCS,
                "route-parent",
                (s) => delete route(s).parentRefs[0].namespace,
            ],
            [
                "parent-section",
                "a listener that the Gateway lacks",
                DOCS,
                "route-parent",
                (s) => (route(s).parentRefs[0].sectionName = "secure"),
            ],
            [
                "parent-port",
                "a port that no listener has",
                DOCS,
                "route-parent",
                (s) => (route(s).parentRefs[0] = { name: "edge", namespace: "istio-system", port: 8443 }),
            ],
            [
                "hostname",
                "a host name that no listener serves",
                DOCS,
                "route-parent",
                (s) => (route(s).hostnames = ["www.example.org"]),
            ],
            [
                "backend-missing",
                "a backend that is not there",
                DOCS,
                "http-route-backend",
                (s) => (route(s).rules[1].backendRefs[0].name = "webs"),
            ],
            [
                "backend-port",
                "a port that the backend lacks",
                DOCS,
                "http-route-backend",
                (s) => (route(s).rules[1].backendRefs[0].port = 8080),
            ],
            [
                "backend-without-port",
                "a backend without a port",
                DOCS,
                "route-backend",
                (s) => delete route(s).rules[1].backendRefs[0].port,
            ],
            [
                "grant-missing",
                "a backend of another namespace without a grant",
                `${DOCS}#referencegrant`,
                "route-backend",
                (s) => s.remove("ReferenceGrant/payments/shop"),
            ],
            [
                "prefix-exact",
                "a prefix replaced where the path is matched exactly",
                DOCS,
                "route-rule",
                (s) => (route(s).rules[0].matches[0].path.type = "Exact"),
            ],
            [
                "redirect-with-backend",
                "a redirect with backends",
                DOCS,
                "route-rule",
                (s) =>
                    (route(s).rules[1].filters = [{ type: "RequestRedirect", requestRedirect: { scheme: "https" } }]),
            ],
            [
                "api-path",
                "a path that does not begin with /",
                DOCS,
                "route-rule",
                (s) => (route(s).rules[0].matches[0].path.value = "pay"),
            ],
            [
                "api-timeouts",
                "one try may take longer than the request",
                DOCS,
                "route-rule",
                (s) => (route(s).rules[1].timeouts = { request: "1s", backendRequest: "5s" }),
            ],
            [
                "api-weights",
                "every backend has the weight 0",
                DOCS,
                "route-rule",
                (s) => (route(s).rules[1].backendRefs[0].weight = 0),
            ],
            [
                "api-path-type",
                "a type of path that does not exist",
                DOCS,
                "field-value",
                (s) => (route(s).rules[0].matches[0].path.type = "Prefix"),
            ],
            [
                "filter-without-part",
                "a filter without what its type needs",
                DOCS,
                "route-rule",
                (s) => (route(s).rules[1].filters = [{ type: "RequestHeaderModifier" }]),
            ],
            [
                "route-singular",
                "hostname in the place of hostnames",
                DOCS,
                "unknown-field",
                (s) => {
                    route(s).hostname = "www.edge.com";
                    delete route(s).hostnames;
                },
            ],
        ] satisfies Short[]
    ).map(toMistake(WEB)),
    ...(
        [
            [
                "class-typo",
                "a GatewayClass that nobody has",
                DOCS,
                "gateway-listener",
                (s) => (edge(s).gatewayClassName = "istoi"),
            ],
            [
                "listener-certificate",
                "a certificate that is not there",
                DOCS,
                "gateway-listener",
                (s) => (edge(s).listeners[1].tls.certificateRefs[0].name = "edge-tls"),
            ],
            [
                "listener-without-certificate",
                "HTTPS without a certificate",
                DOCS,
                "gateway-listener",
                (s) => delete edge(s).listeners[1].tls,
            ],
            [
                "listener-tls-on-http",
                "tls on a listener for HTTP",
                DOCS,
                "gateway-listener",
                (s) => (edge(s).listeners[0].tls = { certificateRefs: [{ name: "shop-tls" }] }),
            ],
            [
                "listener-names",
                "two listeners of one name",
                DOCS,
                "gateway-listener",
                (s) => (edge(s).listeners[0].name = "https"),
            ],
            [
                "listener-conflict",
                "two protocols on one port",
                DOCS,
                "gateway-listener",
                (s) => (edge(s).listeners[0].port = 443),
            ],
            [
                "allowed-same",
                "a listener that admits its own namespace only",
                DOCS,
                "route-parent",
                (s) => delete edge(s).listeners[1].allowedRoutes,
            ],
            [
                "allowed-selector",
                "a listener that admits other namespaces",
                DOCS,
                "route-parent",
                (s) => (edge(s).listeners[1].allowedRoutes.namespaces.selector.matchLabels.team = "store"),
            ],
        ] satisfies Short[]
    ).map(toMistake(EDGE)),
    ...(
        [
            [
                "grant-kind",
                "a grant for another kind of routes",
                `${DOCS}#referencegrant`,
                "route-backend",
                (s) => (s.get("ReferenceGrant/payments/shop").spec.from[0].kind = "GRPCRoute"),
            ],
            [
                "grant-from",
                "a grant for another namespace",
                `${DOCS}#referencegrant`,
                "route-backend",
                (s) => (s.get("ReferenceGrant/payments/shop").spec.from[0].namespace = "store"),
            ],
            [
                "grant-place",
                "a grant in the namespace of the route",
                `${DOCS}#referencegrant`,
                "route-backend",
                (s) => (s.get("ReferenceGrant/payments/shop").metadata.namespace = "shop"),
                undefined,
                "ReferenceGrant/shop/shop",
            ],
        ] satisfies Short[]
    ).map(toMistake("ReferenceGrant/payments/shop")),
];
