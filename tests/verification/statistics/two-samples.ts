import { logPmf, tie } from "./binomial";
import { logFactorial } from "./log-factorial";

/** What two samples of requests say about each other, exactly: no normal approximation anywhere. */

/** A number of hits among a number of requests. */
export interface Sample {
    readonly hits: number;
    readonly of: number;
}

/**
 * The p-value of Fisher's exact two-sided test: the probability, if both samples had the same share, of a division of the
 * hits that is at most as probable as this one.
 */
export function fisherTest(a: Sample, b: Sample): number {
    for (const { hits, of } of [a, b])
        if (!Number.isInteger(hits) || hits < 0 || hits > of)
            throw new RangeError(`${hits} hits of ${of} requests are not possible`);
    const hits = a.hits + b.hits;
    const all = a.of + b.of;
    const choose = (n: number, k: number) => logFactorial(n) - logFactorial(k) - logFactorial(n - k);
    const log = (k: number) => choose(a.of, k) + choose(b.of, hits - k) - choose(all, hits);
    const limit = log(a.hits) + tie;
    let sum = 0;
    for (let k = Math.max(0, hits - b.of); k <= Math.min(a.of, hits); k++) if (log(k) <= limit) sum += Math.exp(log(k));
    return Math.min(1, sum);
}

/**
 * The exact interval of Clopper and Pearson: the shares that a sample does not refute at the confidence, 0.999 by default.
 */
export function exactInterval({ hits, of }: Sample, confidence = 0.999): readonly [number, number] {
    if (!Number.isInteger(hits) || hits < 0 || hits > of)
        throw new RangeError(`${hits} hits of ${of} requests are not possible`);
    const tail = (1 - confidence) / 2;
    const atLeast = (p: number) => cumulated(hits, of, of, p);
    const atMost = (p: number) => cumulated(0, hits, of, p);
    return [hits === 0 ? 0 : bisect((p) => atLeast(p) > tail), hits === of ? 1 : bisect((p) => atMost(p) < tail)];
}

/** P(from <= X <= to) for X ~ Binomial(n, p). */
function cumulated(from: number, to: number, n: number, p: number): number {
    let sum = 0;
    for (let k = from; k <= to; k++) sum += Math.exp(logPmf(k, n, p));
    return sum;
}

/** The place between 0 and 1 where a question's answer turns from no to yes. */
function bisect(isAbove: (p: number) => boolean): number {
    let [low, high] = [0, 1];
    for (let i = 0; i < 40; i++) {
        const middle = (low + high) / 2;
        if (isAbove(middle)) high = middle;
        else low = middle;
    }
    return (low + high) / 2;
}
