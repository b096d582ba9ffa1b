import { setTimeout as pause } from "node:timers/promises";
import { decide, DOCUMENTED, type Decision, type ReleaseLimits, type VersionWindow } from "./decision";

/** What a release does to an environment. */
export interface ReleaseActions {
    /** Gives the candidate this share of the requests, in percent. */
    shift(candidate: number): Promise<void>;
    /** What both versions did in the last seconds. */
    measure(seconds: number): Promise<{ stable: VersionWindow; candidate: VersionWindow }>;
    say(line: string): void;
    /** Milliseconds since some moment, and a wait. Default: the clock. */
    now?(): number;
    wait?(milliseconds: number, signal: AbortSignal): Promise<void>;
}

export interface ReleasePlan {
    /** Shares of the candidate in percent, the last one 100 (C9: 10, 50, 100). */
    readonly steps: readonly number[];
    /** Milliseconds of each step (C9: 5 minutes). */
    readonly stepTime: number;
    /** Milliseconds between two looks at the metrics (T5: 45 s). */
    readonly interval: number;
    /** Steps' times that a step may wait for enough requests. */
    readonly patience: number;
    readonly limits: ReleaseLimits;
}

/** The numbers of the documents (C9, T5). */
export const DOCUMENTED_PLAN: ReleasePlan = {
    ...{ steps: [10, 50, 100], stepTime: 300_000, interval: 45_000, patience: 3, limits: DOCUMENTED },
};

/** How a release ended. */
export interface ReleaseResult {
    readonly released: boolean;
    /** Every look at the metrics. */
    readonly looks: readonly (Decision & { readonly step: number; readonly atMs: number })[];
}

/**
 * Releases a candidate step by step. A look that refuses it, a step without enough requests, an error or an interruption
 * gives all requests back to today's version at once.
 */
export async function release(actions: ReleaseActions, plan: ReleasePlan, signal: AbortSignal): Promise<ReleaseResult> {
    const now = actions.now ?? (() => performance.now());
    const wait = actions.wait ?? ((milliseconds, stop) => pause(milliseconds, undefined, { signal: stop }));
    const looks: ReleaseResult["looks"][number][] = [];
    const begin = now();
    try {
        for (const step of plan.steps) {
            signal.throwIfAborted();
            actions.say(`${step} % of the requests go to the candidate`);
            await actions.shift(step);
            const start = now();
            for (;;) {
                await wait(plan.interval, signal);
                const elapsed = now() - start;
                const { stable, candidate } = await actions.measure(
                    Math.max(1, Math.ceil(Math.min(elapsed, plan.stepTime) / 1000)),
                );
                const decision = decide(stable, candidate, plan.limits);
                looks.push({ ...decision, step, atMs: now() - begin });
                actions.say(`  ${decision.verdict}: ${decision.reasons.join("; ")}`);
                if (decision.verdict === "roll back") return await back(actions, looks);
                if (decision.verdict === "advance" && elapsed >= plan.stepTime) break;
                if (elapsed >= plan.stepTime * plan.patience) {
                    actions.say(`  nothing could be decided in ${Math.round(elapsed / 1000)} s`);
                    return await back(actions, looks);
                }
            }
        }
        return { released: true, looks };
    } catch (error) {
        await back(actions, looks);
        throw error;
    }
}

async function back(actions: ReleaseActions, looks: ReleaseResult["looks"]): Promise<ReleaseResult> {
    actions.say("Rolling back: all requests go to today's version");
    await actions.shift(0);
    return { released: false, looks };
}
