import { exactInterval, fisherTest } from "../../tests/verification/statistics/two-samples";

/** Whether a canary goes on (C9, T5): a pure decision over what both versions did in the same time. */

/** What one version did in a step's time. */
export interface VersionWindow {
    readonly requests: number;
    /** Answers with a 5xx status. */
    readonly errors: number;
    /** 95th percentile in milliseconds; undefined where no request was timed. */
    readonly p95: number | undefined;
}

/** When a candidate is refused. */
export interface ReleaseLimits {
    /** Requests of the candidate below which nothing is decided. */
    readonly minimumRequests: number;
    /** Largest share of errors of the candidate. */
    readonly errors: number;
    /** Largest 95th percentile of the candidate, in milliseconds. */
    readonly p95: number;
    /** Largest ratio of the candidate's 95th percentile to today's. */
    readonly p95Ratio: number;
}

/** T5: success of at least 99 %; C16: p95 of at most 1000 ms; half as slow again as today's version is no release. */
export const DOCUMENTED: ReleaseLimits = { minimumRequests: 100, errors: 0.01, p95: 1000, p95Ratio: 1.5 };

/** Milliseconds within which two percentiles count as alike, whatever their ratio: timers and machines are no better. */
const TIMER = 20;

/** How often a candidate that is as good as today's version may be refused for more errors, at most, in one look. */
const FALSE_ALARM = 0.001;

export interface Decision {
    /** `wait`: too few requests to tell. */
    readonly verdict: "advance" | "roll back" | "wait";
    readonly reasons: readonly string[];
}

/**
 * Decides on a candidate. It is refused for more errors than the limit where the exact interval of its share lies above it,
 * for significantly more than today's version (Fisher's exact test), or for its latency. A share above the limit that is
 * no proof yet holds it where it is.
 */
export function decide(stable: VersionWindow, candidate: VersionWindow, limits: ReleaseLimits = DOCUMENTED): Decision {
    const { requests, errors, p95 } = candidate;
    const share = requests === 0 ? 0 : errors / requests;
    const bad: string[] = [];
    if (requests > 0) {
        const [low] = exactInterval({ hits: errors, of: requests }, 0.99);
        if (low > limits.errors)
            bad.push(`${percent(share)} of ${requests} requests fail, more than ${percent(limits.errors)}`);
        const worse = stable.requests > 0 && share > stable.errors / stable.requests;
        if (
            worse &&
            fisherTest({ hits: stable.errors, of: stable.requests }, { hits: errors, of: requests }) < FALSE_ALARM
        )
            bad.push(
                `${percent(share)} of its requests fail, and ${percent(stable.errors / stable.requests)} of today's version's`,
            );
    }
    if (requests < limits.minimumRequests && bad.length === 0)
        return { verdict: "wait", reasons: [`${requests} requests of at least ${limits.minimumRequests}`] };
    if (p95 !== undefined && p95 > limits.p95) bad.push(`p95 is ${Math.round(p95)} ms, more than ${limits.p95} ms`);
    if (p95 !== undefined && stable.p95 !== undefined && p95 > stable.p95 * limits.p95Ratio && p95 - stable.p95 > TIMER)
        bad.push(`p95 is ${Math.round(p95)} ms, and ${Math.round(stable.p95)} ms of today's version`);
    if (bad.length > 0) return { verdict: "roll back", reasons: bad };
    if (p95 === undefined) return { verdict: "wait", reasons: ["no latency was measured"] };
    if (share > limits.errors)
        return {
            verdict: "wait",
            reasons: [`${percent(share)} of ${requests} requests fail: too many, and too few requests to be sure`],
        };
    return { verdict: "advance", reasons: [`${requests} requests, ${percent(share)} fail, p95 ${Math.round(p95)} ms`] };
}

const percent = (share: number): string => `${(share * 100).toFixed(2)} %`;
