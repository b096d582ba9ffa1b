import { strict as assert } from "node:assert";
import type { FilterConfig, HttpFilter, Listener } from "../../verification/proxy-views/envoy";
import { filterProblems } from "../../verification/specs/support/declared-filters";
import type { DeclaredObject } from "../../verification/target/file";

const manager = "envoy.filters.network.http_connection_manager";
const router: HttpFilter = { name: "envoy.filters.http.router", typed_config: {} };
const ruleName = "ns[shop]-policy[allow]-rule[0]";
const caller = "spiffe://cluster.local/ns/shop/sa/customer";
const rbac = (config: FilterConfig): HttpFilter => ({ name: "envoy.filters.http.rbac", typed_config: config });
const policies = (name: string, principals: unknown, permissions: unknown = { any: true }) => ({
    policies: { [name]: { permissions: [permissions], principals: [principals] } },
});
const allow = rbac({ rules: policies(ruleName, { authenticated: { principal_name: { exact: caller } } }) });

function object(kind: string, spec: Record<string, unknown>, namespace = "shop", name = "allow"): DeclaredObject {
    return { apiVersion: "v1", kind, metadata: { name, namespace, labels: {}, annotations: {} }, spec };
}
const declaredAllow = object("AuthorizationPolicy", {
    selector: { matchLabels: { app: "order" } },
    rules: [{ from: [{ source: { principals: ["cluster.local/ns/shop/sa/customer"] } }] }],
});

/** A sidecar of the shop with these HTTP filters before the router. */
function sidecar(filters: readonly HttpFilter[], route: object = {}, more: object = {}): Record<string, Listener> {
    const inline = {
        virtual_hosts: [{ routes: [{ match: { prefix: "/" }, route: { cluster: "inbound|8080||" }, ...route }] }],
    };
    const config = { http_filters: [...filters, router], route_config: inline, ...more };
    return {
        virtualInbound: {
            traffic_direction: "INBOUND",
            filter_chains: [
                { name: "virtualInbound-blackhole", filters: [tcp("BlackHoleCluster")] },
                { name: "0.0.0.0_8080", filters: [{ name: manager, typed_config: config }] },
            ],
        },
        "0.0.0.0_80": {
            traffic_direction: "OUTBOUND",
            filter_chains: [{ filters: [{ name: manager, typed_config: { http_filters: [router] } }] }],
            default_filter_chain: { name: "Passthrough", filters: [tcp("PassthroughCluster")] },
        },
    };
}
const tcp = (cluster: string) => ({ name: "envoy.filters.network.tcp_proxy", typed_config: { cluster } });

const problems = (
    listeners: Record<string, Listener>,
    declared: readonly DeclaredObject[] = [],
    labels: Record<string, string> = { app: "order" },
) => filterProblems({ namespace: "shop", labels, listeners }, declared);
const at = "virtualInbound, 0.0.0.0_8080";
const allowFact = `ALLOW ${ruleName} from exact ${caller} to anything`;

