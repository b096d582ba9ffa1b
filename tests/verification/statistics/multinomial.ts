import { binomialTest, tie } from "./binomial";
import { logFactorial } from "./log-factorial";

/** The exact multinomial test: do counts over several pods fit their declared shares? */

/** Outcomes that {@link multinomialTest} enumerates at most; above it, {@link spreadTest} takes another exact test. */
export const enumerationLimit = 3_000_000;

/** Number of ways to write `n` as an ordered sum of `cells` counts, or Infinity where it exceeds what a number holds. */
export function outcomeCount(n: number, cells: number): number {
    let count = 1;
    for (let i = 1; i < cells; i++) count = (count * (n + i)) / i;
    return Math.round(count);
}

function check(counts: readonly number[], shares: readonly number[]): void {
    if (counts.length !== shares.length || counts.length === 0)
        throw new RangeError(`${counts.length} counts do not fit ${shares.length} shares`);
    if (counts.some((count) => !Number.isInteger(count) || count < 0)) throw new RangeError("counts are whole numbers");
    const total = shares.reduce((sum, share) => sum + share, 0);
    if (shares.some((share) => !(share >= 0)) || Math.abs(total - 1) > 1e-9)
        throw new RangeError(`the shares add up to ${total}, not to 1`);
}

/**
 * The p-value of the exact multinomial test: the probability of all outcomes that are at most as probable as `counts`.
 * Enumerates every outcome, so it is for few pods.
 */
export function multinomialTest(counts: readonly number[], shares: readonly number[]): number {
    check(counts, shares);
    const n = counts.reduce((sum, count) => sum + count, 0);
    const outcomes = outcomeCount(n, counts.length);
    if (outcomes > enumerationLimit)
        throw new RangeError(`${outcomes} outcomes are too many to enumerate (limit ${enumerationLimit})`);
    const term = (count: number, share: number) => (count === 0 ? 0 : count * Math.log(share) - logFactorial(count));
    const start = logFactorial(n);
    const limit = counts.reduce((sum, count, cell) => sum + term(count, shares[cell]!), start) + tie;
    let sum = 0;
    const walk = (cell: number, left: number, log: number): void => {
        if (cell === counts.length - 1) {
            const total = log + term(left, shares[cell]!);
            if (total <= limit) sum += Math.exp(total);
            return;
        }
        for (let count = 0; count <= left; count++) walk(cell + 1, left - count, log + term(count, shares[cell]!));
    };
    walk(0, n, start);
    return Math.min(1, sum);
}

/** The outcome of {@link spreadTest}. */
export interface SpreadResult {
    /** Which exact test was made. */
    test: "multinomial" | "binomial per pod";
    /** Upper bound of the probability of counts this unlikely when the shares hold. */
    pValue: number;
}

/**
 * Tests counts against shares exactly: the multinomial test where all outcomes can be enumerated, else one binomial
 * test for each pod with the p-value times the number of pods (Bonferroni: the level holds, never an approximation).
 */
export function spreadTest(counts: readonly number[], shares: readonly number[]): SpreadResult {
    check(counts, shares);
    const n = counts.reduce((sum, count) => sum + count, 0);
    if (outcomeCount(n, counts.length) <= enumerationLimit)
        return { test: "multinomial", pValue: multinomialTest(counts, shares) };
    const smallest = Math.min(...counts.map((count, cell) => binomialTest(count, n, shares[cell]!)));
    return { test: "binomial per pod", pValue: Math.min(1, smallest * counts.length) };
}
