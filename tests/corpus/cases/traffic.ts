import type { Manifest, Mistake, System } from "../corpus";
import { type Short, toMistake } from "./routes";

const CATALOG = "DestinationRule/shop/catalog";
const DR = "https://istio.io/latest/docs/reference/config/networking/destination-rule/";
const SE = "https://istio.io/latest/docs/reference/config/networking/service-entry/";
const NETWORK = "https://istio.io/latest/docs/ops/common-problems/network-issues/";
const policy = (system: System): Manifest => system.get(CATALOG).spec.trafficPolicy;
const partner = (system: System): Manifest => system.get("ServiceEntry/shop/partner").spec;

const rules: Short[] = [
    [
        "rule-host-typo",
        "a DestinationRule's host is misspelt",
        "IST0101",
        "destination-rule-host",
        (s) => (s.get(CATALOG).spec.host = "catalogue"),
    ],
    [
        "subset-labels",
        "labels of a subset that no pod carries",
        "E2",
        "empty-subset",
        (s) => (s.get(CATALOG).spec.subsets[1].labels.version = "v2.0"),
    ],
    [
        "subset-twice",
        "a subset defined twice",
        DR,
        "destination-rule-conflict",
        (s) => (s.get(CATALOG).spec.subsets[1].name = "v1"),
    ],
    [
        "tls-disable-strict",
        "callers send plain text to a service that takes mutual TLS only",
        `${NETWORK}#503-errors-after-setting-destination-rule`,
        "mutual-tls-conflict",
        (s) => (policy(s).tls = { mode: "DISABLE" }),
    ],
    [
        "tls-simple-strict",
        "callers use TLS without Istio's certificates",
        NETWORK,
        "mutual-tls-conflict",
        (s) => (policy(s).tls = { mode: "SIMPLE" }),
    ],
    [
        "port-tls-disable",
        "plain text at one port by portLevelSettings",
        DR,
        "mutual-tls-conflict",
        (s) => (policy(s).portLevelSettings = [{ port: { number: 80 }, tls: { mode: "DISABLE" } }]),
    ],
    [
        "port-settings-unknown",
        "settings for a port that the Service lacks",
        DR,
        "traffic-policy",
        (s) =>
            (policy(s).portLevelSettings = [
                { port: { number: 9090 }, connectionPool: { tcp: { maxConnections: 1 } } },
            ]),
    ],
    [
        "balancer-both",
        "simple and consistentHash",
        DR,
        "traffic-policy",
        (s) => (policy(s).loadBalancer = { simple: "RANDOM", consistentHash: { httpHeaderName: "x-user" } }),
    ],
    [
        "balancer-unknown",
        "a balancer's name misspelt",
        "IST0106",
        "field-value",
        (s) => (policy(s).loadBalancer = { simple: "ROUND_ROBBIN" }),
        /ROUND_ROBIN/,
    ],
    [
        "locality-without-ejection",
        "failover between zones without outlier detection",
        "https://istio.io/latest/docs/tasks/traffic-management/locality-load-balancing/failover/",
        "traffic-policy",
        (s) => {
            delete policy(s).outlierDetection;
            policy(s).loadBalancer = { localityLbSetting: { failover: [{ from: "a", to: "b" }] } };
        },
    ],
    [
        "locality-shares",
        "shares of zones that do not add up to 100",
        DR,
        "traffic-policy",
        (s) =>
            (policy(s).loadBalancer = {
                localityLbSetting: { distribute: [{ from: "a/*", to: { "a/*": 80, "b/*": 10 } }] },
            }),
    ],
    [
        "ejection-off",
        "0 errors in a row, which switches ejection off",
        DR,
        "traffic-policy",
        (s) => (policy(s).outlierDetection.consecutive5xxErrors = 0),
    ],
    [
        "ejection-percent-zero",
        "none of the pods may be ejected",
        DR,
        "traffic-policy",
        (s) => (policy(s).outlierDetection.maxEjectionPercent = 0),
    ],
    [
        "ejection-old-field",
        "consecutiveErrors, which is gone",
        "IST0002",
        "unknown-field",
        (s) => (policy(s).outlierDetection.consecutiveError = 5),
    ],
    [
        "gateway-errors-never",
        "more gateway errors than errors of any kind",
        DR,
        "traffic-policy",
        (s) => (policy(s).outlierDetection.consecutiveGatewayErrors = 10),
    ],
    [
        "pool-depth",
        "maxConnections outside of tcp",
        "IST0106",
        "unknown-field",
        (s) => (policy(s).connectionPool.maxConnections = 10),
    ],
    [
        "mutual-without-certificate",
        "MUTUAL without the caller's certificate",
        DR,
        "traffic-policy",
        (s) => (policy(s).tls = { mode: "MUTUAL" }),
    ],
    [
        "connect-timeout",
        "a connection may take longer than the whole request",
        DR,
        "route-retries",
        (s) => {
            policy(s).connectionPool.tcp.connectTimeout = "30s";
            s.get("VirtualService/shop/shop").spec.http[1].timeout = "5s";
        },
    ],
    [
        "rule-hidden",
        "a DestinationRule that the gateway may not see",
        DR,
        "export-scope",
        (s) => (s.get(CATALOG).spec.exportTo = ["."]),
    ],
    [
        "ejection-of-the-only-pod",
        "100 % of one pod may be ejected",
        "E5",
        "ejection-budget",
        (s) => {
            policy(s).outlierDetection.maxEjectionPercent = 100;
            s.get("Deployment/shop/catalog-v1").spec.replicas = 0;
            s.get("VirtualService/shop/shop").spec.http[1].route.shift();
            delete s.get("VirtualService/shop/shop").spec.http[1].route[0].weight;
        },
    ],
];

