import assert from "node:assert/strict";
import { decide, DOCUMENTED, type VersionWindow } from "../../../cli/release/decision";
import { numberIn, windowOf } from "../../../cli/release/metrics";
import { DOCUMENTED_PLAN, release, type ReleaseActions } from "../../../cli/release/release";

const window = (requests: number, errors: number, p95: number | undefined = 40): VersionWindow => ({
    requests,
    errors,
    p95,
});

describe("release: the decision about a candidate", () => {
    const good = window(9_000, 3);
    const cases: [title: string, stable: VersionWindow, candidate: VersionWindow, verdict: string, reason: RegExp][] = [
        ["as good as today's", good, window(1_000, 0), "advance", /1000 requests, 0\.00 % fail, p95 40 ms/],
        ["T5 success of 98 %", good, window(1_000, 20), "roll back", /2\.00 % of 1000 requests fail/],
        [
            "C9 far worse than today's, below the limit",
            window(90_000, 0),
            window(10_000, 60),
            "roll back",
            /0\.00 % of today's/,
        ],
        ["every request fails, however few there are", good, window(20, 20), "roll back", /100\.00 %/],
        ["today's version fails as often", window(9_000, 45), window(1_000, 5), "advance", /0\.50 % fail/],
        ["two errors in 150 are no proof", good, window(150, 2), "wait", /too few requests to be sure/],
        ["too few requests", good, window(99, 0), "wait", /99 requests of at least 100/],
        ["no requests at all", good, window(0, 0, undefined), "wait", /0 requests/],
        [
            "C16 p95 above a second",
            window(900, 0, 990),
            window(1_000, 0, 1_010),
            "roll back",
            /1010 ms, more than 1000 ms/,
        ],
        ["C9 half as slow again as today's", good, window(1_000, 0, 65), "roll back", /65 ms, and 40 ms of today's/],
        [
            "a few milliseconds more, though twice as many",
            window(900, 0, 5),
            window(1_000, 0, 12),
            "advance",
            /p95 12 ms/,
        ],
        ["C9 no requests to today's version at 100 %", window(0, 0, undefined), window(1_000, 2), "advance", /0\.20 %/],
        ["latency is not known", good, { requests: 500, errors: 0, p95: undefined }, "wait", /no latency/],
    ];
    for (const [title, stable, candidate, verdict, reason] of cases)
        it(`${title}: ${verdict}`, () => {
            const decision = decide(stable, candidate);
            assert.equal(decision.verdict, verdict, decision.reasons.join("; "));
            assert.match(decision.reasons.join("; "), reason);
        });

    it("T5 C16 the limits are the documents' numbers", () => {
        assert.deepEqual(DOCUMENTED, { minimumRequests: 100, errors: 0.01, p95: 1000, p95Ratio: 1.5 });
        const { steps, stepTime, interval } = DOCUMENTED_PLAN;
        assert.deepEqual({ steps, stepTime, interval }, { steps: [10, 50, 100], stepTime: 300_000, interval: 45_000 });
    });
});

/** An environment whose clock only the release moves. */
function environment(candidate: (share: number) => VersionWindow) {
    let [clock, share] = [0, 0];
    const shifts: number[] = [];
    const windows: number[] = [];
    const actions: ReleaseActions = {
        shift: (wanted) => {
            shifts.push((share = wanted));
            return Promise.resolve();
        },
        measure: (seconds) => {
            windows.push(seconds);
            return Promise.resolve({ stable: window(5_000, 1), candidate: candidate(share) });
        },
        say: () => undefined,
        now: () => clock,
        wait: (milliseconds, signal) => {
            signal.throwIfAborted();
            clock += milliseconds;
            return Promise.resolve();
        },
    };
    return { actions, shifts, windows, clock: () => clock };
}

const never = new AbortController().signal;

describe("release: steps", () => {
    it("C9 a good candidate gets 10, 50, 100 %, five minutes each", async () => {
        const { actions, shifts, windows, clock } = environment(() => window(1_000, 0));
        const { released, looks } = await release(actions, DOCUMENTED_PLAN, never);
        assert.deepEqual([released, shifts], [true, [10, 50, 100]]);
        assert.equal(clock(), 3 * 7 * 45_000);
        assert.equal(looks.length, 21);
        assert.equal(Math.max(...windows), 300);
    });

    it("C9 one that fails at 50 % is rolled back at the first look", async () => {
        const { actions, shifts } = environment((share) => window(1_000, share >= 50 ? 100 : 0));
        const { released, looks } = await release(actions, DOCUMENTED_PLAN, never);
        assert.deepEqual([released, shifts], [false, [10, 50, 0]]);
        assert.equal(looks.at(-1)?.verdict, "roll back");
    });

    it("one without requests is rolled back when its patience ends", async () => {
        const { actions, shifts, clock } = environment(() => window(0, 0, undefined));
        assert.equal((await release(actions, DOCUMENTED_PLAN, never)).released, false);
        assert.deepEqual(shifts, [10, 0]);
        assert.equal(clock(), 900_000);
    });

    it("metrics that cannot be read, and an interruption, roll back, too", async () => {
        const broken = environment(() => {
            throw new Error("no metrics");
        });
        await assert.rejects(release(broken.actions, DOCUMENTED_PLAN, never), /no metrics/);
        assert.deepEqual(broken.shifts, [10, 0]);
        const stopped = environment(() => window(1_000, 0));
        const stop = new AbortController();
        const waiting = stopped.actions.wait!;
        const actions = {
            ...stopped.actions,
            wait: (ms: number, signal: AbortSignal) => (stop.abort(new Error("stopped")), waiting(ms, signal)),
        };
        await assert.rejects(release(actions, DOCUMENTED_PLAN, stop.signal), /stopped/);
        assert.deepEqual(stopped.shifts, [10, 0]);
    });
});

describe("release: metrics", () => {
    it("C15 asks for the called side's counts of one version", async () => {
        const asked: string[] = [];
        const query = (expression: string) => {
            asked.push(expression);
            return Promise.resolve(
                expression.startsWith("histogram") ? 12.5 : expression.includes("5..") ? 2.02 : 99.6,
            );
        };
        const found = await windowOf(query, { service: "order-api", namespace: "ecommerce", version: "v2" }, 60);
        assert.deepEqual(found, { requests: 100, errors: 2, p95: 12.5 });
        for (const expression of asked) {
            assert.match(
                expression,
                /reporter="destination",destination_service="order-api\.ecommerce\.svc\.cluster\.local",version="v2"/,
            );
            assert.match(expression, /\[60s\]/);
        }
    });

    it("reads Prometheus' answers", () => {
        const body = (value?: string) =>
            JSON.stringify({
                status: "success",
                data: { resultType: "vector", result: value === undefined ? [] : [{ metric: {}, value: [1, value] }] },
            });
        assert.deepEqual([numberIn(body("3.5")), numberIn(body("NaN")), numberIn(body())], [3.5, undefined, undefined]);
        assert.throws(() => numberIn(JSON.stringify({ status: "error", error: "x" })));
    });
});
