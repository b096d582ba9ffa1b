import { strict as assert } from "node:assert";
import { canary } from "../../../components/config/canary";
import { egovRoutes } from "../../../components/config/egov-routes";
import { eksCluster } from "../../../components/config/eks";
import { platform } from "../../../components/config/platform";
import { outlierProfiles } from "../../../components/config/traffic";

/** The documents' numbers, written down a second time: a default changed by mistake is noticed here. */
describe("Configuration: the defaults are the documents' numbers", () => {
    const config = platform.parse({ cluster: { kind: "embedded" } });

    it("P2 host ports 32314, 30000 and 30005 lead to the NodePorts of the same number", () => {
        assert.deepEqual(
            (config.cluster as { hostPorts: unknown }).hostPorts,
            [32314, 30000, 30005].map((port) => ({ hostPort: port, nodePort: port })),
        );
    });
    it("P7 Istio 1.29.1, by the charts inside istioctl", () => {
        assert.equal(config.mesh.version, "1.29.1");
        assert.deepEqual(config.mesh.charts, { source: "embedded" });
    });
    it("P8 a sidecar may use 1Gi", () => assert.equal(config.mesh.sidecar.limits.memory, "1Gi"));
    it("P10 NodePort 32314", () => {
        const { serviceType, nodePorts } = config.mesh.ingressGateway;
        assert.deepEqual([serviceType, nodePorts.egov], ["NodePort", 32314]);
    });
    it("E1 egov-app, egov-infra, egov-monitoring", () => {
        assert.deepEqual(Object.values(config.egov.namespaces), ["egov-app", "egov-infra", "egov-monitoring"]);
    });
    it("E2 two normal pods (v1), one error pod (v2)", () => {
        assert.deepEqual(config.egov.hello.subsets, {
            v1: { variant: "normal", replicas: 2 },
            v2: { variant: "error", replicas: 1 },
        });
    });
    it("E3 prefix /a/b/c/hello", () => assert.equal(config.egov.hello.path, "/a/b/c/hello"));
    it("E4 ROUND_ROBIN", () => assert.equal(config.egov.loadBalancer, "ROUND_ROBIN"));
    it("E5 test profile: 1s, 3 errors, 30s, 100 %", () => {
        assert.deepEqual(config.egov.outlierDetection, {
            interval: "1s",
            consecutive5xxErrors: 3,
            baseEjectionTime: "30s",
            maxEjectionPercent: 100,
            minHealthPercent: 0,
        });
    });
    it("E6 production profile: 10s, 5 errors, 300s, 50 %, 60 % healthy", () => {
        assert.deepEqual(outlierProfiles.production, {
            interval: "10s",
            consecutive5xxErrors: 5,
            baseEjectionTime: "300s",
            maxEjectionPercent: 50,
            minHealthPercent: 60,
        });
    });
    it("T1 T3 istioinaction; catalog, webapp and simple-web under istioinaction.io; off unless asked for", () => {
        assert.deepEqual([config.study.enabled, config.study.namespace], [false, "istioinaction"]);
        assert.deepEqual(
            Object.values(config.study.hosts),
            ["catalog", "webapp", "simple-web"].map((name) => `${name}.istioinaction.io`),
        );
    });
    it("E7 gateway-server on port 9000", () => assert.equal(config.egov.gatewayServer.port, 9000));
    it("E8 E9 E10 80/20, 90/10, delay 5s, abort 500, both of half, mirror of all to v2", () => {
        const summary = egovRoutes.map(({ weights, fault, mirror }) => [weights, fault, mirror]);
        const half = { delay: { fixedDelay: "5s", percent: 50 }, abort: { httpStatus: 500, percent: 50 } };
        assert.deepEqual(summary, [
            [{ v1: 80, v2: 20 }, undefined, undefined],
            [{ v1: 90, v2: 10 }, undefined, undefined],
            [{ v1: 100 }, { delay: { fixedDelay: "5s", percent: 100 } }, undefined],
            [{ v1: 100 }, { abort: { httpStatus: 500, percent: 100 } }, undefined],
            [{ v1: 100 }, half, undefined],
            [{ v1: 100 }, undefined, { to: "v2", percent: 100 }],
        ]);
        assert.deepEqual(config.egov.hello.routes, []);
    });
    it("C9 C10 canary 90/10, header x-version: v2, header canary: true, cookie canary=true", () => {
        const { weights, groups, replicas } = canary.parse({});
        assert.deepEqual([weights, replicas], [{ stable: 90, candidate: 10 }, 1]);
        assert.deepEqual(Object.values(groups), [
            { headers: { "x-version": "v2" }, cookies: {} },
            { headers: { canary: "true" }, cookies: {} },
            { headers: {}, cookies: { canary: "true" } },
        ]);
        assert.deepEqual(config.ecommerce.canaries, {});
    });
    it("C1 C2 six services, their paths and answers, 2 replicas, 5678 behind 8080, 50m and 64Mi", () => {
        assert.deepEqual(
            Object.entries(config.ecommerce.services).map(([name, { path, response }]) => [name, path, response]),
            [
                ["customer-api", "/api/v1/customers", "Customer Service Test Response"],
                ["order-api", "/api/v1/orders", "Order Service Test Response"],
                ["product-api", "/api/v1/products", "Product Service Test Response"],
                ["payment-api", "/api/v1/payments", "Payment Service Test Response"],
                ["recommendation-api", "/api/v1/recommendations", "Recommendation Service Test Response"],
                ["saga-tracker", "/api/v1/saga", "Saga Tracker Test Response"],
            ],
        );
        const { replicas, containerPort, servicePort, resources, hosts } = config.ecommerce;
        assert.deepEqual([replicas, containerPort, servicePort], [2, 5678, 8080]);
        assert.deepEqual(resources.requests, { cpu: "50m", memory: "64Mi" });
        assert.deepEqual(hosts, ["api.c4ang.com", "*"]);
    });
    it("C3 timeout 30s; 3 retries of 10s on 5xx, reset, connect-failure, refused-stream", () => {
        assert.deepEqual(config.ecommerce.routePolicy, {
            timeout: "30s",
            retries: {
                attempts: 3,
                perTryTimeout: "10s",
                retryOn: ["5xx", "reset", "connect-failure", "refused-stream"],
            },
        });
    });
    it("C4 connections 100, pending 50, requests 100, 2 a connection; outliers 5 / 10s / 30s / 50 % / 40 %", () => {
        assert.deepEqual(config.ecommerce.connectionPool, {
            maxConnections: 100,
            http1MaxPendingRequests: 50,
            http2MaxRequests: 100,
            maxRequestsPerConnection: 2,
        });
        assert.deepEqual(config.ecommerce.outlierDetection, {
            interval: "10s",
            consecutive5xxErrors: 5,
            baseEjectionTime: "30s",
            maxEjectionPercent: 50,
            minHealthPercent: 40,
        });
    });
    it("P11 T7 every host outside is reached unless the stack says otherwise", () => {
        const { outboundTrafficPolicy, egress } = config.mesh;
        assert.deepEqual([outboundTrafficPolicy, egress.hosts, egress.site], ["ALLOW_ANY", {}, undefined]);
    });
    it("P1 c4ang-eks-cluster in ap-northeast-2, 3 nodes over 3 zones", () => {
        const domain = { zoneId: "Z0123456789ABCDEFGHIJ" };
        const { name, region, availabilityZones, nodes } = eksCluster.parse({ kind: "eks", domain });
        assert.deepEqual([name, region, availabilityZones], ["c4ang-eks-cluster", "ap-northeast-2", ["a", "b", "c"]]);
        assert.deepEqual(nodes.perZone, { min: 1, desired: 1, max: 3 });
    });
});
