import { strict as assert } from "node:assert";
import fc from "fast-check";
import { CheckFailure } from "../../verification/failure";
import { LockTable } from "../../verification/runner/locks";
import type { Outcome } from "../../verification/runner/outcome";
import { startRun, type RunOptions } from "../../verification/runner/run";
import { exclusive, shared, type Spec } from "../../verification/spec";
import { Semaphore } from "../../verification/target/semaphore";
import { DeadlineExceeded, until, within } from "../../verification/wait";
import { fakeTarget, gate, spec } from "./support";

const failure = new CheckFailure({ expected: "a", seen: "b", cause: "c", action: "d" });

async function run(specs: Spec[], options: Partial<RunOptions> = {}): Promise<Map<string, Outcome>> {
    const outcomes = startRun({
        target: fakeTarget(),
        specs,
        selected: () => true,
        signal: new AbortController().signal,
        ...options,
    });
    return new Map(await Promise.all([...outcomes].map(async ([title, one]) => [title, await one] as const)));
}

const statuses = (outcomes: Map<string, Outcome>) =>
    Object.fromEntries([...outcomes].map(([title, { status }]) => [title, status]));

describe("Verification, runner: outcomes", () => {
    it("each check has its own outcome", async () => {
        const one = spec("one", { good: "A1 good", bad: "A2 bad" }, async ({ check, all }) => {
            await all(
                () => check("bad", async () => Promise.reject(failure)),
                () => check("good", async () => {}),
            );
        });
        const outcomes = await run([one]);
        assert.deepEqual(statuses(outcomes), { "A1 good": "passed", "A2 bad": "failed" });
        assert.equal(outcomes.get("A2 bad")!.failure!.seen, "b");
    });
    it("what builds on a failed check is red as not reached, and says so", async () => {
        const one = spec("one", { first: "A1 first", second: "A2 second" }, async ({ check }) => {
            await check("first", async () => Promise.reject(failure));
            await check("second", async () => {});
        });
        const outcomes = await run([one]);
        assert.equal(outcomes.get("A2 second")!.status, "failed");
        assert.match(outcomes.get("A2 second")!.failure!.seen, /"A1 first" failed before/);
    });
    it("a check that cannot be made is red, not skipped", async () => {
        const outcomes = await run([
            spec("throws", { a: "A1 throws" }, async () => Promise.reject(new Error("no cluster"))),
            spec("forgets", { a: "A2 forgets" }, async () => {}),
        ]);
        assert.deepEqual(statuses(outcomes), { "A1 throws": "failed", "A2 forgets": "failed" });
        assert.equal(outcomes.get("A1 throws")!.failure!.seen, "no cluster");
        assert.match(outcomes.get("A2 forgets")!.failure!.seen, /without making the check/);
    });
    it("a declared feature that is missing skips, with the reason: a spec or a single check", async () => {
        const whole = spec("whole", { a: "A1 whole" }, async () => assert.fail("must not run"), {
            needs: ["weights"],
        });
        const part = spec(
            "part",
            { a: { ids: ["A2"], title: "A2 part", needs: ["weights"] }, b: "A3 rest" },
            async ({ check, wanted }) => {
                assert.equal(wanted("a"), false);
                await check("a", async () => assert.fail("must not run"));
                await check("b", async () => {});
            },
        );
        const outcomes = await run([whole, part]);
        assert.deepEqual(statuses(outcomes), { "A1 whole": "skipped", "A2 part": "skipped", "A3 rest": "passed" });
        assert.match(outcomes.get("A1 whole")!.reason!, /weights is not set/);
    });
    it("what was not selected does no work", async () => {
        const never = spec("never", { a: "A1 never" }, async () => assert.fail("must not run"));
        const half = spec("half", { a: "A2 half", b: "A3 half" }, async ({ check, wanted }) => {
            assert.equal(wanted("a"), false);
            await check("a", async () => assert.fail("must not run"));
            await check("b", async () => {});
        });
        const outcomes = await run([never, half], { selected: (title) => title === "A3 half" });
        assert.deepEqual(statuses(outcomes), { "A3 half": "passed" });
    });
    it("the deadline turns what is unfinished red at once", async () => {
        const controller = new AbortController();
        const hangs = spec("hangs", { done: "A1 done", hangs: "A2 hangs" }, async ({ check }) => {
            await check("done", async () => {});
            controller.abort(new DeadlineExceeded("the whole suite had 1 s"));
            await new Promise(() => {});
        });
        const outcomes = await run([hangs], { signal: controller.signal });
        assert.deepEqual(statuses(outcomes), { "A1 done": "passed", "A2 hangs": "failed" });
        assert.match(outcomes.get("A2 hangs")!.failure!.seen, /the whole suite had 1 s/);
    });
    it("failed checks carry their evidence, and evidence that cannot be saved harms nothing", async () => {
        const bad = () => spec("bad", { a: "A1 bad" }, ({ check }) => check("a", async () => Promise.reject(failure)));
        const saved = await run([bad()], { saveEvidence: async () => ["evidence/bad/x.txt"] });
        assert.deepEqual(saved.get("A1 bad")!.evidence, ["evidence/bad/x.txt"]);
        const unsaved = await run([bad()], { saveEvidence: async () => Promise.reject(new Error("disk full")) });
        assert.match(unsaved.get("A1 bad")!.evidence[0]!, /disk full/);
    });
    it("what starts first keeps its place in the report", async () => {
        const seen: string[] = [];
        const one = (name: string, startsFirst: boolean) =>
            spec(name, { a: `A1 ${name}` }, ({ check }) => check("a", async () => void seen.push(name)), {
                startsFirst,
                locks: () => exclusive("x"),
            });
        const outcomes = await run([one("short", false), one("long", true)]);
        assert.deepEqual(seen, ["long", "short"]);
        assert.deepEqual([...outcomes.keys()], ["A1 short", "A1 long"]);
    });
    it("in order: every part runs, one after the other, and the first failure is passed on", async () => {
        const seen: string[] = [];
        const one = spec("one", { a: "A1 a", b: "A2 b", c: "A3 c" }, async ({ check, inOrder }) => {
            await inOrder(
                () => check("a", async () => void seen.push("a")),
                () => check("b", async () => Promise.reject(failure)),
                () => check("c", async () => void seen.push("c")),
            );
        });
        assert.deepEqual(statuses(await run([one])), { "A1 a": "passed", "A2 b": "failed", "A3 c": "passed" });
        assert.deepEqual(seen, ["a", "c"]);
    });
    it("two checks with one title are a mistake", async () => {
        const twin = () => spec("twin", { a: "A1 twin" }, ({ check }) => check("a", async () => {}));
        await assert.rejects(run([twin(), twin()]), /two checks have the title/);
    });
});

