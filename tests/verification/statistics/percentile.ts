import { upperLimit } from "./binomial";

/** Percentiles of what was measured, between exact bounds: nothing is assumed about how the values are distributed. */

/** A percentile, and between which values the true one lies. */
export interface Percentile {
    /** Nearest rank. */
    value: number;
    /** 0 where too few values were measured for any bound. */
    low: number;
    /** Infinity where too few values were measured for any bound. */
    high: number;
}

/**
 * A percentile between two order statistics. The number of values below the true percentile is binomial, so the bounds
 * follow from that distribution alone; each is wrong with the probability `error` at most.
 *
 * @param values Independent measurements.
 * @param share The percentile as a share, for example 0.99.
 */
export function percentile(values: readonly number[], share: number, error: number): Percentile {
    if (!(share > 0 && share < 1)) throw new RangeError(`a percentile lies between 0 and 1: ${share}`);
    if (values.length === 0) throw new RangeError("no value was measured");
    const sorted = [...values].sort((a, b) => a - b);
    const rank = (number: number, otherwise: number): number => sorted[number - 1] ?? otherwise;
    return {
        value: rank(Math.ceil(share * sorted.length), NaN),
        low: rank(sorted.length - upperLimit(sorted.length, 1 - share, error), 0),
        high: rank(upperLimit(sorted.length, share, error) + 1, Infinity),
    };
}
