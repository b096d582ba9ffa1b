import { strict as assert } from "node:assert";
import type { Manifest } from "../../../components/mesh/manifest";
import { previewStack, runProgram } from "../../support/program";

/* eslint-disable @typescript-eslint/no-explicit-any -- objects are checked against their schemas elsewhere */
describe("Program: the study's system", function () {
    // A run takes half a second; a machine that is busy with other things may take far longer.
    this.timeout(60_000);
    let manifests: Manifest[];
    before(async () => ({ manifests } = await previewStack("local")));

    const own = (kind: string) =>
        manifests.filter((manifest) => manifest.kind === kind && manifest.metadata.namespace === "istioinaction");
    const find = (kind: string, name: string): any => own(kind).find(({ metadata }) => metadata.name === name);
    const http = (name: string, route: string) =>
        find("VirtualService", name).spec.http.find((rule: any) => rule.name === route);

    it("T1 T8 seven pods: catalog v1 and v2, webapp, simple-web, one and two of simple-backend", () => {
        assert.deepEqual(
            Object.fromEntries(own("Deployment").map(({ metadata, spec }) => [metadata.name, (spec as any).replicas])),
            {
                catalog: 1,
                "catalog-v2": 1,
                webapp: 1,
                "simple-web": 1,
                "simple-backend-1": 1,
                "simple-backend-2": 2,
            },
        );
    });

    it("T1 the items of v2 alone have an imageUrl", () => {
        const [v1, v2] = ["catalog", "catalog-v2"].map(
            (name) => find("Deployment", name).spec.template.spec.containers[0].args[1] as string,
        );
        assert.ok(!v1!.includes("imageUrl"));
        assert.ok(v2!.includes("imageUrl"));
    });

    it("T3 webapp and simple-web pass path and query on", () => {
        const argument = (name: string) => find("Deployment", name).spec.template.spec.containers[0].args[1];
        assert.equal(argument("webapp"), "-forward=http://catalog.istioinaction.svc.cluster.local:80");
        assert.equal(argument("simple-web"), "-forward=http://simple-backend.istioinaction.svc.cluster.local:80");
    });

    it("T3 the routes to catalog are the sidecars', the same as the gateway's", () => {
        const inside = find("VirtualService", "catalog").spec;
        const outside = find("VirtualService", "catalog-from-gateway").spec;
        assert.deepEqual([inside.hosts, inside.gateways], [["catalog.istioinaction.svc.cluster.local"], ["mesh"]]);
        assert.deepEqual([outside.hosts, outside.gateways], [["catalog.istioinaction.io"], ["study-gateway"]]);
        assert.deepEqual(inside.http, outside.http);
    });

    it("T2 T4 T6 the header, 10 %, 50 % and copies lead to v2", () => {
        const weights = (route: string) =>
            http("catalog", route).route.map(({ destination, weight }: any) => [destination.subset, weight]);
        assert.deepEqual(http("catalog", "internal").match[0].headers, { "x-istio-cohort": { exact: "internal" } });
        assert.deepEqual(weights("internal"), [["v2", 100]]);
        assert.deepEqual(weights("everyone"), [["v1", 100]]);
        assert.deepEqual(weights("canary"), [
            ["v1", 90],
            ["v2", 10],
        ]);
        assert.deepEqual(weights("half"), [
            ["v1", 50],
            ["v2", 50],
        ]);
        const [mirror] = http("catalog", "mirrored").mirrors;
        assert.deepEqual([mirror.destination.subset, mirror.percentage.value], ["v2", 100]);
    });

    it("T10 T11 time-out 0.5s; retries off, by default, on 5xx, of 300ms, on statuses", () => {
        const retries = (route: string) => http("simple-backend", route).retries;
        assert.equal(http("simple-backend", "timeout").timeout, "0.5s");
        assert.deepEqual(retries("retries-off"), { attempts: 0 });
        assert.equal(retries("everyone"), undefined);
        assert.deepEqual(retries("retries-5xx"), { attempts: 2, retryOn: "5xx" });
        assert.deepEqual(retries("retries-per-try"), {
            attempts: 2,
            perTryTimeout: "300ms",
            retryOn: "gateway-error,connect-failure,retriable-4xx",
        });
        assert.equal(retries("retries-codes").retryOn, "5xx,retriable-status-codes");
        const { match, patch } = find("EnvoyFilter", "simple-backend-retry-status-codes").spec.configPatches[0];
        assert.deepEqual(match.routeConfiguration.vhost, {
            name: "simple-backend.istioinaction.svc.cluster.local:80",
            route: { name: "retries-codes" },
        });
        assert.deepEqual(patch.value.route.retry_policy, {
            retriable_status_codes: [408, 400],
            retry_back_off: { base_interval: "50ms" },
        });
    });

    it("T8 T12 T13 one subset a way to treat the pods", () => {
        const subsets = new Map<string, any>(
            find("DestinationRule", "simple-backend").spec.subsets.map((subset: any) => [subset.name, subset]),
        );
        const policy = (name: string) => subsets.get(name).trafficPolicy;
        assert.deepEqual(subsets.get("limited").labels, { version: "v1" });
        assert.deepEqual(policy("limited").connectionPool, {
            tcp: { maxConnections: 1 },
            http: { http1MaxPendingRequests: 1, http2MaxRequests: 1, maxRequestsPerConnection: 1, maxRetries: 1 },
        });
        assert.deepEqual(subsets.get("ejecting").labels, { app: "simple-backend" });
        assert.deepEqual(policy("ejecting").outlierDetection, {
            consecutive5xxErrors: 1,
            interval: "5s",
            baseEjectionTime: "5s",
            maxEjectionPercent: 100,
            minHealthPercent: 0,
        });
        for (const [name, simple] of [
            ["round-robin", "ROUND_ROBIN"],
            ["random", "RANDOM"],
            ["least-request", "LEAST_REQUEST"],
        ] as const)
            assert.equal(policy(name).loadBalancer.simple, simple);
    });

    it("T9 the caller and one pod in the first zone, two in the second; failover and 70/30 side by side", () => {
        const zone = (name: string) => find("Deployment", name).spec.template.metadata.labels["istio-locality"];
        assert.deepEqual(["simple-web", "simple-backend-1", "simple-backend-2", "webapp"].map(zone), [
            "us-west1.us-west1-a",
            "us-west1.us-west1-a",
            "us-west1.us-west1-b",
            undefined,
        ]);
        const { subsets } = find("DestinationRule", "simple-backend").spec;
        const policy = (name: string) => subsets.find((subset: any) => subset.name === name).trafficPolicy;
        assert.deepEqual(policy("own-zone"), {
            loadBalancer: { localityLbSetting: { enabled: true } },
            outlierDetection: {
                consecutive5xxErrors: 1,
                interval: "5s",
                baseEjectionTime: "30s",
                maxEjectionPercent: 100,
                minHealthPercent: 0,
            },
        });
        assert.deepEqual(policy("both-zones").loadBalancer.localityLbSetting.distribute, [
            { from: "us-west1/us-west1-a", to: { "us-west1/us-west1-a": 70, "us-west1/us-west1-b": 30 } },
        ]);
        assert.deepEqual(policy("ejecting").loadBalancer.localityLbSetting, { enabled: false });
    });

    it("T8 T11 delay and errors reach the pods as their environment", async () => {
        const versions = { v1: { delay: "1s", delayVariance: "10ms" }, v2: { errorRate: 0.75, errorCode: 503 } };
        const run = await runProgram({
            config: { cluster: { kind: "embedded" }, study: { enabled: true, simpleBackend: { versions } } },
        });
        const environment = (name: string) => {
            const found = run.manifests.find(({ kind, metadata }) => kind === "Deployment" && metadata.name === name);
            const { env } = (found as any).spec.template.spec.containers[0];
            return Object.fromEntries(env.slice(1).map((variable: any) => [variable.name, variable.value]));
        };
        assert.deepEqual(environment("simple-backend-1"), { TIMING_50_PERCENTILE: "1s", TIMING_VARIANCE: "10ms" });
        assert.deepEqual(environment("simple-backend-2"), { ERROR_RATE: "0.75", ERROR_CODE: "503" });
    });
});