describe("Verification, T14 S4: the filters of a proxy against the declared objects", () => {
    it("finds nothing where nothing is declared, and where what is declared is in force", () => {
        assert.deepEqual(problems(sidecar([])), []);
        assert.deepEqual(problems(sidecar([allow]), [declaredAllow]), []);
        assert.deepEqual(problems(sidecar([]), [declaredAllow], { app: "payment" }), []);
        assert.deepEqual(problems(sidecar([]), [object("AuthorizationPolicy", {}, "elsewhere")]), []);
    });

    it("names a policy that nobody declares, one that is missing, and one with another caller", () => {
        assert.deepEqual(problems(sidecar([allow])), [`${at}: ${allowFact} is not declared`]);
        assert.deepEqual(problems(sidecar([]), [declaredAllow]), [`${at}: ${allowFact} is missing`]);
        const anybody = rbac({ rules: policies(ruleName, { any: true }) });
        assert.deepEqual(problems(sidecar([anybody]), [declaredAllow]), [
            `${at}: ALLOW ${ruleName} from anything to anything is not declared`,
            `${at}: ${allowFact} is missing`,
        ]);
    });

    it("reads what is turned round, what is only tried, and what lets in nobody", () => {
        const claim = { not_id: { metadata: { value: { string_match: { exact: "admin" } } } } };
        const path = { or_rules: { rules: [{ url_path: { path: { prefix: "/admin" } } }] } };
        const deny = { action: "DENY", ...policies(ruleName, claim, path) };
        const spec = {
            action: "DENY",
            rules: [
                {
                    to: [{ operation: { paths: ["/admin*"] } }],
                    when: [{ key: "request.auth.claims[role]", notValues: ["admin"] }],
                },
            ],
        };
        assert.deepEqual(problems(sidecar([rbac({ rules: deny })]), [object("AuthorizationPolicy", spec)]), []);
        assert.deepEqual(problems(sidecar([rbac({ shadow_rules: deny })])), [
            `${at}: dry run of DENY ${ruleName} from not exact admin to prefix /admin is not declared`,
        ]);
        const nobody = rbac({ rules: policies(ruleName, { not_id: { any: true } }, { not_rule: { any: true } }) });
        assert.deepEqual(problems(sidecar([nobody]), [object("AuthorizationPolicy", {})]), []);
    });

    it("knows what asks another service, and whose tokens are checked", () => {
        const asked = { action: "DENY", ...policies(`istio-ext-authz-${ruleName}`, { any: true }) };
        const filters = [
            rbac({ shadow_rules: asked }),
            { name: "envoy.filters.http.ext_authz" },
            {
                name: "envoy.filters.http.jwt_authn",
                typed_config: { providers: { "origins-0": { issuer: "https://a", audiences: ["b"] } } },
            },
        ];
        const declared = [
            object("AuthorizationPolicy", { action: "CUSTOM", rules: [{}] }),
            object("RequestAuthentication", { jwtRules: [{ issuer: "https://a", audiences: ["b"] }] }),
        ];
        assert.deepEqual(problems(sidecar(filters), declared), []);
        assert.deepEqual(problems(sidecar(filters)).length, 3);
    });

    it("names what only an EnvoyFilter adds: a filter, a field, a fault, a header on the way in", () => {
        const limit: HttpFilter = { name: "envoy.filters.http.local_ratelimit" };
        const fault = { name: "envoy.filters.http.fault", typed_config: { abort: {} } as FilterConfig };
        assert.deepEqual(problems(sidecar([limit])), [`${at}: the filter ${limit.name} is not declared`]);
        assert.deepEqual(problems(sidecar([fault])), [`${at}: abort of the filter ${fault.name} is not declared`]);
        assert.deepEqual(problems(sidecar([], { request_headers_to_add: [] })), [
            `${at}: request_headers_to_add [] is not declared`,
        ]);
        assert.deepEqual(problems(sidecar([], {}, { local_reply_config: {} })), [
            `${at}: the connection manager's local_reply_config is not declared`,
        ]);
        const patches = [
            { applyTo: "HTTP_FILTER", patch: { value: { name: limit.name } } },
            { applyTo: "NETWORK_FILTER", patch: { value: { typed_config: { "@type": "x", local_reply_config: {} } } } },
        ];
        assert.deepEqual(
            problems(sidecar([limit], {}, { local_reply_config: {} }), [
                object("EnvoyFilter", { configPatches: patches }, "istio-system"),
            ]),
            [],
        );
    });

    it("looks at a gateway's listeners, and at connections that are no HTTP", () => {
        const gateway = (filters: HttpFilter[]): Record<string, Listener> => ({
            "0.0.0.0_8080": {
                traffic_direction: "OUTBOUND",
                filter_chains: [{ filters: [{ name: manager, typed_config: { http_filters: [...filters, router] } }] }],
            },
        });
        assert.deepEqual(problems(gateway([allow]), [declaredAllow]), []);
        assert.deepEqual(problems(gateway([]), [declaredAllow]), [`0.0.0.0_8080: ${allowFact} is missing`]);
        const passed = sidecar([allow]);
        passed["virtualInbound"]!.filter_chains!.push({
            name: "tcp",
            filters: [{ ...allow, name: "envoy.filters.network.rbac" }, tcp("InboundPassthroughCluster")],
        });
        assert.deepEqual(problems(passed, [declaredAllow]), []);
        passed["virtualInbound"]!.filter_chains!.at(-1)!.filters!.shift();
        assert.deepEqual(problems(passed, [declaredAllow]), [`virtualInbound, tcp: ${allowFact} is missing`]);
    });

    it("C15 finds an access logger that nobody declares, and misses a declared one", () => {
        const logger = (stat: string) => ({ name: "envoy.access_loggers.stats", typed_config: { stat_prefix: stat } });
        const file = { name: "envoy.access_loggers.file", typed_config: { path: "/dev/stdout" } };
        const patch = (context: string, stat: string) => ({
            applyTo: "NETWORK_FILTER",
            match: { context },
            patch: { operation: "MERGE", value: { typed_config: { access_log: [logger(stat)] } } },
        });
        const declared = [object("EnvoyFilter", { configPatches: [patch("SIDECAR_INBOUND", "istio")] })];
        const fact = "the access logger envoy.access_loggers.stats with {stat_prefix:istio}";
        const counting = sidecar([], {}, { access_log: [file, logger("istio")] });
        assert.deepEqual(problems(counting, declared), []);
        assert.deepEqual(problems(counting), [`${at}: ${fact} is not declared`]);
        assert.deepEqual(problems(sidecar([], {}, { access_log: [file] }), declared), [`${at}: ${fact} is missing`]);
    });
});
