import { strict as assert } from "node:assert";
import { stackFileConfig } from "../../support/program";
import { missing } from "../../verification/features";
import { specs } from "../../verification/specs";
import { undeclaredPaths } from "../../verification/specs/ecommerce/routing";
import { routeDifferences } from "../../verification/specs/ecommerce/retries";
import { describe as describeAnswer, grouped, tally } from "../../verification/specs/support/answers";
import {
    connectionPoolMismatches,
    loadBalancerMismatches,
    outlierMismatches,
} from "../../verification/specs/support/envoy-policy";
import { ecommerceHost, takesPath } from "../../verification/specs/support/names";
import { config } from "./support";

const checks = specs.flatMap((spec) => Object.values(spec.checks));

describe("Verification, specs: the list", () => {
    it("names and titles are unique, titles begin with their ids", () => {
        assert.equal(new Set(specs.map(({ name }) => name)).size, specs.length);
        assert.equal(new Set(checks.map(({ title }) => title)).size, checks.length);
        for (const { title, ids } of checks) assert.ok(title.startsWith(`${ids[0]} `), title);
    });
    it("every id is a requirement's, and the title carries it or the requirement that it belongs to", () => {
        for (const { ids } of checks) for (const id of ids) assert.match(id, /^[PECTS]\d+$/);
    });
    it("covers C5 by eight tests, and C1-C6, E1-E5, E7-E10", () => {
        const ids = new Set(checks.flatMap((check) => check.ids));
        for (const id of ["C1", "C2", "C3", "C4", "C5", "C6", "E1", "E2", "E3", "E4", "E5", "E7", "E8", "E9", "E10"])
            assert.ok(ids.has(id), id);
        for (let test = 1; test <= 8; test++)
            assert.ok(
                checks.some(({ title }) => title.startsWith(`C5 test ${test},`)),
                `test ${test}`,
            );
    });
    it("every spec says what it proves", () => {
        for (const { name, description } of specs) assert.ok(description.length > 40, name);
    });
});

describe("Verification, specs: features", () => {
    const lacks = (values: Parameters<typeof config>[0], ...needs: Parameters<typeof missing>[0]) =>
        missing(needs, config(values));
    /** What the local environment does not have: other things exclude it, or it takes more of the machine. */
    const optional = [
        ...["weights", "gateway-api", "revision-tag", "monitoring", "tracing", "monitoring-access", "access-key"],
        ...["pagerduty", "email"],
    ];
    it("the local environment has all but weights on the plain route, the other API of routes, the tag of revisions and the monitoring", () => {
        const local = config(stackFileConfig("local"));
        const needs = new Set(
            specs.flatMap((spec) => [
                ...spec.needs,
                ...Object.values(spec.checks).flatMap((check) => check.needs ?? []),
            ]),
        );
        for (const feature of needs)
            assert.equal(missing([feature], local) === undefined, !optional.includes(feature), feature);
    });
    it("each missing one names the key that says so", () => {
        assert.match(lacks({ egov: { enabled: false } }, "egov")!, /egov.enabled/);
        assert.match(
            lacks({ sampleImage: { app: "http-echo" }, egov: { enabled: false } }, "sample-app")!,
            /sampleImage.app/,
        );
        assert.match(lacks({ egov: { outlierDetection: "production" } }, "short-ejection")!, /baseEjectionTime 300s/);
        assert.equal(lacks({ egov: { outlierDetection: "production" } }, "ejectable-pods"), undefined);
        assert.match(lacks({ egov: { hello: { weights: { v1: 90, v2: 10 } } } }, "equal-pods")!, /weights is set/);
        const one = { v1: { variant: "normal" as const, replicas: 1 }, v2: { variant: "error" as const, replicas: 2 } };
        assert.match(
            lacks({ egov: { hello: { subsets: one }, outlierDetection: "production" } }, "ejectable-pods")!,
            /maxEjectionPercent 50/,
        );
        assert.match(lacks({ egov: { loadBalancer: "RANDOM" } }, "round-robin")!, /RANDOM/);
    });
});