const entries: Short[] = [
    [
        "entry-static-without-endpoints",
        "STATIC without endpoints",
        SE,
        "service-entry",
        (s) => (partner(s).resolution = "STATIC"),
    ],
    [
        "entry-wildcard-dns",
        "a wildcard that DNS is to resolve",
        SE,
        "service-entry",
        (s) => (partner(s).hosts = ["*.partner.com"]),
    ],
    ["entry-http-443", "HTTP on port 443", NETWORK, "service-entry", (s) => (partner(s).ports[0].protocol = "HTTP")],
    [
        "entry-tcp-without-addresses",
        "TCP without addresses",
        "IST0134",
        "service-entry",
        (s) =>
            Object.assign(partner(s), { resolution: "NONE", ports: [{ number: 443, name: "tcp", protocol: "TCP" }] }),
    ],
    [
        "entry-host-with-scheme",
        "a host with its scheme",
        SE,
        "service-entry",
        (s) => (partner(s).hosts = ["https://api.partner.com"]),
    ],
    [
        "entry-port-missing",
        "the port that pods call is not declared",
        "https://istio.io/latest/docs/tasks/traffic-management/egress/egress-control/",
        "registry-only",
        (s) => (partner(s).ports = [{ number: 80, name: "http", protocol: "HTTP" }]),
    ],
    [
        "entry-protocol",
        "a protocol that Istio does not know",
        SE,
        "service-entry",
        (s) => (partner(s).ports[0].protocol = "HTTP/2"),
    ],
];

const originated = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: mail, namespace: shop }
spec:
    hosts: [api.mail.com]
    location: MESH_EXTERNAL
    resolution: DNS
    ports: [{ number: 80, name: http, protocol: HTTP, targetPort: 443 }]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: mail, namespace: shop }
spec: { host: api.mail.com, trafficPolicy: { tls: { mode: SIMPLE } } }`;

/** Mistakes in DestinationRules, ServiceEntries and Sidecars. */
export const trafficMistakes: readonly Mistake[] = [
    ...rules.map(toMistake(CATALOG)),
    ...entries.map(toMistake("ServiceEntry/shop/partner")),
    {
        id: "two-rules",
        title: "two DestinationRules for one host",
        source: "https://istio.io/latest/docs/ops/best-practices/traffic-management/",
        layer: "lint",
        rule: "destination-rule-conflict",
        object: "DestinationRule/shop/catalog-2",
        change: (s) =>
            s.add(`
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: catalog-2, namespace: shop }
spec: { host: catalog.shop.svc.cluster.local, trafficPolicy: { loadBalancer: { simple: RANDOM } } }`),
    },
    {
        id: "entry-missing",
        title: "pods call a host outside that nobody declares",
        source: "https://istio.io/latest/docs/tasks/traffic-management/egress/egress-control/",
        layer: "lint",
        rule: "registry-only",
        object: "Deployment/shop/orders",
        change: (s) => s.remove("ServiceEntry/shop/partner"),
    },
    {
        id: "double-tls",
        title: "the proxy begins TLS for a port that speaks it already",
        source: `${NETWORK}#double-tls`,
        layer: "lint",
        rule: "tls-origination",
        object: "DestinationRule/shop/partner",
        change: (s) =>
            s.add(`
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: partner, namespace: shop }
spec: { host: api.partner.com, trafficPolicy: { tls: { mode: SIMPLE } } }`),
    },
    {
        id: "no-origination",
        title: "plain text to a TLS port outside",
        source: "https://istio.io/latest/docs/tasks/traffic-management/egress/egress-tls-origination/",
        layer: "lint",
        rule: "tls-origination",
        object: "DestinationRule/shop/mail",
        given: originated,
        change: (s) => (s.get("DestinationRule/shop/mail").spec.trafficPolicy = { loadBalancer: { simple: "RANDOM" } }),
    },
    {
        id: "istio-mutual-outside",
        title: "Istio's certificates for a host outside",
        source: DR,
        layer: "lint",
        rule: "tls-origination",
        object: "DestinationRule/shop/mail",
        given: originated,
        change: (s) => (s.get("DestinationRule/shop/mail").spec.trafficPolicy.tls.mode = "ISTIO_MUTUAL"),
    },
    ...(
        [
            [
                "sidecar-scope",
                "a Sidecar that hides a service its pods call",
                "https://istio.io/latest/docs/reference/config/networking/sidecar/",
                "sidecar-scope",
                (s) => (s.get("Sidecar/shop/default").spec.egress[0].hosts = ["./*", "istio-system/*"]),
            ],
            [
                "sidecar-host-form",
                "a host of a Sidecar without its namespace",
                "IST0106",
                "sidecar-scope",
                (s) => s.get("Sidecar/shop/default").spec.egress[0].hosts.push("web.shop.svc.cluster.local"),
            ],
            [
                "sidecar-namespace",
                "a namespace of a Sidecar is misspelt",
                "https://istio.io/latest/docs/reference/config/networking/sidecar/",
                "sidecar-scope",
                (s) => (s.get("Sidecar/shop/default").spec.egress[0].hosts = ["./*", "istio-system/*", "payment/*"]),
            ],
            [
                "two-sidecars",
                "two Sidecars for one namespace",
                "IST0111",
                "policy-scope",
                (s) =>
                    s.add(
                        "{ apiVersion: networking.istio.io/v1, kind: Sidecar, metadata: { name: more, namespace: shop }, spec: { egress: [{ hosts: ['*/*'] }] } }",
                    ),
                undefined,
                "Sidecar/shop/more",
            ],
        ] satisfies Short[]
    ).map(toMistake("Sidecar/shop/default")),
];
