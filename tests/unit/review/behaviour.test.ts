import assert from "node:assert/strict";
import { parse } from "yaml";
import { compareBehaviour } from "../../../cli/review/behaviour/compare";
import type { Measurement } from "../../../cli/review/behaviour/measurement";
import { nameOf, probesOf, type Probe } from "../../../cli/review/behaviour/probes";
import { onEmbeddedCluster } from "../../../cli/review/behaviour/stack";
import type { ProxySnapshot } from "../../verification/proxy-views/snapshot";

const virtualService = (spec: Record<string, unknown>) => ({
    metadata: { name: "orders", namespace: "ecommerce" },
    spec,
});

describe("review: the requests that are derived from routes", () => {
    const route = [{ destination: { host: "order-api" } }];

    it("C2 each host and each condition of what a gateway serves, and a path that nothing serves", () => {
        const probes = probesOf([
            virtualService({
                hosts: ["api.c4ang.com", "*"],
                gateways: ["ecommerce-gateway"],
                http: [
                    {
                        match: [{ uri: { prefix: "/api/v1/orders" }, headers: { "x-version": { exact: "v2" } } }],
                        route,
                    },
                    {
                        match: [
                            { uri: { prefix: "/api/v1/orders" } },
                            { uri: { exact: "/orders" }, method: { exact: "POST" } },
                        ],
                        route,
                    },
                ],
            }),
        ]);
        assert.deepEqual(
            probes.map(nameOf),
            [
                ...["(any host)", "api.c4ang.com"].flatMap((host) => [
                    `GET ${host}/api/v1/orders`,
                    `GET ${host}/api/v1/orders, x-version: v2`,
                    `GET ${host}/istio-platform-review/no-such-path`,
                    `POST ${host}/orders`,
                ]),
            ].sort(),
        );
    });

    it("what only sidecars use is not asked from outside", () => {
        assert.deepEqual(probesOf([virtualService({ hosts: ["order-api"], http: [{ route }] })]), []);
    });

    const regexes: [regex: string, sample: string | undefined][] = [
        ["/users(/.*)?", "/users"],
        ["^(.*;\\s*)?canary=true(;.*)?$", "canary=true"],
        ["/items/[0-9]+", "/items/1"],
        ["/(a|b)/x", "/a/x"],
        ["/v\\d+/items", "/v1/items"],
        ["(?=x)y", undefined],
    ];
    for (const [regex, sample] of regexes)
        it(`an example of ${regex} is ${sample ?? "not guessed"}`, () => {
            const found = probesOf([
                virtualService({ hosts: ["a"], gateways: ["g"], http: [{ match: [{ uri: { regex } }] }] }),
            ]);
            assert.deepEqual(
                found.filter(({ path }) => !path.includes("no-such-path")).map(({ path }) => path),
                sample === undefined ? [] : [sample],
            );
        });
});

const probe: Probe = { method: "GET", host: "api.c4ang.com", path: "/api/v1/orders", headers: {} };

function snapshot(weight: number): ProxySnapshot {
    const routes = {
        "http.8080": {
            virtual_hosts: [
                {
                    name: "api.c4ang.com:80",
                    routes: [{ name: "canary", route: { weighted_clusters: { clusters: [{ name: "v2", weight }] } } }],
                },
            ],
        },
    };
    return {
        proxy: "gateway",
        takenAt: "",
        listeners: {},
        routes,
        clusters: {},
        endpoints: {},
    } as unknown as ProxySnapshot;
}

const measured = (
    more: Partial<Measurement> & { answers?: Record<string, number>; weight?: number; tries?: number },
): Measurement => ({
    probes: [
        {
            probe,
            answers: more.answers ?? { "200 by order-api v1": 300 },
            tries: { number: more.tries ?? 4, status: 500 },
            held: undefined,
        },
    ],
    plainText: { "ecommerce/order-api v1 port 5678": "refused" },
    calls: { "ecommerce/order-api v1 -> ecommerce/customer-api": "200" },
    proxies: { "istio-system/istio-ingressgateway": snapshot(more.weight ?? 0) },
    requests: 300,
    seconds: 2,
    ...more,
});

