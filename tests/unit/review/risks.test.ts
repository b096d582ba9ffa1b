import assert from "node:assert/strict";
import { parseAllDocuments } from "yaml";
import { buildMesh } from "../../../policy/model/mesh";
import { riskRules, risksOf } from "../../../cli/review/risks";
import type { Side } from "../../../cli/review/side";

const side = (yaml: string, exemptions: string[] = []): Side => ({
    mesh: buildMesh(
        parseAllDocuments(yaml)
            .map((document) => document.toJS() as Record<string, unknown> | null)
            .filter((manifest) => manifest !== null)
            .map((manifest) => ({ manifest })),
    ),
    exemptions,
});

const NAMESPACES = `
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Namespace
metadata: {name: istio-system}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: istiod, namespace: istio-system}
spec: {template: {metadata: {labels: {app: istiod}}, spec: {containers: [{name: discovery, image: pilot}]}}}
`;

const app = (replicas = 2, memory = "256Mi") => `
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: orders, namespace: shop}
spec: {replicas: ${replicas}, template: {metadata: {labels: {app: orders}}, spec: {containers: [{name: orders, image: a, resources: {limits: {memory: ${memory}}}}]}}}
---
apiVersion: v1
kind: Service
metadata: {name: orders, namespace: shop}
spec: {selector: {app: orders}, ports: [{name: http, port: 80}]}
`;

const route = (rule: string) => `
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: orders, namespace: shop}
spec: {hosts: [orders], http: [{name: main, ${rule}}]}
`;
const plainRoute = "route: [{destination: {host: orders}}]";

const authorization = (source: string) => `
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: orders, namespace: shop}
spec: {selector: {matchLabels: {app: orders}}, rules: [{from: [{source: ${source}}]}]}
`;

const peer = (namespace: string, spec: string) => `
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: ${namespace}}
spec: ${spec}
`;

const destinationRule = (detection: string) => `
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: orders, namespace: shop}
spec: {host: orders, trafficPolicy: {outlierDetection: ${detection}}}
`;

const gateway = (host: string) => `
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: in, namespace: istio-system}
spec: {selector: {istio: ingressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["${host}"]}]}
`;

const networkPolicy = `
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: shop}
spec: {podSelector: {}, policyTypes: [Ingress]}
`;

const meshConfig = (mode: string) => `
---
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data: {mesh: "outboundTrafficPolicy:\\n  mode: ${mode}\\n"}
`;

const budget = `
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: orders, namespace: shop}
spec: {minAvailable: 1}
`;

const entry = (host: string) => `
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: partner, namespace: istio-system}
spec: {hosts: [${host}], ports: [{number: 80, name: http, protocol: HTTP}]}
`;