describe("Verification, runner: locks", () => {
    it("specs without a common resource run side by side, those with one do not", async () => {
        const table = new LockTable();
        const first = gate();
        const log: string[] = [];
        const task = (name: string, wait?: Promise<void>) => async () => {
            log.push(`${name} begins`);
            await wait;
            log.push(`${name} ends`);
        };
        const running = [
            table.use(exclusive("a"), task("one", first.opened)),
            table.use(exclusive("a"), task("two")),
            table.use(exclusive("b"), task("three")),
        ];
        await running[2];
        assert.deepEqual(log, ["one begins", "three begins", "three ends"]);
        first.open();
        await Promise.all(running);
        assert.deepEqual(log.slice(3), ["one ends", "two begins", "two ends"]);
    });
    it("readers share, a writer that came first is not overtaken", async () => {
        const table = new LockTable();
        const first = gate();
        const log: string[] = [];
        const running = [
            table.use(shared("a"), () => first.opened),
            table.use(exclusive("a"), async () => void log.push("writer")),
            table.use(shared("a"), async () => void log.push("reader")),
        ];
        first.open();
        await Promise.all(running);
        assert.deepEqual(log, ["writer", "reader"]);
    });
    it("never two at once who disturb each other, and everybody's turn comes", async () => {
        await fc.assert(
            fc.asyncProperty(
                fc.array(
                    fc.uniqueArray(
                        fc.record({
                            resource: fc.constantFrom("a", "b", "c"),
                            mode: fc.constantFrom("exclusive" as const, "shared" as const),
                        }),
                        { selector: ({ resource }) => resource, maxLength: 3 },
                    ),
                    { minLength: 1, maxLength: 12 },
                ),
                async (tasks) => {
                    const table = new LockTable();
                    const held: { resource: string; mode: string }[] = [];
                    let done = 0;
                    await Promise.all(
                        tasks.map((locks) =>
                            table.use(locks, async () => {
                                for (const lock of locks)
                                    for (const other of held)
                                        assert.ok(
                                            other.resource !== lock.resource ||
                                                (other.mode === "shared" && lock.mode === "shared"),
                                        );
                                held.push(...locks);
                                await new Promise((resolve) => setImmediate(resolve));
                                for (const lock of locks) held.splice(held.indexOf(lock), 1);
                                done++;
                            }),
                        ),
                    );
                    assert.equal(done, tasks.length);
                },
            ),
        );
    });
    it("a task that fails gives its locks back", async () => {
        const table = new LockTable();
        await assert.rejects(table.use(exclusive("a"), async () => Promise.reject(new Error("x"))));
        await table.use(exclusive("a"), async () => {});
    });
    it("a semaphore bounds what runs at once", async () => {
        const semaphore = new Semaphore(2);
        let running = 0;
        let most = 0;
        await Promise.all(
            Array.from({ length: 20 }, () =>
                semaphore.use(async () => {
                    most = Math.max(most, ++running);
                    await new Promise((resolve) => setImmediate(resolve));
                    running--;
                }),
            ),
        );
        assert.equal(most, 2);
    });
});

describe("Verification, runner: waiting", () => {
    it("ends with the condition's value", async () => {
        let looks = 0;
        const value = await until("three", () => (++looks === 3 ? "three" : undefined), {
            deadline: 1000,
            interval: 1,
        });
        assert.deepEqual([value, looks], ["three", 3]);
    });
    it("ends at the deadline, and names the condition", async () => {
        const waiting = until("the pod", () => false, { deadline: 20, interval: 5 });
        await assert.rejects(waiting, (error) => error instanceof DeadlineExceeded && /the pod/.test(error.message));
    });
    it("ends at once when it is aborted", async () => {
        const controller = new AbortController();
        const waiting = until("x", () => false, { deadline: 60_000, interval: 60_000, signal: controller.signal });
        controller.abort(new Error("interrupted"));
        await assert.rejects(waiting, /interrupted/);
    });
    it("bounds promises without a time limit of their own", async () => {
        await assert.rejects(within("the API server", 10, new Promise(() => {})), /the API server: no answer within/);
        assert.equal(await within("x", 1000, Promise.resolve(1)), 1);
    });
});