describe("review: what a client sees differently", () => {
    const lines = (before: Measurement, after: Measurement) => compareBehaviour(before, after).lines;

    it("nothing changed is said as such", () => {
        const { lines, unchanged, proxies } = compareBehaviour(measured({}), measured({}));
        assert.deepEqual([lines, proxies], [[], []]);
        assert.deepEqual(unchanged.length, 4);
    });

    it("C9 other shares, with exact intervals and the configuration that explains them", () => {
        const [line] = lines(
            measured({}),
            measured({ answers: { "200 by order-api v1": 270, "200 by order-api v2": 30 }, weight: 10 }),
        );
        assert.equal(line?.request, "GET api.c4ang.com/api/v1/orders");
        assert.deepEqual(
            [line?.before, line?.after],
            ["200 by order-api v1 100 %", "200 by order-api v1 90 %, 200 by order-api v2 10 %"],
        );
        assert.match(
            line!.confidence,
            /300 and 300 requests, p \S+; after: 200 by order-api v1 8\d % to 9\d %, 200 by order-api v2 5\.\d % to 17 %/,
        );
        assert.match(line!.because[0]!, /istio-ingressgateway: routes http\.8080 .*weight: 0 -> 10/);
    });

    it("shares that differ by chance are no difference", () => {
        const at = (v2: number) =>
            measured({ answers: { "200 by order-api v1": 300 - v2, "200 by order-api v2": v2 } });
        assert.deepEqual(lines(at(24), at(41)), []);
    });

    it("C2 a removed route", () => {
        const [line] = lines(measured({}), measured({ answers: { "404 by the proxy": 300 } }));
        assert.deepEqual([line?.before, line?.after], ["200 by order-api v1 100 %", "404 by the proxy 100 %"]);
    });

    it("C3 T11 retries, S3 plain text, S4 calls, T10 time-outs", () => {
        const found = lines(
            measured({}),
            measured({
                tries: 1,
                plainText: { "ecommerce/order-api v1 port 5678": "accepted" },
                calls: { "ecommerce/order-api v1 -> ecommerce/customer-api": "403" },
            }),
        );
        assert.deepEqual(
            found.map(({ aspect, before, after }) => [aspect, before, after]),
            [
                ["retries", "3 retries, then 500", "0 retries, then 500"],
                ["plain text from outside the mesh", "refused", "accepted"],
                ["call inside the mesh", "200", "403"],
            ],
        );
        const held = (ms: number, status = 504) => {
            const base = measured({});
            return { ...base, probes: [{ ...base.probes[0]!, held: { status, ms } }] };
        };
        assert.deepEqual(lines(held(30_000), held(31_500)), []);
        assert.deepEqual(
            lines(held(30_000), held(10_000)).map(({ before, after }) => [before, after]),
            [["504 after 30.0 s", "504 after 10.0 s"]],
        );
    });

    it("a workload that comes or goes is said to be not there on the other side", () => {
        const [line] = lines(measured({}), measured({ plainText: {} }));
        assert.deepEqual([line?.before, line?.after], ["refused", "not there"]);
    });
});

describe("review: the stack on which behaviour is measured", () => {
    it("has a cluster of its own without ports of this machine, and leaves the suite out", () => {
        const { config } = parse(
            onEmbeddedCluster("config:\n  istio-platform:cluster: { kind: kind, name: c4ang-dev }\n", "rv1"),
        ) as { config: Record<string, unknown> };
        assert.deepEqual(config, {
            "istio-platform:cluster": { kind: "embedded", name: "rv1", hostPorts: [] },
            "istio-platform:verification": { enabled: false },
        });
    });

    it("P1 of a stack on EKS what only a cloud has is left out", () => {
        const text = `
config:
  istio-platform:cluster: { kind: eks, name: a, region: b }
  istio-platform:sampleImage: { app: x, image: y }
  istio-platform:mesh: { istiod: { replicas: 2 }, ingressGateway: { serviceType: LoadBalancer, requestFilter: {} }, outboundTrafficPolicy: REGISTRY_ONLY }
`;
        const { config } = parse(onEmbeddedCluster(text, "rv1")) as { config: Record<string, unknown> };
        assert.deepEqual(config["istio-platform:mesh"], {
            ingressGateway: { requestFilter: {} },
            outboundTrafficPolicy: "REGISTRY_ONLY",
        });
        assert.equal(config["istio-platform:sampleImage"], undefined);
    });
});
