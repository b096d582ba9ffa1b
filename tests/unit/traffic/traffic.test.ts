import { strict as assert } from "node:assert";
import {
    ecommerceConnectionPool,
    ecommerceOutlierDetection,
    ecommerceRoutePolicy,
    outlierProfiles,
} from "../../../components/config/traffic";
import {
    admits,
    destinationRuleSpec,
    destinationSpec,
    gatewaySpec,
    httpRouteSpec,
    meshVirtualServiceSpec,
    retriableStatusCodesSpec,
    routesTo,
    serviceHost,
    split,
    virtualServiceSpec,
    type Subset,
    type TrafficPolicy,
} from "../../../components/traffic";

const hello = { name: "egov-hello", namespace: "egov-app", port: 80 };
const subsets: Record<"v1" | "v2", Subset> = { v1: { service: hello, name: "v1" }, v2: { service: hello, name: "v2" } };
const gateway = { gatewayName: "istio-ingressgateway", namespace: "istio-system", hosts: ["*"] };

describe("Traffic: DestinationRule", () => {
    it("E4 E5 round robin and the test profile: 1s, 3 errors, 30s, 100 %", () => {
        const spec = destinationRuleSpec({
            service: hello,
            loadBalancer: "ROUND_ROBIN",
            outlierDetection: outlierProfiles.test,
        });
        assert.deepEqual(spec, {
            host: "egov-hello.egov-app.svc.cluster.local",
            trafficPolicy: {
                loadBalancer: { simple: "ROUND_ROBIN", localityLbSetting: { enabled: false } },
                outlierDetection: {
                    interval: "1s",
                    consecutive5xxErrors: 3,
                    baseEjectionTime: "30s",
                    maxEjectionPercent: 100,
                    minHealthPercent: 0,
                },
            },
        });
    });

    it("E6 the production profile: 10s, 5 errors, 300s, 50 %, 60 % healthy", () => {
        const { trafficPolicy } = destinationRuleSpec({ service: hello, outlierDetection: outlierProfiles.production });
        assert.deepEqual(trafficPolicy.outlierDetection, {
            interval: "10s",
            consecutive5xxErrors: 5,
            baseEjectionTime: "300s",
            maxEjectionPercent: 50,
            minHealthPercent: 60,
        });
    });

    it("C4 connection pool and outlier detection of the e-commerce services", () => {
        const { trafficPolicy } = destinationRuleSpec({
            service: { name: "order-api", namespace: "ecommerce", port: 8080 },
            connectionPool: ecommerceConnectionPool,
            outlierDetection: ecommerceOutlierDetection,
        });
        assert.deepEqual(trafficPolicy.connectionPool, {
            tcp: { maxConnections: 100 },
            http: { http1MaxPendingRequests: 50, http2MaxRequests: 100, maxRequestsPerConnection: 2 },
        });
        assert.deepEqual(trafficPolicy.outlierDetection, {
            consecutive5xxErrors: 5,
            interval: "10s",
            baseEjectionTime: "30s",
            maxEjectionPercent: 50,
            minHealthPercent: 40,
        });
    });

    describe("T9 zones", () => {
        const setting = (policy: TrafficPolicy) =>
            destinationRuleSpec({ service: hello, ...policy }).trafficPolicy.loadBalancer.localityLbSetting;
        const { test: outlierDetection } = outlierProfiles;

        it("requests spread over all of them unless told otherwise, outlier detection or not", () => {
            assert.deepEqual([setting({}), setting({ outlierDetection })], [{ enabled: false }, { enabled: false }]);
        });
        it("failover wants outlier detection", () => {
            assert.deepEqual(setting({ locality: "failover", outlierDetection }), { enabled: true });
            assert.throws(() => setting({ locality: "failover" }), /failover wants outlierDetection/);
        });
        it("shares are 100 together", () => {
            const shares = (a: number, b: number) => ({ distribute: { "r/a": { "r/a": a, "r/b": b } } });
            assert.deepEqual(setting({ locality: shares(70, 30) }), {
                enabled: true,
                distribute: [{ from: "r/a", to: { "r/a": 70, "r/b": 30 } }],
            });
            assert.throws(() => setting({ locality: shares(70, 20) }), /shares of r\/a add up to 90/);
        });
        it("failover and shares together do not compile", () => {
            // @ts-expect-error -- one value cannot be both
            const both: TrafficPolicy = { locality: { failover: true, distribute: {} } };
            assert.ok(both);
        });
    });

    it("E2 subsets by the labels of their pods", () => {
        const spec = destinationRuleSpec({
            service: hello,
            subsets: { v1: { variant: "normal" }, v2: { variant: "error" } },
        });
        assert.deepEqual(spec.subsets, [
            { name: "v1", labels: { variant: "normal" } },
            { name: "v2", labels: { variant: "error" } },
        ]);
    });
});