describe("Verification, specs: Envoy's configuration against the declared one", () => {
    const { connectionPool, outlierDetection, routePolicy } = config().ecommerce;
    const cluster = {
        name: "c",
        circuit_breakers: { thresholds: [{ max_connections: 100, max_pending_requests: 50, max_requests: 100 }] },
        outlier_detection: {
            consecutive_5xx: 5,
            interval: "10s",
            base_ejection_time: "30s",
            max_ejection_percent: 50,
            enforcing_consecutive_5xx: 100,
        },
        common_lb_config: { healthy_panic_threshold: { value: 40 } },
        typed_extension_protocol_options: {
            http: { common_http_protocol_options: { max_requests_per_connection: 2 } },
        },
    };
    it("C4's values fit", () => {
        assert.deepEqual(connectionPoolMismatches(cluster, connectionPool), []);
        assert.deepEqual(outlierMismatches(cluster, outlierDetection), []);
    });
    it("each value that differs is named", () => {
        for (const key of Object.keys(connectionPool) as (keyof typeof connectionPool)[])
            assert.equal(
                connectionPoolMismatches(cluster, { ...connectionPool, [key]: 7 })[0]!.field.split(" ")[0],
                key,
            );
        for (const [key, value] of Object.entries({
            interval: "1s",
            consecutive5xxErrors: 3,
            baseEjectionTime: "60s",
            maxEjectionPercent: 100,
            minHealthPercent: 0,
        }))
            assert.match(outlierMismatches(cluster, { ...outlierDetection, [key]: value })[0]!.field, new RegExp(key));
    });
    it("nothing configured is a difference in every field", () => {
        assert.equal(outlierMismatches({ name: "c" }, outlierDetection).length, 6);
        assert.equal(connectionPoolMismatches({ name: "c" }, connectionPool).length, 4);
    });
    it("ROUND_ROBIN is what Envoy leaves out", () => {
        assert.deepEqual(loadBalancerMismatches({ name: "c" }, "ROUND_ROBIN"), []);
        assert.equal(loadBalancerMismatches({ name: "c", lb_policy: "LEAST_REQUEST" }, "ROUND_ROBIN").length, 1);
    });
    it("C3's values fit, and each one that differs is named", () => {
        const route = {
            timeout: "30s",
            retry_policy: {
                retry_on: "5xx,reset,connect-failure,refused-stream",
                num_retries: 3,
                per_try_timeout: "10s",
            },
        };
        assert.deepEqual(routeDifferences({ route }, routePolicy), []);
        assert.match(routeDifferences({ route: { ...route, timeout: "15s" } }, routePolicy)[0]!, /timeout in ms 15000/);
        const retry = (values: object) => ({ route: { ...route, retry_policy: { ...route.retry_policy, ...values } } });
        assert.match(routeDifferences(retry({ num_retries: 2 }), routePolicy)[0]!, /attempts 2 instead of 3/);
        assert.match(routeDifferences(retry({ per_try_timeout: "1s" }), routePolicy)[0]!, /perTryTimeout/);
        assert.match(routeDifferences(retry({ retry_on: "5xx" }), routePolicy)[0]!, /retryOn 5xx instead of/);
        assert.equal(routeDifferences({}, routePolicy).length, 4);
    });
});

describe("Verification, specs: requests and answers", () => {
    it("no undeclared path begins with a declared prefix", () => {
        const values = config();
        const prefixes = [...Object.values(values.ecommerce.services).map(({ path }) => path), values.egov.hello.path];
        const paths = undeclaredPaths(values);
        assert.ok(paths.includes("/api/v1/invalid") && paths.includes("/api/v1/order"));
        for (const path of paths) assert.ok(!prefixes.some((prefix) => path.startsWith(prefix)), path);
    });
    it("P12 what a prefix takes: characters in Istio's API, whole segments in the Gateway API", () => {
        const takes = (routing: "istio" | "gateway-api", path: string) =>
            takesPath({ mesh: { ...config().mesh, routing } }, "/a", path);
        assert.deepEqual(
            ["/a", "/a?b", "/a/b", "/ab", "/b"].map((path) => [takes("istio", path), takes("gateway-api", path)]),
            [
                [true, true],
                [true, true],
                [true, true],
                [true, false],
                [false, false],
            ],
        );
    });
    it("a Host that the declared hosts match", () => {
        const host = (...hosts: string[]) => ecommerceHost(config({ ecommerce: { hosts } }));
        assert.equal(host("*", "api.c4ang.com"), "api.c4ang.com");
        assert.equal(host("*"), "shop.example.com");
        assert.equal(host("*.c4ang.com"), "shop.c4ang.com");
    });
    it("answers are counted by status and pod", () => {
        const answer = (status: number, pod?: string) => ({
            status,
            body: "",
            headers: {},
            ms: 1,
            ...(pod && { pod }),
        });
        assert.equal(
            tally([answer(200, "a"), answer(200, "a"), answer(404)]),
            "2 x 200 from a, 1 x 404 from the proxy itself",
        );
        assert.equal(tally([]), "no answer");
        assert.equal(describeAnswer({ body: "", headers: {}, ms: 1, error: "ECONNREFUSED: x" }), "ECONNREFUSED: x");
        assert.equal(
            grouped([
                { subject: "/a", seen: "404" },
                { subject: "/b", seen: "404" },
            ]),
            "404 (/a, /b)",
        );
    });
});
