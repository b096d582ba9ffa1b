import { missing } from "../features";
import { CheckFailure, failureDetails } from "../failure";
import type { Context, Spec } from "../spec";
import { Semaphore } from "../target/semaphore";
import type { Target } from "../target/target";
import { LockTable } from "./locks";
import type { Outcome } from "./outcome";

/** Runs the selected specs side by side; each check's outcome can be awaited on its own. */

export interface RunOptions {
    target: Target;
    specs: readonly Spec[];
    /** Whether the check with this title was selected. */
    selected(title: string): boolean;
    signal: AbortSignal;
    /** Saves the evidence of a spec with failed checks; answers with the files' names. */
    saveEvidence?(spec: Spec, failed: Outcome[]): Promise<string[]>;
    /** Saves the files of a check that has passed; answers with their names. */
    saveFiles?(spec: Spec, files: Readonly<Record<string, string>>): Promise<string[]>;
    /** Called when a spec says what it waits for, and with undefined when it has ended. */
    onProgress?(spec: Spec, what: string | undefined): void;
}

/** A check that another one, which failed, had to come before. */
class NotReached extends CheckFailure {
    constructor(failed: string) {
        super({
            expected: "that the check is reached",
            seen: `not made: "${failed}" failed before`,
            cause: `what made "${failed}" fail`,
            action: `mend "${failed}" first`,
        });
    }
}

/**
 * Specs that run at once. Most of them wait most of the time; with all of them at once a small machine would be so busy
 * at the beginning that requests take longer than they may.
 */
const specsAtOnce = 8;

/** The outcomes of the selected checks by title: promises that never reject. */
export function startRun(options: RunOptions): Map<string, Promise<Outcome>> {
    const locks = new LockTable();
    const places = new Semaphore(specsAtOnce);
    const outcomes = new Map<string, Promise<Outcome>>();
    const runs: { spec: Spec; recorder: Recorder }[] = [];
    for (const spec of options.specs) {
        const keys = Object.keys(spec.checks).filter((key) => options.selected(spec.checks[key]!.title));
        if (keys.length === 0) continue;
        const recorder = new Recorder(spec, keys);
        for (const key of keys) {
            const title = spec.checks[key]!.title;
            if (outcomes.has(title)) throw new Error(`two checks have the title "${title}"`);
            outcomes.set(title, recorder.outcome(key));
        }
        runs.push({ spec, recorder });
    }
    const inOrder = [...runs.filter(({ spec }) => spec.startsFirst), ...runs.filter(({ spec }) => !spec.startsFirst)];
    for (const { spec, recorder } of inOrder) void runSpec(spec, recorder, { locks, places }, options);
    return outcomes;
}

async function runSpec(
    spec: Spec,
    recorder: Recorder,
    { locks, places }: { locks: LockTable; places: Semaphore },
    options: RunOptions,
): Promise<void> {
    const { target, signal, onProgress } = options;
    const reason = missing(spec.needs, target.config);
    if (reason !== undefined) recorder.skip(recorder.keys, reason);
    for (const key of recorder.keys) {
        const lacking = missing(spec.checks[key]!.needs ?? [], target.config);
        if (lacking !== undefined) recorder.skip([key], lacking);
    }
    if (recorder.complete) return;
    try {
        // The locks first: who waits for one takes nobody's place.
        await locks.use(spec.locks(target.config), () =>
            places.use(async () => {
                signal.throwIfAborted();
                await Promise.race([spec.run(recorder.context(options)), aborted(signal)]);
            }),
        );
        recorder.failRest(new Error("the spec ended without making the check"));
    } catch (error) {
        const failed = recorder.checkThatFailedWith(error);
        recorder.failRest(failed === undefined || signal.aborted ? error : new NotReached(failed));
    }
    onProgress?.(spec, undefined);
    const failed = recorder.failures();
    let evidence: string[] = [];
    if (failed.length > 0 && options.saveEvidence)
        evidence = await options
            .saveEvidence(spec, failed)
            .catch((error: unknown) => [`(not saved: ${String(error)})`]);
    recorder.publish(evidence);
}

function aborted(signal: AbortSignal): Promise<never> {
    return new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
}

/** Collects the outcomes of one spec's checks. Passed checks are published at once, failed ones with their evidence. */
class Recorder {
    private readonly results = new Map<string, Outcome>();
    private readonly published = new Map<string, (outcome: Outcome) => void>();
    private readonly promises = new Map<string, Promise<Outcome>>();
    /** Error -> key of the check that it ended. */
    private readonly errors = new Map<unknown, string>();

    constructor(
        private readonly spec: Spec,
        readonly keys: readonly string[],
    ) {
        for (const key of keys) this.promises.set(key, new Promise((resolve) => this.published.set(key, resolve)));
    }

    outcome(key: string): Promise<Outcome> {
        return this.promises.get(key)!;
    }

    context({ target, signal, onProgress, saveFiles }: RunOptions): Context<string> {
        return {
            target,
            signal,
            config: target.config,
            wanted: (...keys) => keys.some((key) => this.isWanted(key)),
            progress: (what) => onProgress?.(this.spec, what),
            all: async (...parts) => {
                const results = await Promise.allSettled(parts.map((part) => part()));
                const failed = results.find((result) => result.status === "rejected");
                if (failed) throw failed.reason;
            },
            inOrder: async (...parts) => {
                const failures: unknown[] = [];
                for (const part of parts) await part().catch((error: unknown) => failures.push(error));
                if (failures.length > 0) throw failures[0];
            },
            check: async (key, body) => {
                if (!this.isWanted(key)) return;
                const start = performance.now();
                try {
                    const files = await body();
                    const durationMs = performance.now() - start;
                    const evidence = files ? await saveFiles?.(this.spec, files) : undefined;
                    this.record(key, { status: "passed", durationMs, ...(evidence && { evidence }) });
                } catch (error) {
                    const failure = failureDetails(error);
                    this.record(key, { status: "failed", failure, durationMs: performance.now() - start });
                    this.errors.set(error, key);
                    throw error;
                }
            },
        };
    }

    /** Whether every check has its outcome. */
    get complete(): boolean {
        return this.keys.every((key) => this.results.has(key));
    }

    skip(keys: readonly string[], reason: string): void {
        for (const key of keys) this.record(key, { status: "skipped", reason, durationMs: 0 });
    }

    failRest(error: unknown): void {
        for (const key of this.keys)
            if (!this.results.has(key))
                this.record(key, { status: "failed", failure: failureDetails(error), durationMs: 0 });
    }

    failures(): Outcome[] {
        return [...this.results.values()].filter(({ status }) => status === "failed");
    }

    /** Title of the check whose failure this is; undefined for an error outside of any check. */
    checkThatFailedWith(error: unknown): string | undefined {
        const key = this.errors.get(error);
        return key === undefined ? undefined : this.spec.checks[key]!.title;
    }

    publish(evidence: string[]): void {
        for (const [key, outcome] of this.results)
            if (outcome.status === "failed") this.published.get(key)!({ ...outcome, evidence });
    }

    private isWanted(key: string): boolean {
        return this.keys.includes(key) && !this.results.has(key);
    }

    private record(
        key: string,
        outcome: Pick<Outcome, "status" | "durationMs" | "reason" | "failure"> & Partial<Pick<Outcome, "evidence">>,
    ): void {
        if (this.results.has(key)) return;
        const full: Outcome = { spec: this.spec, check: this.spec.checks[key]!, evidence: [], ...outcome };
        this.results.set(key, full);
        if (full.status !== "failed") this.published.get(key)!(full);
    }
}