describe("Traffic: profiles of subsets", () => {
    it("T12 T13 a subset with a policy of its own, beside one that is as the rest", () => {
        const { trafficPolicy, subsets } = destinationRuleSpec({
            service: hello,
            loadBalancer: "ROUND_ROBIN",
            subsets: { limited: { version: "v1" }, plain: { version: "v2" } },
            profiles: { limited: { connectionPool: { ...ecommerceConnectionPool, maxRetries: 1 } } },
        });
        assert.equal(trafficPolicy.loadBalancer.simple, "ROUND_ROBIN");
        assert.deepEqual(subsets, [
            {
                name: "limited",
                labels: { version: "v1" },
                trafficPolicy: {
                    loadBalancer: { localityLbSetting: { enabled: false } },
                    connectionPool: {
                        tcp: { maxConnections: 100 },
                        http: {
                            http1MaxPendingRequests: 50,
                            http2MaxRequests: 100,
                            maxRequestsPerConnection: 2,
                            maxRetries: 1,
                        },
                    },
                },
            },
            { name: "plain", labels: { version: "v2" } },
        ]);
    });
});

describe("Traffic: routes inside the mesh", () => {
    it("T3 the host is the Service itself, the gateway is mesh", () => {
        const spec = meshVirtualServiceSpec({ service: hello, routes: [{ prefix: "/", to: subsets.v1 }] });
        assert.deepEqual([spec.hosts, spec.gateways], [["egov-hello.egov-app.svc.cluster.local"], ["mesh"]]);
        assert.deepEqual(spec.http, [httpRouteSpec({ prefix: "/", to: subsets.v1 })]);
    });
    it("a route or a mirror to another Service is refused", () => {
        const other = { name: "order-api", namespace: "ecommerce", port: 8080 };
        const refused = /leads to order-api\.ecommerce/;
        assert.throws(() => meshVirtualServiceSpec({ service: hello, routes: [{ prefix: "/", to: other }] }), refused);
        const mirror = { to: { service: other, name: "v2" }, percent: 100 };
        assert.throws(
            () => meshVirtualServiceSpec({ service: hello, routes: [{ prefix: "/", to: hello, mirror }] }),
            refused,
        );
    });
    it("T11 what a route's retries leave out is left to Istio", () => {
        const [spec] = routesTo(
            [
                {
                    name: "r",
                    match: { prefix: "/", headers: {}, cookies: {} },
                    retries: { attempts: 2, retryOn: ["5xx", "retriable-status-codes"] },
                },
            ],
            hello,
            {},
        ).map(httpRouteSpec);
        assert.deepEqual(spec!.retries, { attempts: 2, retryOn: "5xx,retriable-status-codes" });
    });
    it("T11 retriable statuses: one caller, one route", () => {
        const { workloadSelector, configPatches } = retriableStatusCodesSpec({
            caller: { app: "gateway-server", namespace: "egov-infra" },
            service: hello,
            route: "codes",
            codes: [408, 400],
            backOff: "50ms",
        });
        assert.deepEqual(workloadSelector, { labels: { app: "gateway-server" } });
        assert.deepEqual(configPatches[0]!.match.routeConfiguration.vhost, {
            name: "egov-hello.egov-app.svc.cluster.local:80",
            route: { name: "codes" },
        });
        assert.deepEqual(configPatches[0]!.patch.value.route.retry_policy.retriable_status_codes, [408, 400]);
    });
});

