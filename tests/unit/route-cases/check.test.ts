import assert from "node:assert/strict";
import { readCases, requestsOf, type RouteCase } from "../../../cli/route-cases/cases";
import { problemsOf, type Outcome } from "../../../cli/route-cases/check";
import { readVirtualServices, servedBy, surroundings } from "../../../cli/route-cases/mesh";

const virtualServices = readVirtualServices(
    "vs.yaml",
    `
kind: VirtualService
metadata: {name: shop, namespace: shop}
spec: {hosts: [shop.example, "*.eu.example"], gateways: [edge/public, mesh], http: [{route: [{destination: {host: web, subset: v1}}]}, {route: [{destination: {host: web, subset: v2, port: {number: 8080}}}]}]}
---
kind: VirtualService
metadata: {name: inside}
spec: {hosts: [web]}
---
kind: Gateway
metadata: {name: ignored}
`,
);

const outcome = (more: Partial<Outcome> = {}): Outcome => ({
    status: 200,
    headers: {},
    cluster: "outbound|80|v1|web.shop.svc.cluster.local",
    arrived: { uri: "/", headers: { host: "shop.example" } },
    ...more,
});
const testCase = (expected: Partial<RouteCase>): RouteCase => ({
    ...{ description: "d", wantMatch: true, file: "f" },
    request: { authority: ["shop.example"], method: ["GET"], uri: ["/a"], headers: {} },
    ...expected,
});
const to = (host: string, subset?: string, number?: number) => [
    { destination: { host, subset, ...(number && { port: { number } }) } },
];

describe("route test cases: what a case asks for", () => {
    const cases: [title: string, expected: Partial<RouteCase>, seen: Outcome, problem: RegExp | undefined][] = [
        ["the host, completed", { route: to("web", "v1") }, outcome(), undefined],
        ["the full host", { route: to("web.shop.svc.cluster.local", "v1", 80) }, outcome(), undefined],
        [
            "another subset",
            { route: to("web", "v2") },
            outcome(),
            /must go to web v2: it goes to web\.shop\.svc\.cluster\.local v1 80 \(200\)/,
        ],
        ["another port", { route: to("web", "v1", 8080) }, outcome(), /must go to web v1 8080/],
        [
            "no route",
            { route: to("web") },
            outcome({ status: 404, cluster: undefined, arrived: undefined }),
            /no route takes it \(404\)/,
        ],
        [
            "a redirect",
            { redirect: { uri: "/new", authority: "b.example", scheme: "https", redirectCode: 301 } },
            outcome({ status: 301, cluster: undefined, headers: { location: "https://b.example/new" } }),
            undefined,
        ],
        [
            "a redirect elsewhere",
            { redirect: { uri: "/new" } },
            outcome({ status: 301, headers: { location: "http://shop.example/old" } }),
            /path is \/old instead of \/new/,
        ],
        ["no redirect", { redirect: { uri: "/new" } }, outcome(), /a redirect expected: it goes to/],
        [
            "a rewrite",
            { rewrite: { uri: "/b", authority: "in.example" } },
            outcome({ arrived: { uri: "/b/c", headers: { host: "in.example" } } }),
            undefined,
        ],
        [
            "no rewrite",
            { rewrite: { uri: "/b" } },
            outcome({ arrived: { uri: "/a", headers: {} } }),
            /rewritten to \/a instead of \/b/,
        ],
        [
            "a rewrite by regular expression",
            { rewrite: { uriRegexRewrite: { match: "^/(.)$", rewrite: "/x/\\1" } } },
            outcome({ arrived: { uri: "/x/a", headers: {} } }),
            undefined,
        ],
        [
            "headers",
            { headers: { request: { set: { "X-A": "1" }, remove: ["x-b"] }, response: { add: { "x-c": "2" } } } },
            outcome({ headers: { "x-c": "1, 2" }, arrived: { uri: "/", headers: { "x-a": "1" } } }),
            undefined,
        ],
        [
            "a header that stays",
            { headers: { request: { remove: ["x-b"] } } },
            outcome({ arrived: { uri: "/", headers: { "x-b": "1" } } }),
            /x-b is still there/,
        ],
        [
            "a fault",
            { fault: { abort: { httpStatus: 403 } }, route: to("web") },
            outcome({ status: 403, cluster: undefined }),
            undefined,
        ],
        ["no fault", { fault: { abort: { httpStatus: 403 } } }, outcome(), /status 403 by a fault expected/],
        ["a delegate", { delegate: { name: "shop" } }, outcome(), undefined],
        [
            "a delegate that leads elsewhere",
            { delegate: { name: "shop" } },
            outcome({ cluster: "outbound|80||other.example" }),
            /must go where the delegate shop leads to/,
        ],
        ["a delegate that is not there", { delegate: { name: "gone" } }, outcome(), /gone is not among the files/],
    ];
    for (const [title, expected, seen, problem] of cases) {
        it(title, () => {
            const one = testCase(expected);
            const found = problemsOf(one, requestsOf(one)[0]!, [seen], virtualServices);
            if (problem) assert.match(found.join("; "), problem);
            else assert.deepEqual(found, []);
        });
        it(`${title}, with wantMatch: false`, () => {
            const one = testCase({ ...expected, wantMatch: false });
            assert.equal(problemsOf(one, requestsOf(one)[0]!, [seen], virtualServices).length, problem ? 0 : 1);
        });
    }

    it("C9 weights are tested exactly", () => {
        const route = [
            { ...to("web", "v1")[0]!, weight: 90 },
            { ...to("web", "v2")[0]!, weight: 10 },
        ];
        const at = (v2: number) =>
            Array.from({ length: 400 }, (_, index) =>
                outcome(index < v2 ? { cluster: "outbound|8080|v2|web.shop.svc.cluster.local" } : {}),
            );
        const problems = (v2: number) =>
            problemsOf(testCase({ route }), requestsOf(testCase({}))[0]!, at(v2), virtualServices);
        assert.deepEqual(problems(43), []);
        assert.match(problems(200).join("; "), /10 % must go to web v2: 200 of 400 did/);
    });
});

