import type { Manifest, Mistake, System } from "../corpus";

const SHOP = "VirtualService/shop/shop";
const NETWORK = "https://istio.io/latest/docs/ops/common-problems/network-issues/";
const VS = "https://istio.io/latest/docs/reference/config/networking/virtual-service/";
const http = (system: System, index: number): Manifest => system.get(SHOP).spec.http[index];

/** Mistakes in VirtualServices. */
export const routeMistakes: readonly Mistake[] = (
    [
        [
            "percent",
            "percent in the place of weight, as in the documents' canary",
            "E8",
            "unknown-field",
            (s) => {
                const [, two] = http(s, 1).route;
                two.percent = two.weight;
                delete two.weight;
            },
            /write "weight"/,
        ],
        ["weights-90", "weights that add up to 90", "E8", "route-weights", (s) => (http(s, 1).route[1].weight = 0)],
        [
            "host-typo",
            "a destination's host is misspelt",
            "IST0101",
            "destination-host",
            (s) => (http(s, 0).route[0].destination.host = "order"),
            /orders/,
        ],
        [
            "host-short-name",
            "name.namespace, which Istio does not complete",
            NETWORK,
            "destination-host",
            (s) => (http(s, 0).route[0].destination.host = "pay.payments"),
        ],
        [
            "host-other-namespace",
            "the short name of a Service of another namespace",
            NETWORK,
            "destination-host",
            (s) => (http(s, 0).route[0].destination.host = "pay"),
        ],
        [
            "subset-undefined",
            "a subset that no DestinationRule defines",
            "IST0101",
            "unknown-subset",
            (s) => (http(s, 1).route[1].destination.subset = "v3"),
        ],
        [
            "port-of-pods",
            "the pods' port in the place of the Service's",
            "E3",
            "destination-port",
            (s) => (http(s, 0).route[0].destination.port.number = 8080),
        ],
        [
            "no-gateway",
            "a VirtualService for outside hosts without a gateway",
            "C8 problem 4",
            "virtual-service-gateway",
            (s) => delete s.get(SHOP).spec.gateways,
        ],
        [
            "gateway-without-namespace",
            "a Gateway of another namespace named without it",
            "IST0101",
            "virtual-service-gateway",
            (s) => (s.get(SHOP).spec.gateways = ["shop"]),
            /istio-system\/shop/,
        ],
        [
            "host-not-in-gateway",
            "a host that the Gateway does not serve",
            "IST0132",
            "virtual-service-host",
            (s) => (s.get(SHOP).spec.hosts = ["store.example.com"]),
        ],
        [
            "catch-all-first",
            "the route without a match comes first",
            "IST0130",
            "unreachable-route",
            (s) => s.get(SHOP).spec.http.unshift(s.get(SHOP).spec.http.pop()),
        ],
        [
            "wide-prefix-first",
            "a wide prefix before a narrow one",
            "IST0131",
            "unreachable-route",
            (s) => (http(s, 0).match = [{ uri: { prefix: "/api" } }]),
        ],
        [
            "duplicate-match",
            "the same match in two routes",
            "IST0131",
            "unreachable-route",
            (s) => (http(s, 0).match = structuredClone(http(s, 1).match)),
        ],
        [
            "prefix-without-slash",
            "a prefix that does not begin with /",
            VS,
            "route-match",
            (s) => (http(s, 1).match[0].uri.prefix = "api/catalog"),
        ],
        [
            "exact-with-query",
            "a path with a query",
            VS,
            "route-match",
            (s) => (http(s, 1).match[0].uri = { exact: "/api/catalog?id=1" }),
        ],
        [
            "prefix-with-star",
            "a shell pattern as a prefix",
            VS,
            "route-match",
            (s) => (http(s, 1).match[0].uri.prefix = "/api/catalog/*"),
        ],
        [
            "regex-look-ahead",
            "a regular expression with look-ahead, which RE2 lacks",
            "https://github.com/istio/istio/issues/10777",
            "route-match",
            (s) => (http(s, 1).match[0].uri = { regex: "/api/(?!admin).*" }),
        ],
        [
            "method-in-small-letters",
            "a method in small letters",
            VS,
            "route-match",
            (s) => (http(s, 0).match[0].method.exact = "post"),
        ],
        [
            "match-unbound-gateway",
            "a match for a gateway that the VirtualService does not bind to",
            VS,
            "route-match",
            (s) => (http(s, 1).match[0].gateways = ["mesh"]),
        ],
        [
            "source-labels-at-gateway",
            "sourceLabels in routes of a gateway",
            VS,
            "route-match",
            (s) => (http(s, 1).match[0].sourceLabels = { app: "web" }),
        ],
        [
            "route-and-redirect",
            "a route that also redirects",
            VS,
            "route-action",
            (s) => (http(s, 2).redirect = { uri: "/home" }),
        ],
        ["route-nowhere", "a route without a destination", VS, "route-action", (s) => delete http(s, 2).route],
        [
            "rewrite-double-slash",
            "a prefix without a slash rewritten to /",
            "https://github.com/istio/istio/issues/8076",
            "route-action",
            (s) => (http(s, 1).rewrite = { uri: "/" }),
        ],
        [
            "per-try-above-timeout",
            "one try may take longer than the request",
            "T11",
            "retry-budget",
            (s) => (http(s, 0).retries.perTryTimeout = "20s"),
        ],
        [
            "retry-on-unknown",
            "a condition of retries that Envoy does not know",
            VS,
            "route-retries",
            (s) => (http(s, 0).retries.retryOn = "5xx,conect-failure"),
            /connect-failure/,
        ],
        [
            "timeout-no-duration",
            "a time-out without a unit",
            "IST0106",
            "field-value",
            (s) => (http(s, 0).timeout = "10"),
        ],
        [
            "fault-share-zero",
            "a fault without a share",
            "T12",
            "route-fault",
            (s) => (http(s, 0).fault = { abort: { httpStatus: 503, percentage: {} } }),
        ],
        [
            "fault-status",
            "a fault with a status that is none",
            "IST0106",
            "field-value",
            (s) => (http(s, 0).fault = { abort: { httpStatus: 5030, percentage: { value: 10 } } }),
        ],
        [
            "mirror-nowhere",
            "a mirror to a Service that is not there",
            "E10",
            "destination-host",
            (s) => (http(s, 2).mirror = { host: "web-v2" }),
        ],
        [
            "mirror-share-zero",
            "a mirror with a share of 0",
            "E10",
            "mirror",
            (s) => Object.assign(http(s, 2), { mirror: { host: "catalog" }, mirrorPercentage: { value: 0 } }),
        ],
        [
            "cors-origin-without-scheme",
            "a CORS origin without its scheme",
            VS,
            "route-cors",
            (s) => (http(s, 2).corsPolicy = { allowOrigins: [{ exact: "shop.example.com" }] }),
            /https:\/\/shop.example.com/,
        ],
        [
            "cors-star-credentials",
            "every origin together with credentials",
            VS,
            "route-cors",
            (s) => (http(s, 2).corsPolicy = { allowOrigins: [{ exact: "*" }], allowCredentials: true }),
        ],
        [
            "tls-route-on-http",
            "a TLS route at a gateway that ends TLS",
            NETWORK,
            "route-protocol",
            (s) => {
                const { spec } = s.get(SHOP);
                delete spec.http;
                spec.tls = [
                    {
                        match: [{ port: 443, sniHosts: ["shop.example.com"] }],
                        route: [{ destination: { host: "web", port: { number: 80 } } }],
                    },
                ];
            },
        ],
        [
            "attempts-zero-with-retry-on",
            "retries switched off with conditions",
            "C3",
            "retry-budget",
            (s) => (http(s, 0).retries.attempts = 0),
        ],
        [
            "hosts-overlap",
            "a wildcard beside a name that it covers",
            "C2",
            "overlapping-hosts",
            (s) => (s.get(SHOP).spec.hosts = ["shop.example.com", "*"]),
        ],
        [
            "exact-and-prefix",
            "exact and prefix in one match",
            "IST0106",
            "required-field",
            (s) => (http(s, 1).match[0].uri.exact = "/x"),
        ],
        [
            "subset-without-pods",
            "a canary's subset runs no pod",
            "E8",
            "no-replicas",
            (s) => {
                s.get("Deployment/shop/catalog-v2").spec.replicas = 0;
                s.remove("HorizontalPodAutoscaler/shop/web");
            },
            undefined,
            "Deployment/shop/catalog-v2",
        ],
        [
            "claims-without-authentication",
            "routing by token claims that nobody verifies",
            "IST0149",
            "jwt",
            (s) => (http(s, 1).match[0].headers = { "@request.auth.claims.group": { exact: "beta" } }),
        ],
        [
            "api-group",
            "a VirtualService in the API group of policies",
            "IST0106",
            "api-version",
            (s) => (s.get(SHOP).apiVersion = "security.istio.io/v1"),
        ],
        [
            "destination-beside-route",
            "subset beside destination in the place of inside",
            "IST0106",
            "unknown-field",
            (s) => (http(s, 1).route[0].subset = "v1"),
        ],
    ] satisfies Short[]
)
    .map(toMistake(SHOP))
    .concat([
        {
            id: "two-virtual-services",
            title: "two VirtualServices claim one host and path",
            source: "https://istio.io/latest/docs/ops/best-practices/traffic-management/",
            layer: "lint",
            rule: "route-conflict",
            object: "VirtualService/shop/again",
            change: (s) =>
                s.add(`
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: again, namespace: shop }
spec:
    hosts: [shop.example.com]
    gateways: [istio-system/shop]
    http: [{ match: [{ uri: { prefix: /api/catalog } }], route: [{ destination: { host: web } }] }]`),
        },
        {
            id: "two-mesh-virtual-services",
            title: "two VirtualServices for one host on the sidecars",
            source: "IST0109",
            layer: "lint",
            rule: "route-conflict",
            object: "VirtualService/shop/orders-2",
            given: `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: orders, namespace: shop }
spec: { hosts: [orders], http: [{ route: [{ destination: { host: orders } }] }] }`,
            change: (s) =>
                s.add(`
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: orders-2, namespace: shop }
spec: { hosts: [orders], http: [{ timeout: 3s, route: [{ destination: { host: orders } }] }] }`),
        },
        ...delegates(),
    ]);

