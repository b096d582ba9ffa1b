import { strict as assert } from "node:assert";
import { apiGatewaySpec, httpRouteObjectSpec, split, subsetService, type Subset } from "../../../components/traffic";

const hello = { name: "egov-hello", namespace: "egov-app", port: 80 };
const subsets: Record<"v1" | "v2", Subset> = { v1: { service: hello, name: "v1" }, v2: { service: hello, name: "v2" } };
const service = { name: "istio-ingressgateway", namespace: "istio-system", port: 80 };
const gateway = { gatewayName: "shop", namespace: "istio-system", hosts: ["api.c4ang.com", "*"] };

/** The only rule of an HTTPRoute. */
const ruleOf = (route: Parameters<typeof httpRouteObjectSpec>[0]["routes"][number]) =>
    httpRouteObjectSpec({ namespace: "egov-app", gateways: [gateway], routes: [route] }).rules[0]!;

describe("Traffic: Gateway API", () => {
    it("P12 a Gateway is served by the proxies behind a Service, with a listener a host", () => {
        const spec = apiGatewaySpec({ service, hosts: ["api.c4ang.com", "*"] });
        assert.deepEqual(spec.addresses, [
            { type: "Hostname", value: "istio-ingressgateway.istio-system.svc.cluster.local" },
        ]);
        assert.deepEqual(
            spec.listeners.map(({ name, port, protocol, hostname }) => [name, port, protocol, hostname]),
            [
                ["http", 80, "HTTP", "api.c4ang.com"],
                ["http-2", 80, "HTTP", undefined],
            ],
        );
    });

    it("P12 C2 an HTTPRoute for every host names none", () => {
        const routes = [{ prefix: "/", to: hello }] as const;
        const hostsOf = (hosts?: string[]) =>
            httpRouteObjectSpec({ namespace: "egov-app", gateways: [gateway], hosts, routes: [...routes] }).hostnames;
        assert.equal(hostsOf(), undefined);
        assert.deepEqual(hostsOf(["api.c4ang.com"]), ["api.c4ang.com"]);
        assert.throws(
            () =>
                httpRouteObjectSpec({
                    namespace: "egov-app",
                    gateways: [{ ...gateway, hosts: ["api.c4ang.com"] }],
                    hosts: ["other.example.com"],
                    routes: [...routes],
                }),
            /no gateway admits/,
        );
    });

    it("P12 E8 E10 each subset is a Service of its own, for weights and mirror", () => {
        assert.equal(subsetService(subsets.v1).name, "egov-hello-v1");
        const rule = ruleOf({
            prefix: "/",
            to: split(subsets, { v1: 80, v2: 20 }),
            mirror: { to: subsets.v2, percent: 50 },
        });
        const backend = (name: string) => ({ name, namespace: "egov-app", port: 80 });
        assert.deepEqual(rule.backendRefs, [
            { ...backend("egov-hello-v1"), weight: 80 },
            { ...backend("egov-hello-v2"), weight: 20 },
        ]);
        assert.deepEqual(rule.filters, [
            { type: "RequestMirror", requestMirror: { backendRef: backend("egov-hello-v2"), percent: 50 } },
        ]);
    });

    it("P12 C9 C10 headers exactly, a cookie among others by a pattern", () => {
        const { matches } = ruleOf({
            prefix: "/api",
            headers: { "x-version": "v2" },
            cookies: { canary: "true" },
            to: hello,
        });
        assert.deepEqual(matches, [
            {
                path: { type: "PathPrefix", value: "/api" },
                headers: [
                    { type: "Exact", name: "x-version", value: "v2" },
                    { type: "RegularExpression", name: "cookie", value: "(.*;\\s*)?canary=true(;.*)?" },
                ],
            },
        ]);
    });

    it("P12 C3 time-outs in whole numbers, retries by statuses", () => {
        const retries = {
            attempts: 3,
            perTryTimeout: "1.5s",
            retryOn: ["connect-failure", "refused-stream", "unavailable", "cancelled"] as const,
            codes: [500, 503],
        };
        const rule = ruleOf({
            prefix: "/",
            to: hello,
            timeout: "100s",
            retries: { ...retries, retryOn: [...retries.retryOn] },
        });
        assert.deepEqual(rule.timeouts, { request: "100s", backendRequest: "1s500ms" });
        assert.deepEqual(rule.retry, { attempts: 3, codes: [500, 503] });
        assert.deepEqual(ruleOf({ prefix: "/", to: hello, retries: { attempts: 0 } }).retry, { attempts: 0 });
    });

    it("P12 refuses what an HTTPRoute cannot say", () => {
        assert.throws(
            () => ruleOf({ prefix: "/", to: hello, fault: { abort: { httpStatus: 500, percent: 100 } } }),
            /makes no faults/,
        );
        assert.throws(
            () => ruleOf({ prefix: "/", to: hello, retries: { attempts: 1, retryOn: ["5xx"] } }),
            /not on 5xx/,
        );
        assert.throws(() => ruleOf({ prefix: "/", to: hello, cookies: { a: "1", b: "2" } }), /one cookie/);
    });
});
