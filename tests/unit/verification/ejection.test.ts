import { strict as assert } from "node:assert";
import type { OutlierDetection } from "../../../components/config/traffic";
import { milliseconds } from "../../../components/config/units";
import { CheckFailure } from "../../verification/failure";
import { EjectionScenario, type EjectionClient } from "../../verification/specs/support/ejection";
import type { Answer, EnvoyHost, Pod, Proxy } from "../../verification/target/target";
import { pod } from "./support";

/** A proxy that balances in turn and ejects as Envoy does, with the given values; the suite must notice wrong ones. */
class SimulatedProxy implements EjectionClient {
    readonly name = "the simulated proxy";
    readonly cluster = "c";
    readonly errors = new Map<string, number>();
    readonly ejectedAt = new Map<string, number>();
    ejections = 0;
    private turn = 0;

    constructor(
        private readonly pods: readonly Pod[],
        private readonly policy: { threshold: number; base: number; panic?: boolean; never?: boolean },
    ) {}

    readonly proxy = { pod: pod("proxy"), hosts: async () => this.hosts() } as unknown as Proxy;

    async send(count: number): Promise<Answer[]> {
        return Array.from({ length: count }, () => this.answer(false));
    }

    async sendHealthy(count: number): Promise<Answer[]> {
        return Array.from({ length: count }, () => this.answer(true));
    }

    private isEjected({ name }: Pod): boolean {
        return performance.now() - (this.ejectedAt.get(name) ?? -Infinity) < this.policy.base;
    }

    private hosts(): EnvoyHost[] {
        return this.pods.map((one) => ({
            ip: one.ip,
            port: 8080,
            requests: 0,
            flags: this.isEjected(one) ? ["failed_outlier_check"] : [],
        }));
    }

    private answer(healthy: boolean): Answer {
        const usable = this.pods.filter((one) => this.policy.panic || !this.isEjected(one));
        const one = usable[this.turn++ % usable.length]!;
        const failed = !healthy && one.labels["variant"] === "error";
        const errors = failed ? (this.errors.get(one.name) ?? 0) + 1 : 0;
        this.errors.set(one.name, errors);
        if (errors === this.policy.threshold && !this.policy.never) {
            this.ejectedAt.set(one.name, performance.now());
            this.ejections++;
            this.errors.set(one.name, 0);
        }
        return { status: failed ? 500 : 200, body: "", headers: {}, ms: 1, pod: one.name };
    }
}

const pods = [
    pod("n1", { variant: "normal" }, "10.0.0.1"),
    pod("n2", { variant: "normal" }, "10.0.0.2"),
    pod("e1", { variant: "error" }, "10.0.0.3"),
];
const declared: OutlierDetection = {
    interval: "50ms",
    consecutive5xxErrors: 3,
    baseEjectionTime: "600ms",
    maxEjectionPercent: 100,
    minHealthPercent: 0,
};
/** The simulated proxy is never late. */
const lags = { flag: 200, workers: 200, return: 200 };
const right = { threshold: 3, base: milliseconds(declared.baseEjectionTime) };

async function play(
    policy: ConstructorParameters<typeof SimulatedProxy>[1],
    among = pods,
    expected = declared,
): Promise<SimulatedProxy> {
    const proxy = new SimulatedProxy(among, policy);
    const scenario = new EjectionScenario(proxy, among, expected, new AbortController().signal, () => {}, lags);
    await scenario.prepare();
    const ejections = await scenario.ejectExactly();
    await scenario.allSucceed();
    await scenario.awaitReturn(ejections);
    return proxy;
}

const fails = (playing: Promise<unknown>, seen: RegExp) =>
    assert.rejects(playing, (error) => error instanceof CheckFailure && seen.test(error.message));

describe("Verification, ejection: against a simulated proxy", function () {
    this.timeout(15_000);
    it("a proxy that does as declared passes, with one ejection", async () => {
        assert.equal((await play(right)).ejections, 1);
    });
    it("two error pods are ejected, each on its own", async () => {
        const more = [...pods, pod("e2", { variant: "error" }, "10.0.0.4")];
        assert.equal((await play(right, more)).ejections, 2);
    });
    it("leaves no error counted for pods that came back", async () => {
        const proxy = await play(right);
        assert.equal(proxy.errors.get("e1"), 0);
    });
    it("a threshold that is one too small", () =>
        fails(play({ ...right, threshold: 2 }), /after 2 errors in a row e1/));
    it("a threshold that is one too large", () => fails(play({ ...right, threshold: 4 }), /3 errors in a row, but/));
    it("no ejection at all", () => fails(play({ ...right, never: true }), /3 errors in a row, but/));
    it("panic: the ejected pod still gets requests", () => fails(play({ ...right, panic: true }), /500 from e1/));
    // Far too early, so that a machine that is busy for seconds cannot hide it.
    it("a return that is too early", () =>
        fails(play({ ...right, base: 300 }, pods, { ...declared, baseEjectionTime: "10s" }), /back in the simulated/));
    it("a return that is too late", () => fails(play({ ...right, base: 60_000 }), /still ejected/));
    it("an error pod that does not fail", async () => {
        const healthy = pods.map((one) => (one.name === "e1" ? pod("e1", { variant: "error" }, one.ip) : one));
        const proxy = new SimulatedProxy(healthy, right);
        const client: EjectionClient = {
            name: proxy.name,
            cluster: "c",
            proxy: proxy.proxy,
            send: (n) => proxy.sendHealthy(n),
            sendHealthy: (n) => proxy.sendHealthy(n),
        };
        const scenario = new EjectionScenario(client, healthy, declared, new AbortController().signal, () => {}, lags);
        await scenario.prepare();
        await fails(scenario.ejectExactly(), /1 x 200 from e1/);
    });
    it("a pod that gets no requests", async () => {
        const proxy = new SimulatedProxy(pods.slice(0, 2), right);
        const scenario = new EjectionScenario(proxy, pods, declared, new AbortController().signal, () => {}, lags);
        await fails(scenario.prepare(), /never e1/);
    });
});
