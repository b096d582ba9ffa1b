import { strict as assert } from "node:assert";
import type { PlatformInput } from "../../../components/config/platform";
import type { Outcome } from "../../verification/runner/outcome";
import { startRun } from "../../verification/runner/run";
import type { Spec } from "../../verification/spec";
import { egovSettings } from "../../verification/specs/egov/settings";
import { routeFaults } from "../../verification/specs/routes/faults";
import { routeMatches } from "../../verification/specs/routes/matches";
import { routeWeights } from "../../verification/specs/routes/weights";
import type { Answer, EnvoyCluster, Pod, Proxy, Request, Target } from "../../verification/target/target";
import { config, fakeTarget, pod } from "./support";

/** The specs of declared routes against a gateway that does as declared, or nearly. */

const gateway = pod("gateway");
const pods: Record<string, Pod[]> = {
    "egov-hello": [
        pod("n1", { app: "egov-hello", version: "v1", variant: "normal" }),
        pod("e1", { app: "egov-hello", version: "v2", variant: "error" }),
    ],
    "order-api": [
        pod("stable", { app: "order-api", version: "v1" }),
        pod("candidate", { app: "order-api", version: "v2" }),
    ],
};

/** Numbers in [0, 1) that are the same in every run. */
function chance(): () => number {
    let state = 1;
    return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

const answered = (by: string): Answer => ({ status: 200, body: "", headers: {}, ms: 1, pod: by });
const aborted = (status: number): Answer => ({ status, body: "fault filter abort", headers: {}, ms: 1 });

async function statusOf(
    spec: Spec,
    values: Omit<PlatformInput, "cluster">,
    answer: (request: Request) => Answer,
    parts: Partial<Target> = {},
): Promise<Outcome[]> {
    const target = fakeTarget({
        config: config(values),
        gatewayPods: async () => [gateway],
        proxy: () => ({ pod: gateway, hosts: async () => [] }) as unknown as Proxy,
        kubernetes: {
            pods: async (_: string, labels: Record<string, string> = {}) =>
                (pods[labels["app"]!] ?? []).filter((one) =>
                    Object.entries(labels).every(([key, value]) => one.labels[key] === value),
                ),
        } as unknown as Target["kubernetes"],
        request: async (request, { count = 1 } = {}) => Array.from({ length: count }, () => answer(request)),
        connect: async () => ({ send: async (request) => answer(request), close: async () => {} }),
        ...parts,
    });
    const outcomes = startRun({
        target,
        specs: [spec],
        selected: () => true,
        signal: new AbortController().signal,
    });
    return Promise.all(outcomes.values());
}

const statuses = (outcomes: readonly Outcome[]) => outcomes.map(({ status }) => status);

describe("Verification, route weights: against a simulated gateway", () => {
    const shared = (share: number) => {
        const next = chance();
        const route = { name: "r", match: { prefix: "/r" }, weights: { v1: 90, v2: 10 } };
        return statusOf(routeWeights, { egov: { hello: { routes: [route] } } }, () =>
            answered(next() < share ? "e1" : "n1"),
        );
    };
    it("90/10 passes; a system without such routes is skipped", async () =>
        assert.deepEqual(statuses(await shared(0.1)).sort(), ["passed", "skipped"]));
    for (const share of [0.25, 0, 1])
        it(`a share of ${share * 100} % instead of 10 % is red`, async () =>
            assert.ok(statuses(await shared(share)).includes("failed")));
    it("answers of nobody are red", async () => {
        const route = { name: "r", match: { prefix: "/r" }, weights: { v1: 90, v2: 10 } };
        const outcomes = await statusOf(routeWeights, { egov: { hello: { routes: [route] } } }, () => aborted(503));
        assert.ok(statuses(outcomes).includes("failed"));
    });
});

describe("Verification, route faults: against a simulated gateway", () => {
    const fault = { delay: { fixedDelay: "5s", percent: 50 }, abort: { httpStatus: 500, percent: 50 } };
    const values = {
        egov: { hello: { routes: [{ name: "r", match: { prefix: "/r" }, weights: { v1: 100 }, fault }] } },
    };
    const faulty = ({ delayed = 0.5, delay = 5_005, abort = 0.5, status = 500 }) => {
        const next = chance();
        return statusOf(routeFaults, values, () => ({
            ...(next() < abort ? aborted(status) : answered("n1")),
            ms: next() < delayed ? delay : 5,
        }));
    };
    it("half delayed and half aborted passes", async () => assert.deepEqual(statuses(await faulty({})), ["passed"]));
    const wrong: Record<string, Parameters<typeof faulty>[0]> = {
        "40 % delayed": { delayed: 0.4 },
        "60 % delayed": { delayed: 0.6 },
        "a shorter delay": { delay: 4_000 },
        "a longer delay": { delay: 8_000 },
        "40 % aborted": { abort: 0.4 },
        "another status": { status: 503 },
        "no fault at all": { delayed: 0, abort: 0 },
    };
    for (const [what, behaviour] of Object.entries(wrong))
        it(`${what} is red`, async () => assert.deepEqual(statuses(await faulty(behaviour)), ["failed"]));
    it("an abort by a pod instead of the proxy is red", async () => {
        const next = chance();
        const outcomes = await statusOf(routeFaults, values, () => ({
            ...answered("n1"),
            status: next() < 0.5 ? 500 : 200,
            ms: next() < 0.5 ? 5_005 : 5,
        }));
        assert.deepEqual(statuses(outcomes), ["failed"]);
    });
});

describe("Verification, route matches: against a simulated gateway", () => {
    const values = { ecommerce: { canaries: { "order-api": {} } } };
    const matching = (isCandidate: (headers: Readonly<Record<string, string>>) => boolean) => {
        const next = chance();
        return statusOf(routeMatches, values, ({ headers = {} }) =>
            answered(isCandidate(headers) || next() < 0.1 ? "candidate" : "stable"),
        );
    };
    const cookies = ({ cookie = "" }) => cookie.split("; ");
    const right = (headers: Readonly<Record<string, string>>) =>
        headers["x-version"] === "v2" || headers["canary"] === "true" || cookies(headers).includes("canary=true");

    it("the declared groups pass", async () => assert.deepEqual(statuses(await matching(right)), ["passed"]));
    const wrong: Record<string, (headers: Readonly<Record<string, string>>) => boolean> = {
        "another value of the header": (headers) =>
            right({ ...headers, "x-version": "" }) || headers["x-version"] === "v3",
        "every value that begins so": (headers) => right(headers) || (headers["x-version"] ?? "").startsWith("v2"),
        "every case of the value": (headers) => right(headers) || headers["canary"] === "TRUE",
        "no group by cookie": (headers) => right({ ...headers, cookie: "" }),
        "a cookie that contains the pair": (headers) =>
            right(headers) || (headers["cookie"] ?? "").includes("canary=true"),
        "one cookie only": (headers) => right({ ...headers, cookie: "" }) || headers["cookie"] === "canary=true",
        everybody: () => true,
    };
    for (const [what, isCandidate] of Object.entries(wrong))
        it(`${what} is red`, async () => assert.deepEqual(statuses(await matching(isCandidate)), ["failed"]));
});

describe("Verification, settings of egov-hello: the profile that is declared", () => {
    const cluster = (consecutive5xx: number): EnvoyCluster => ({
        name: "outbound|80||egov-hello.egov-app.svc.cluster.local",
        outlier_detection: {
            consecutive_5xx: consecutive5xx,
            interval: "10s",
            base_ejection_time: "300s",
            max_ejection_percent: 50,
            enforcing_consecutive_5xx: 100,
        },
        common_lb_config: { healthy_panic_threshold: { value: 60 } },
    });
    const outlier = async (consecutive5xx: number) => {
        const outcomes = await statusOf(
            egovSettings,
            { egov: { outlierDetection: "production" } },
            () => answered("n1"),
            { proxy: () => ({ pod: gateway, clusters: async () => [cluster(consecutive5xx)] }) as unknown as Proxy },
        );
        return outcomes.find(({ check }) => check.ids.includes("E6"))!;
    };
    it("E6 production passes as Envoy has to have it", async () => assert.equal((await outlier(5)).status, "passed"));
    it("E6 the test profile's number of errors is red", async () => {
        const { status, failure } = await outlier(3);
        assert.equal(status, "failed");
        assert.match(failure!.seen, /consecutive5xxErrors .*: 3 instead of 5/);
    });
});
