import { strict as assert } from "node:assert";
import { tableDifferences, type DeclaredTable } from "../../verification/specs/support/route-table";
import type { EnvoyRoute, EnvoyRouteConfiguration } from "../../verification/target/target";

const orders = "outbound|8080||order-api.ecommerce.svc.cluster.local";
const v2 = "outbound|8080|v2|order-api.ecommerce.svc.cluster.local";

/** A route as Envoy's configuration dump shows it. */
const plain: EnvoyRoute & Record<string, unknown> = {
    match: { prefix: "/api/v1/orders", case_sensitive: true },
    route: { cluster: orders, timeout: "30s", retry_policy: { num_retries: 3 } },
    metadata: { filter_metadata: {} },
    decorator: { operation: "order-api:8080/api/v1/orders*" },
};

const declared: DeclaredTable = {
    configuration: "http.8080",
    host: "*",
    routes: [{ prefix: "/api/v1/orders", clusters: { [orders]: 100 } }],
};

function differences(routes: readonly object[], table: Partial<DeclaredTable> = {}, host: object = {}): string[] {
    const configuration = {
        name: "http.8080",
        virtual_hosts: [{ name: "*:80", domains: ["*"], routes, ...host }],
    } as EnvoyRouteConfiguration;
    return tableDifferences([configuration], [{ ...declared, ...table }]);
}

describe("Verification, route table", () => {
    it("has nothing to say about the declared routes and about those of other paths", () => {
        assert.deepEqual(differences([plain]), []);
        assert.deepEqual(differences([plain, { match: { prefix: "/other" }, direct_response: { status: 200 } }]), []);
    });

    it("names a missing host, configuration and route", () => {
        assert.match(differences([plain], { host: "api.c4ang.com" })[0]!, /no routes for the host api.c4ang.com/);
        assert.match(differences([plain], { configuration: "http.9090" })[0]!, /in http.9090/);
        assert.match(differences([])[0]!, /no route for prefix \/api\/v1\/orders/);
    });

    const changed: [string, object, RegExp[]][] = [
        ["another destination", { route: { cluster: v2 } }, [/100 % to .*\|v2\|.* is not declared/, /is missing/]],
        [
            "a fault",
            {
                typed_per_filter_config: {
                    "envoy.filters.http.fault": {
                        delay: { fixed_delay: "1.500s", percentage: { numerator: 1000, denominator: "TEN_THOUSAND" } },
                        abort: { http_status: 503, percentage: { numerator: 100, denominator: "MILLION" } },
                    },
                },
            },
            [/a delay of 1500 ms for 10 % is not declared/, /an abort with 503 for 0.01 % is not declared/],
        ],
        [
            "a mirror",
            {
                route: {
                    cluster: orders,
                    request_mirror_policies: [{ cluster: v2, runtime_fraction: { default_value: { numerator: 5 } } }],
                },
            },
            [/a mirror of 5 % to .*\|v2\|/],
        ],
        ["a rewrite", { route: { cluster: orders, prefix_rewrite: "/x" } }, [/route.prefix_rewrite \/x is not/]],
        ["a header", { request_headers_to_add: [] }, [/request_headers_to_add \[\] is not declared/]],
        ["another filter", { typed_per_filter_config: { lua: {} } }, [/typed_per_filter_config.lua \{\} is not/]],
    ];
    for (const [what, change, patterns] of changed)
        it(`names ${what} that nobody declares`, () => {
            const found = differences([{ ...plain, ...change }]);
            for (const pattern of patterns)
                assert.ok(
                    found.some((one) => pattern.test(one)),
                    `${String(pattern)} in ${found.join("; ")}`,
                );
        });

    it("names a further route that may take a declared path, wherever it stands", () => {
        for (const match of [
            { prefix: "/api" },
            { prefix: "/api/v1/orders/42" },
            { path: "/api/v1/orders" },
            { safe_regex: { regex: "/api/.*" } },
            { prefix: "/api/v1/orders", headers: [{ name: "x-user", string_match: { exact: "kim" } }] },
        ])
            assert.match(differences([{ match }, plain])[0]!, /a route nobody declares/, JSON.stringify(match));
        assert.deepEqual(differences([{ match: { path: "/api" } }, plain]), []);
    });

    it("names what a virtual host does with the requests of all its routes", () => {
        assert.match(
            differences([plain], {}, { request_headers_to_remove: ["cookie"] })[0]!,
            /request_headers_to_remove \["cookie"\] is not declared/,
        );
    });

    it("compares weights, headers, mirrors and faults where they are declared", () => {
        const route = {
            match: {
                prefix: "/canary",
                case_sensitive: true,
                headers: [{ name: "x-version", string_match: { exact: "v2" } }],
            },
            route: {
                weighted_clusters: {
                    clusters: [
                        { name: orders, weight: 90 },
                        { name: v2, weight: 10 },
                    ],
                    total_weight: 100,
                },
                request_mirror_policies: [{ cluster: v2, runtime_fraction: { default_value: { numerator: 100 } } }],
            },
            typed_per_filter_config: {
                "envoy.filters.http.fault": { delay: { fixed_delay: "5s", percentage: { numerator: 50 } } },
            },
        };
        const routes = [
            {
                prefix: "/canary",
                headers: { "x-version": "v2" },
                clusters: { [orders]: 90, [v2]: 10 },
                mirror: { cluster: v2, percent: 100 },
                fault: { delay: { fixedDelay: "5s", percent: 50 } },
            },
        ];
        assert.deepEqual(differences([route], { routes }), []);
        const shares = { [orders]: 85, [v2]: 15 };
        assert.equal(differences([route], { routes: [{ ...routes[0]!, clusters: shares }] }).length, 4);
    });
});
