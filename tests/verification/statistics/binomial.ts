import { logFactorial } from "./log-factorial";

/** The exact binomial distribution and the tests that rest on it: no normal approximation anywhere. */

/**
 * Two outcomes count as equally probable when their logarithms differ by less than this: ties must fall on the same
 * side of a rejection region although the sums that lead to them were rounded differently.
 */
export const tie = 1e-9;

function requireProbability(p: number): void {
    if (!(p >= 0 && p <= 1)) throw new RangeError(`a probability lies between 0 and 1: ${p}`);
}

/** ln P(X = k) for X ~ Binomial(n, p). */
export function logPmf(k: number, n: number, p: number): number {
    requireProbability(p);
    if (k < 0 || k > n) return -Infinity;
    const choose = logFactorial(n) - logFactorial(k) - logFactorial(n - k);
    const successes = k === 0 ? 0 : k * Math.log(p);
    const failures = k === n ? 0 : (n - k) * Math.log1p(-p);
    return choose + successes + failures;
}

/**
 * The p-value of the exact two-sided test: the probability, if each of `n` requests is a hit with probability `p`, of
 * a number of hits that is at most as probable as `k`.
 */
export function binomialTest(k: number, n: number, p: number): number {
    if (!Number.isInteger(k) || k < 0 || k > n) throw new RangeError(`${k} hits of ${n} requests are not possible`);
    const limit = logPmf(k, n, p) + tie;
    let sum = 0;
    for (let i = 0; i <= n; i++) {
        const log = logPmf(i, n, p);
        if (log <= limit) sum += Math.exp(log);
    }
    return Math.min(1, sum);
}

/**
 * The power of {@link binomialTest} at the level `falseAlarm`: the probability that it rejects the share `p` when the
 * true share is `truth`. Exact: the sum over the whole rejection region.
 */
export function binomialPower(n: number, p: number, truth: number, falseAlarm: number): number {
    const outcomes = Array.from({ length: n + 1 }, (_, k) => ({ k, log: logPmf(k, n, p) }));
    outcomes.sort((a, b) => a.log - b.log);
    let level = 0;
    let power = 0;
    for (let i = 0; i < outcomes.length;) {
        const group = [outcomes[i]!];
        while (i + group.length < outcomes.length && outcomes[i + group.length]!.log <= group[0]!.log + tie)
            group.push(outcomes[i + group.length]!);
        level += group.reduce((sum, { log }) => sum + Math.exp(log), 0);
        if (level > falseAlarm) break;
        power += group.reduce((sum, { k }) => sum + Math.exp(logPmf(k, n, truth)), 0);
        i += group.length;
    }
    return Math.min(1, power);
}

/** The largest number of hits that is no surprise: more of them have at most the probability `falseAlarm`. */
export function upperLimit(n: number, p: number, falseAlarm: number): number {
    let tail = 0;
    for (let k = n; k >= 0; k--) {
        tail += Math.exp(logPmf(k, n, p));
        if (tail > falseAlarm) return k;
    }
    return 0;
}