/** A change: what stands beside the good mesh on both sides, what the rule must say (its severity), or that it is silent. */
const cases: { rule: string; title: string; before?: string; after?: string; expect: string[] }[] = [
    {
        rule: "reach-widened",
        title: "S4 a policy that goes lets anybody in",
        before: authorization("{principals: [cluster.local/ns/shop/sa/web]}"),
        expect: ["high anybody in the mesh may call it; before only shop/web"],
    },
    {
        rule: "reach-widened",
        title: "S4 one caller more",
        before: authorization("{principals: [cluster.local/ns/shop/sa/web]}"),
        after: authorization("{principals: [cluster.local/ns/shop/sa/web, cluster.local/ns/shop/sa/cron]}"),
        expect: ["medium shop/cron may call it, too; before only shop/web"],
    },
    {
        rule: "reach-widened",
        title: "S4 one caller less is no risk",
        before: authorization("{namespaces: [a, b]}"),
        after: authorization("{namespaces: [a]}"),
        expect: [],
    },
    { rule: "reach-widened", title: "S4 open before, open after", expect: [] },
    {
        rule: "plain-text-accepted",
        title: "S3 STRICT -> PERMISSIVE",
        before: peer("istio-system", "{mtls: {mode: STRICT}}"),
        after: peer("istio-system", "{mtls: {mode: PERMISSIVE}}"),
        expect: ["high every port also takes plain text from outside the mesh: mutual TLS STRICT -> PERMISSIVE"],
    },
    {
        rule: "plain-text-accepted",
        title: "S3 an exception of one port",
        before: peer("istio-system", "{mtls: {mode: STRICT}}"),
        after:
            peer("istio-system", "{mtls: {mode: STRICT}}") +
            peer("shop", "{selector: {matchLabels: {app: orders}}, portLevelMtls: {80: {mode: DISABLE}}}"),
        expect: ["high port 80 also takes plain text from outside the mesh: mutual TLS STRICT -> DISABLE"],
    },
    {
        rule: "plain-text-accepted",
        title: "S3 PERMISSIVE -> STRICT is no risk",
        after: peer("shop", "{mtls: {mode: STRICT}}"),
        expect: [],
    },
    {
        rule: "pod-network-opened",
        title: "S6 the only NetworkPolicy goes",
        before: networkPolicy,
        expect: [
            "high no NetworkPolicy selects its pods any more: every pod of the cluster reaches every port of them",
        ],
    },
    { rule: "pod-network-opened", title: "S6 a NetworkPolicy comes", after: networkPolicy, expect: [] },
    {
        rule: "entrance-opened",
        title: "P10 a wildcard host",
        before: gateway("a.example"),
        after: gateway("*"),
        expect: ["high open to the outside now: HTTP 80 for *"],
    },
    {
        rule: "entrance-opened",
        title: "P10 one host more",
        after: gateway("a.example"),
        expect: ["medium open to the outside now: HTTP 80 for a.example"],
    },
    { rule: "entrance-opened", title: "P10 a host that goes", before: gateway("a.example"), expect: [] },
    {
        rule: "egress-opened",
        title: "T7 ALLOW_ANY",
        before: meshConfig("REGISTRY_ONLY"),
        after: meshConfig("ALLOW_ANY"),
        expect: ["high outboundTrafficPolicy REGISTRY_ONLY -> ALLOW_ANY: pods may send data anywhere"],
    },
    {
        rule: "egress-opened",
        title: "P11 a host outside",
        after: entry("a.example"),
        expect: ["low new hosts outside: a.example"],
    },
    {
        rule: "egress-opened",
        title: "T7 REGISTRY_ONLY is no risk",
        before: meshConfig("ALLOW_ANY"),
        after: meshConfig("REGISTRY_ONLY"),
        expect: [],
    },
    {
        rule: "fault-injected",
        title: "E9 a fault",
        before: route(plainRoute),
        after: route(`fault: {abort: {httpStatus: 500}}, ${plainRoute}`),
        expect: ['high requests are disturbed on purpose: {"abort":{"httpStatus":500}}'],
    },
    {
        rule: "fault-injected",
        title: "E9 a fault that goes",
        before: route(`fault: {abort: {httpStatus: 500}}, ${plainRoute}`),
        after: route(plainRoute),
        expect: [],
    },
    {
        rule: "traffic-jump",
        title: "C9 0 -> 100 in one step",
        before: route("route: [{destination: {host: orders, subset: v1}, weight: 100}]"),
        after: route("route: [{destination: {host: orders, subset: v2}, weight: 100}]"),
        expect: [
            "medium orders v2: 0 % -> 100 % of the requests in one step; a release takes steps of at most 50 points (C9)",
        ],
    },
    {
        rule: "traffic-jump",
        title: "C9 10 -> 50 is a step",
        before: route(
            "route: [{destination: {host: orders, subset: v1}, weight: 90}, {destination: {host: orders, subset: v2}, weight: 10}]",
        ),
        after: route(
            "route: [{destination: {host: orders, subset: v1}, weight: 50}, {destination: {host: orders, subset: v2}, weight: 50}]",
        ),
        expect: [],
    },
    {
        rule: "timeout-cuts-retries",
        title: "C3 the tries no longer fit",
        before: route(`timeout: 40s, retries: {attempts: 3, perTryTimeout: 10s}, ${plainRoute}`),
        after: route(`timeout: 30s, retries: {attempts: 3, perTryTimeout: 10s}, ${plainRoute}`),
        expect: ["medium the time-out of 30000 ms ends a request after 3 of its 4 tries of 10000 ms each"],
    },
    {
        rule: "timeout-cuts-retries",
        title: "C3 they did not fit before either",
        before: route(`timeout: 20s, retries: {attempts: 3, perTryTimeout: 10s}, ${plainRoute}`),
        after: route(`timeout: 30s, retries: {attempts: 3, perTryTimeout: 10s}, ${plainRoute}`),
        expect: [],
    },
    {
        rule: "retries-changed",
        title: "T11 off",
        before: route(`retries: {attempts: 3}, ${plainRoute}`),
        after: route(`retries: {attempts: 0}, ${plainRoute}`),
        expect: ["medium retries 3 -> 0: clients see every failure of a single pod"],
    },
    {
        rule: "retries-changed",
        title: "T11 more",
        before: route(`retries: {attempts: 1}, ${plainRoute}`),
        after: route(`retries: {attempts: 5}, ${plainRoute}`),
        expect: [
            "low one request may become 6 (before 2) when the service fails: as much more load on what is already failing",
        ],
    },
    {
        rule: "retries-changed",
        title: "T11 the default is two",
        before: route(`retries: {attempts: 2}, ${plainRoute}`),
        after: route(plainRoute),
        expect: [],
    },
    {
        rule: "timeout-removed",
        title: "T10 it goes",
        before: route(`timeout: 2s, ${plainRoute}`),
        after: route(plainRoute),
        expect: [
            "medium the time-out of 2000 ms is gone: a slow service holds its callers, and their connections, as long as it likes",
        ],
    },
    {
        rule: "timeout-removed",
        title: "T10 another one",
        before: route(`timeout: 2s, ${plainRoute}`),
        after: route(`timeout: 3s, ${plainRoute}`),
        expect: [],
    },
    {
        rule: "ejection-empties-pool",
        title: "E5 all of two pods",
        after: destinationRule("{maxEjectionPercent: 100}"),
        expect: [
            "medium outlier detection may eject all 2 pods of Service/shop/orders at once (maxEjectionPercent 100): every request is answered 503 until one returns",
        ],
    },
    {
        rule: "ejection-empties-pool",
        title: "C4 half of two pods, and a minimum of healthy ones",
        after: destinationRule("{maxEjectionPercent: 50, minHealthPercent: 40}"),
        expect: [],
    },
    {
        rule: "ejection-empties-pool",
        title: "it could before",
        before: destinationRule("{maxEjectionPercent: 100}"),
        after: destinationRule("{maxEjectionPercent: 100, interval: 1s}"),
        expect: [],
    },
    {
        rule: "blast-radius",
        title: "a mesh-wide policy",
        before: peer("istio-system", "{mtls: {mode: STRICT}}"),
        after: peer("istio-system", "{mtls: {mode: PERMISSIVE}}"),
        expect: ["medium changed: it holds for all 2 workloads of the mesh"],
    },
    {
        rule: "blast-radius",
        title: "the policy of a namespace",
        after: peer("shop", "{mtls: {mode: STRICT}}"),
        expect: [],
    },
    {
        rule: "disruption-budget-removed",
        title: "C12 it goes",
        before: budget,
        expect: ["medium removed: maintenance of nodes may stop all of its pods at once"],
    },
];

