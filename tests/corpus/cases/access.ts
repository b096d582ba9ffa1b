import type { Manifest, Mistake, System } from "../corpus";
import { type Short, toMistake } from "./routes";

const PAY = "AuthorizationPolicy/payments/pay";
const AP = "https://istio.io/latest/docs/reference/config/security/authorization-policy/";
const PROBLEMS = "https://istio.io/latest/docs/ops/common-problems/security-issues/";
const RA = "https://istio.io/latest/docs/reference/config/security/request_authentication/";
const rule = (system: System): Manifest => system.get(PAY).spec.rules[0];
const jwt = (system: System): Manifest => system.get("RequestAuthentication/payments/pay").spec.jwtRules[0];

const policies: Short[] = [
    [
        "selector-nobody",
        "an AuthorizationPolicy's selector selects no pod",
        "IST0127",
        "policy-selector",
        (s) => (s.get(PAY).spec.selector.matchLabels.app = "payment"),
    ],
    [
        "policy-other-namespace",
        "an AuthorizationPolicy in the callers' namespace",
        PROBLEMS,
        "policy-selector",
        (s) => (s.get(PAY).metadata.namespace = "shop"),
        undefined,
        "AuthorizationPolicy/shop/pay",
    ],
    [
        "principal-form",
        "the account's name alone as a principal",
        AP,
        "authorization-rule",
        (s) => (rule(s).from[0].source.principals = ["orders"]),
    ],
    [
        "principal-spiffe",
        "a principal with spiffe://",
        AP,
        "authorization-rule",
        (s) => (rule(s).from[0].source.principals = ["spiffe://cluster.local/ns/shop/sa/orders"]),
    ],
    [
        "principal-account",
        "a principal whose account nobody runs as",
        AP,
        "authorization-rule",
        (s) => (rule(s).from[0].source.principals = ["cluster.local/ns/shop/sa/order"]),
    ],
    [
        "principal-namespace",
        "a principal of a namespace that is not there",
        AP,
        "authorization-rule",
        (s) => (rule(s).from[0].source.principals = ["cluster.local/ns/shopp/sa/orders"]),
    ],
    [
        "principal-domain",
        "a principal of another trust domain",
        AP,
        "authorization-rule",
        (s) => (rule(s).from[0].source.principals = ["example.org/ns/shop/sa/orders"]),
    ],
    [
        "namespace-missing",
        "a namespace that is misspelt",
        AP,
        "authorization-rule",
        (s) => (rule(s).from[0].source = { namespaces: ["shops"] }),
    ],
    [
        "method-small",
        "a method in small letters",
        AP,
        "authorization-rule",
        (s) => (rule(s).to[0].operation.methods = ["post"]),
    ],
    [
        "path-without-slash",
        "a path that does not begin with /",
        AP,
        "authorization-rule",
        (s) => (rule(s).to[0].operation.paths = ["v1/*"]),
    ],
    [
        "path-inner-star",
        "a * in the middle of a path",
        AP,
        "authorization-rule",
        (s) => (rule(s).to[0].operation.paths = ["/v1/*/pay"]),
    ],
    [
        "port-of-service",
        "the Service's port in a rule",
        AP,
        "authorization-rule",
        (s) => (rule(s).to[0].operation.ports = ["8080"]),
    ],
    [
        "condition-unknown",
        "a condition that Istio does not know",
        AP,
        "authorization-rule",
        (s) => (rule(s).when[0].key = "request.claims[role]"),
    ],
    [
        "cidr",
        "an address block that is none",
        AP,
        "authorization-rule",
        (s) => (rule(s).from[0].source = { ipBlocks: ["10.0.0.0/33"] }),
    ],
    ["deny-nothing", "DENY without a rule", AP, "authorization-rule", (s) => (s.get(PAY).spec = { action: "DENY" })],
    [
        "provider-missing",
        "a provider that meshConfig does not have",
        "https://istio.io/latest/docs/tasks/security/authorization/authz-custom/",
        "authorization-rule",
        (s) => (s.get(PAY).spec = { action: "CUSTOM", provider: { name: "opa" }, rules: [{}] }),
    ],
    [
        "http-on-tcp",
        "methods and paths at a TCP port",
        `${PROBLEMS}#make-sure-the-policy-is-applied-to-the-correct-service-port`,
        "authorization-rule",
        (s) => (s.get("Service/payments/pay").spec.ports[0].name = "tcp"),
    ],
    [
        "plain-principal",
        "principals at a workload that takes plain text",
        PROBLEMS,
        "authorization-rule",
        (s) =>
            s.add(
                "{ apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: { name: off, namespace: payments }, spec: { mtls: { mode: DISABLE } } }",
            ),
    ],
    [
        "claims-unverified",
        "claims that no RequestAuthentication verifies",
        RA,
        "jwt",
        (s) => s.remove("RequestAuthentication/payments/pay"),
    ],
    [
        "issuer-differs",
        "a request principal of another issuer",
        RA,
        "jwt",
        (s) => (rule(s).from[0].source = { requestPrincipals: ["https://login.example.com/*"] }),
    ],
    [
        "action-unknown",
        "an action that does not exist",
        "IST0106",
        "field-value",
        (s) => (s.get(PAY).spec.action = "PERMIT"),
    ],
    [
        "selector-match-labels",
        "labels directly under selector",
        "IST0106",
        "unknown-field",
        (s) => (s.get(PAY).spec.selector = { app: "pay" }),
    ],
    [
        "target-missing",
        "a policy for a Gateway that is not there",
        "https://istio.io/latest/docs/ambient/usage/l7-features/",
        "waypoint",
        (s) => {
            const { spec } = s.get(PAY);
            delete spec.selector;
            spec.targetRefs = [{ kind: "Gateway", group: "gateway.networking.k8s.io", name: "waypoint" }];
        },
    ],
];