describe("Traffic: routes", () => {
    it("E3 a prefix to all pods of a Service, by its full name and port", () => {
        assert.deepEqual(httpRouteSpec({ prefix: "/a/b/c/hello", to: hello }), {
            match: [{ uri: { prefix: "/a/b/c/hello" } }],
            route: [{ destination: { host: "egov-hello.egov-app.svc.cluster.local", port: { number: 80 } } }],
        });
    });

    it("C3 timeout 30s, 3 retries of 10s on 5xx,reset,connect-failure,refused-stream", () => {
        const { timeout, retries } = httpRouteSpec({ prefix: "/", to: hello, ...ecommerceRoutePolicy });
        assert.equal(timeout, "30s");
        assert.deepEqual(retries, {
            attempts: 3,
            perTryTimeout: "10s",
            retryOn: "5xx,reset,connect-failure,refused-stream",
        });
    });

    it("attempts 0 switches retries off, with nothing that would contradict it", () => {
        const retries = { ...ecommerceRoutePolicy.retries, attempts: 0 };
        assert.deepEqual(httpRouteSpec({ prefix: "/", to: hello, retries }).retries, { attempts: 0 });
    });

    it("E8 a split over subsets", () => {
        assert.deepEqual(httpRouteSpec({ prefix: "/", to: split(subsets, { v1: 90, v2: 10 }) }).route, [
            { destination: destinationSpec(subsets.v1), weight: 90 },
            { destination: destinationSpec(subsets.v2), weight: 10 },
        ]);
        assert.deepEqual(destinationSpec(subsets.v2), {
            host: serviceHost(hello),
            subset: "v2",
            port: { number: 80 },
        });
    });

    const refused: [title: string, weights: Record<string, number>, message: RegExp][] = [
        ["too much", { v1: 90, v2: 20 }, /add up to 110/],
        ["too little", { v1: 99 }, /add up to 99/],
        ["nothing", {}, /add up to 0/],
        ["an unknown subset", { v1: 50, v3: 50 }, /no subset "v3"; the DestinationRule has: v1, v2/],
        ["a negative weight", { v1: 110, v2: -10 }, /weight of "v2" is -10/],
        ["a fraction", { v1: 99.5, v2: 0.5 }, /whole percentage/],
    ];
    for (const [title, weights, message] of refused)
        it(`E8 a split refuses ${title}`, () =>
            assert.throws(() => split(subsets as Record<string, Subset>, weights), message));
});

describe("Traffic: Gateway and VirtualService", () => {
    it("P10 a Gateway opens port 80 of the proxies that it selects", () => {
        assert.deepEqual(gatewaySpec({ namespace: "x", selector: { istio: "ingressgateway" }, hosts: ["*"] }), {
            selector: { istio: "ingressgateway" },
            servers: [{ port: { number: 80, name: "http", protocol: "HTTP" }, hosts: ["*"] }],
        });
    });

    it("E3 a VirtualService names a Gateway of another namespace with that namespace", () => {
        const routes = [{ prefix: "/a", to: hello }] as const;
        const named = (namespace: string) =>
            virtualServiceSpec({ namespace, gateways: [gateway], routes: [...routes] }).gateways;
        assert.deepEqual(named("egov-app"), ["istio-system/istio-ingressgateway"]);
        assert.deepEqual(named("istio-system"), ["istio-ingressgateway"]);
    });

    const hostCases: [title: string, hosts: string[], routed: string[]][] = [
        ["C2 without those that another one covers, which Istio refuses", ["api.c4ang.com", "*"], ["*"]],
        [
            "with a wildcard beside a name that it does not cover",
            ["*.c4ang.com", "c4ang.com"],
            ["*.c4ang.com", "c4ang.com"],
        ],
        ["once each", ["a.com", "a.com"], ["a.com"]],
    ];
    for (const [title, hosts, routed] of hostCases)
        it(`has the hosts of its Gateways ${title}`, () => {
            const ecommerce = { gatewayName: "ecommerce-gateway", namespace: "ecommerce", hosts };
            const spec = virtualServiceSpec({
                namespace: "ecommerce",
                gateways: [ecommerce],
                routes: [{ prefix: "/", to: hello }],
            });
            assert.deepEqual(spec.hosts, routed);
        });

    it("C8 refuses a host that no Gateway admits", () => {
        const narrow = { ...gateway, hosts: ["api.c4ang.com"] };
        assert.throws(
            () =>
                virtualServiceSpec({
                    namespace: "ecommerce",
                    gateways: [narrow],
                    hosts: ["shop.c4ang.com"],
                    routes: [{ prefix: "/", to: hello }],
                }),
            /no gateway admits the host "shop.c4ang.com": istio-ingressgateway admits api.c4ang.com/,
        );
    });

    const cases: [hosts: string[], host: string, admitted: boolean][] = [
        [["*"], "api.c4ang.com", true],
        [["api.c4ang.com"], "*", true],
        [["*.c4ang.com"], "api.c4ang.com", true],
        [["*.c4ang.com"], "c4ang.com", false],
        [["api.c4ang.com"], "*.c4ang.com", true],
        [["api.c4ang.com"], "*.example.com", false],
        [["api.c4ang.com"], "api.c4ang.org", false],
    ];
    for (const [hosts, host, admitted] of cases)
        it(`a Gateway for ${hosts.join(", ")} ${admitted ? "admits" : "refuses"} ${host}`, () =>
            assert.equal(admits({ ...gateway, hosts }, host), admitted));
});