describe("review: risks of a change", () => {
    for (const { rule, title, before = "", after = "", expect } of cases)
        it(`${rule}: ${title}`, () => {
            const only = riskRules.filter(({ id }) => id === rule);
            assert.equal(only.length, 1);
            const found = risksOf(side(NAMESPACES + app() + before), side(NAMESPACES + app() + after), only);
            assert.deepEqual(
                found.map(({ severity, text }) => `${severity} ${text}`),
                expect,
            );
        });

    const sizes: [string, string, string, string[]][] = [
        ["one pod is left", app(3), app(1), ["high pods 3 -> 1: while it restarts nobody answers"]],
        ["fewer pods", app(3), app(2), ["low pods 3 -> 2"]],
        ["more pods", app(2), app(3), []],
        [
            "less memory",
            app(2, "1Gi"),
            app(2, "512Mi"),
            ["low memory limit of orders: 1024 MiB -> 512 MiB: above it the container is killed"],
        ],
    ];
    for (const [title, before, after, expect] of sizes)
        it(`capacity-lowered: S8 ${title}`, () => {
            const rules = riskRules.filter(({ id }) => id === "capacity-lowered");
            const found = risksOf(side(NAMESPACES + before), side(NAMESPACES + after), rules);
            assert.deepEqual(
                found.map(({ severity, text }) => `${severity} ${text}`),
                expect,
            );
        });

    it("policy-exemption: names what is overlooked from now on", () => {
        const [before, after] = [side(NAMESPACES, ["a x"]), side(NAMESPACES, ["a x", "image-digest */*"])];
        assert.deepEqual(
            risksOf(before, after).map(({ rule, object, text }) => [rule, object, text]),
            [["policy-exemption", "*/*", "the rule image-digest overlooks it from now on"]],
        );
    });

    it("the same mesh has no new risk, whatever it holds", () => {
        const everything =
            NAMESPACES + cases.flatMap(({ before = "", after = "" }) => [before, after]).join("") + app();
        assert.deepEqual(risksOf(side(everything), side(everything)), []);
    });

    it("every rule has a case that it speaks of, and the gravest stand first", () => {
        const spoken = new Set([
            ...cases.filter(({ expect }) => expect.length > 0).map(({ rule }) => rule),
            "capacity-lowered",
            "policy-exemption",
        ]);
        assert.deepEqual(
            riskRules.map(({ id }) => id).filter((id) => !spoken.has(id)),
            [],
        );
        const before = side(NAMESPACES + app(3) + peer("istio-system", "{mtls: {mode: STRICT}}"));
        const after = side(NAMESPACES + app(2) + peer("istio-system", "{mtls: {mode: PERMISSIVE}}"));
        assert.deepEqual(
            risksOf(before, after)
                .map(({ severity }) => severity)
                .slice(0, 1),
            ["high"],
        );
        assert.equal(risksOf(before, after).at(-1)?.severity, "low");
    });
});