const tokens: Short[] = [
    ["jwks-both", "keys inside and by address", RA, "jwt", (s) => (jwt(s).jwks = '{"keys":[{"kty":"RSA"}]}')],
    [
        "jwks-no-keys",
        "keys that are none",
        RA,
        "jwt",
        (s) => {
            delete jwt(s).jwksUri;
            jwt(s).jwks = '{"kty":"RSA"}';
        },
    ],
    [
        "jwks-address",
        "an address of keys without its scheme",
        RA,
        "jwt",
        (s) => (jwt(s).jwksUri = "id.example.com/keys"),
    ],
    [
        "bearer-space",
        "the prefix Bearer without its space",
        RA,
        "jwt",
        (s) => (jwt(s).fromHeaders = [{ name: "Authorization", prefix: "Bearer" }]),
    ],
    [
        "authentication-selector",
        "a RequestAuthentication that selects no pod",
        "IST0127",
        "policy-selector",
        (s) => (s.get("RequestAuthentication/payments/pay").spec.selector.matchLabels.app = "pays"),
    ],
];

const peer = (name: string, spec: string): string =>
    `{ apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: { name: ${name}, namespace: payments }, spec: ${spec} }`;

/** Mistakes in who may call whom, and how callers are told apart. */
export const accessMistakes: readonly Mistake[] = [
    ...policies.map(toMistake(PAY)),
    ...tokens.map(toMistake("RequestAuthentication/payments/pay")),
    ...(
        [
            [
                "peer-port-of-service",
                "a mode for the Service's port",
                "https://istio.io/latest/docs/reference/config/security/peer_authentication/",
                "peer-authentication-port",
                (s) =>
                    s.add(
                        peer(
                            "pay",
                            '{ selector: { matchLabels: { app: pay } }, portLevelMtls: { "8080": { mode: PERMISSIVE } } }',
                        ),
                    ),
            ],
            [
                "peer-port-without-selector",
                "modes for ports without a selector",
                "https://istio.io/latest/docs/reference/config/security/peer_authentication/",
                "peer-authentication-port",
                (s) => s.add(peer("pay", '{ portLevelMtls: { "9000": { mode: PERMISSIVE } } }')),
            ],
            [
                "peer-mode",
                "a mode that does not exist",
                "IST0106",
                "field-value",
                (s) => s.add(peer("pay", "{ mtls: { mode: STRICTT } }")),
            ],
            [
                "peer-twice",
                "two PeerAuthentications for one namespace",
                PROBLEMS,
                "policy-scope",
                (s) =>
                    s.add(
                        `${peer("early", "{ mtls: { mode: STRICT } }")}\n---\n${peer("pay", "{ mtls: { mode: PERMISSIVE } }")}`,
                    ),
            ],
        ] satisfies Short[]
    ).map(toMistake("PeerAuthentication/payments/pay")),
    ...(
        [
            [
                "telemetry-provider",
                "a tracing provider that meshConfig does not have",
                "IST0157",
                "telemetry-provider",
                (s) => (s.get("Telemetry/istio-system/default").spec.tracing[0].providers[0].name = "jaeger"),
            ],
            [
                "telemetry-sampling",
                "a share of traces above 100",
                "IST0106",
                "field-value",
                (s) => (s.get("Telemetry/istio-system/default").spec.tracing[0].randomSamplingPercentage = 150),
            ],
        ] satisfies Short[]
    ).map(toMistake("Telemetry/istio-system/default")),
    ...filters(),
];