describe("route test cases: files", () => {
    it("every combination of authority, method and path is a request", () => {
        const [one] = readCases(
            "c.yaml",
            "testCases: [{description: d, wantMatch: true, request: {authority: [a, b], method: [GET, PUT], uri: [/x, /y]}}]",
        );
        assert.equal(requestsOf(one!).length, 8);
    });

    it("problems are named with their path, unknown keys too", () => {
        assert.throws(
            () =>
                readCases(
                    "c.yaml",
                    "testCases: [{description: d, wantMatch: maybe, request: {authority: [], uri: [/]}, rout: []}]",
                ),
            (error: Error) => {
                for (const part of ["c.yaml", "testCases.0.wantMatch", "testCases.0.request.authority", "rout"])
                    assert.ok(error.message.includes(part), error.message);
                return true;
            },
        );
    });

    it("several documents, and other kinds beside VirtualServices", () => {
        assert.deepEqual(
            virtualServices.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`),
            ["shop/shop", "default/inside"],
        );
    });

    it("who serves a host: gateways, sidecars or both", () => {
        assert.deepEqual(servedBy(virtualServices, "shop.example:80"), ["gateway", "mesh"]);
        assert.deepEqual(servedBy(virtualServices, "a.eu.example"), ["gateway", "mesh"]);
        assert.deepEqual(servedBy(virtualServices, "web.default.svc.cluster.local"), ["mesh"]);
        assert.deepEqual(servedBy(virtualServices, "other.example"), []);
    });

    it("istiod is told of every destination with its ports and subsets, and of every gateway", () => {
        const objects = surroundings(virtualServices, { gateway: 1, mesh: 2, echo: 3 }) as {
            kind: string;
            metadata: { name: string; namespace: string };
            spec: Record<string, unknown>;
        }[];
        const entry = objects.find(
            ({ kind, spec }) => kind === "ServiceEntry" && String(spec["hosts"]) === "web.shop.svc.cluster.local",
        );
        assert.deepEqual(entry?.spec["ports"], [{ number: 8080, name: "http-8080", protocol: "HTTP" }]);
        assert.deepEqual(
            (entry?.spec["endpoints"] as { labels: object }[]).map(({ labels }) => labels),
            [{ subset: "v1" }, { subset: "v2" }],
        );
        assert.deepEqual(
            objects
                .filter(({ kind, metadata }) => kind === "Gateway" && metadata.namespace !== "istio-system")
                .map(({ metadata }) => metadata),
            [{ name: "public", namespace: "edge" }],
        );
    });
});