function delegates(): Mistake[] {
    const given = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: reviews, namespace: shop }
spec:
    hosts: [shop.example.com]
    gateways: [istio-system/shop]
    http: [{ match: [{ uri: { prefix: /reviews } }], delegate: { name: reviews-routes, namespace: shop } }]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: reviews-routes, namespace: shop }
spec: { http: [{ match: [{ uri: { prefix: /reviews/new } }], route: [{ destination: { host: web } }] }] }`;
    const source = `${VS}#Delegate`;
    const base = { source, layer: "lint", rule: "route-delegate", given } as const;
    return [
        {
            ...base,
            id: "delegate-missing",
            title: "a delegate that is not there",
            object: "VirtualService/shop/reviews",
            change: (s) => (s.get("VirtualService/shop/reviews").spec.http[0].delegate.name = "reviews-route"),
        },
        {
            ...base,
            id: "delegate-with-hosts",
            title: "a delegate with hosts of its own",
            object: "VirtualService/shop/reviews-routes",
            change: (s) => (s.get("VirtualService/shop/reviews-routes").spec.hosts = ["shop.example.com"]),
        },
        {
            ...base,
            id: "delegate-outside",
            title: "a delegate's match outside of what is delegated",
            object: "VirtualService/shop/reviews-routes",
            change: (s) => (s.get("VirtualService/shop/reviews-routes").spec.http[0].match[0].uri.prefix = "/ratings"),
        },
    ];
}

/** A mistake of one object in a line: id, title, source, rule, change, message, other object. */
export type Short = [string, string, string, string, (system: System) => unknown, RegExp?, string?];

export function toMistake(ofThis: string): (short: Short) => Mistake {
    return ([id, title, source, rule, change, says, object = ofThis]) => ({
        id,
        title,
        source,
        layer: "lint",
        rule,
        object,
        change,
        ...(says && { says }),
    });
}