function filters(): Mistake[] {
    const given = `
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: { name: lua, namespace: shop }
spec:
    workloadSelector: { labels: { app: web } }
    configPatches:
        - applyTo: HTTP_FILTER
          match: { context: SIDECAR_INBOUND, listener: { filterChain: { filter: { name: envoy.filters.network.http_connection_manager, subFilter: { name: envoy.filters.http.router } } } } }
          patch:
              operation: INSERT_BEFORE
              value:
                  name: envoy.filters.http.lua
                  typed_config: { "@type": type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua, defaultSourceCode: { inlineString: "" } }`;
    const patch = (system: System): Manifest => system.get("EnvoyFilter/shop/lua").spec.configPatches[0];
    const changes: [string, string, string, string, (system: System) => unknown][] = [
        [
            "filter-old-name",
            "Envoy's old name of a filter",
            "https://github.com/istio/istio/wiki/EnvoyFilter-Samples",
            "envoy-filter",
            (s) => (patch(s).match.listener.filterChain.filter.name = "envoy.http_connection_manager"),
        ],
        [
            "filter-replace",
            "REPLACE for something else than a filter",
            "IST0152",
            "envoy-filter",
            (s) => Object.assign(patch(s), { applyTo: "LISTENER", patch: { operation: "REPLACE", value: {} } }),
        ],
        [
            "filter-add-route",
            "ADD for routes",
            "IST0153",
            "envoy-filter",
            (s) =>
                Object.assign(patch(s), {
                    applyTo: "HTTP_ROUTE",
                    match: { context: "GATEWAY", routeConfiguration: {} },
                    patch: { operation: "ADD", value: {} },
                }),
        ],
        [
            "filter-remove-route",
            "REMOVE for routes",
            "IST0154",
            "envoy-filter",
            (s) =>
                Object.assign(patch(s), {
                    applyTo: "ROUTE_CONFIGURATION",
                    match: { context: "GATEWAY" },
                    patch: { operation: "REMOVE" },
                }),
        ],
        [
            "filter-untyped",
            "typed_config without its type",
            "https://istio.io/latest/docs/reference/config/networking/envoy-filter/",
            "envoy-filter",
            (s) => delete patch(s).patch.value.typed_config["@type"],
        ],
        [
            "filter-v2",
            "a type of Envoy's API v2",
            "https://istio.io/latest/news/releases/1.9.x/announcing-1.9/upgrade-notes/",
            "envoy-filter",
            (s) =>
                (patch(s).patch.value.typed_config["@type"] =
                    "type.googleapis.com/envoy.config.filter.http.lua.v2.Lua"),
        ],
        [
            "filter-selector",
            "an EnvoyFilter that selects no pod",
            "IST0127",
            "policy-selector",
            (s) => (s.get("EnvoyFilter/shop/lua").spec.workloadSelector.labels.app = "wbe"),
        ],
    ];
    return changes.map(([id, title, source, rule, change]) => ({
        id,
        title,
        source,
        layer: "lint",
        rule,
        object: "EnvoyFilter/shop/lua",
        given,
        change,
    }));
}
