import { binomialPower } from "./binomial";

/** How many requests a statement needs: derived from the errors that are allowed, never guessed. */

/** Probability that a check goes red although the mesh does what is declared: at most one in a million. */
export const falseAlarm = 1e-6;

/** Probability that a check notices the deviation that it names. */
export const power = 0.999;

/** Requests above which a check is refused: its alternative is too close to the declared share. */
export const sampleLimit = 20_000;

/** What a test of a share must be able to tell apart. */
export interface Alternative {
    /** The declared share of the requests. */
    share: number;
    /** The deviating share that must be noticed. */
    truth: number;
    /** Default {@link falseAlarm}. */
    falseAlarm?: number;
    /** Default {@link power}. */
    power?: number;
}

/**
 * The number of requests for which the exact binomial test at the level `falseAlarm` tells `share` from `truth` with
 * the probability `power`: the smallest one found by doubling and halving (the exact power is not quite monotonous).
 */
export function sampleSize(alternative: Alternative): number {
    const { share, truth } = alternative;
    if (share === truth) throw new RangeError("a share cannot be told apart from itself");
    const reaches = (n: number) =>
        binomialPower(n, share, truth, alternative.falseAlarm ?? falseAlarm) >= (alternative.power ?? power);
    let high = 8;
    while (!reaches(high)) {
        if (high >= sampleLimit)
            throw new RangeError(`telling ${share} from ${truth} needs more than ${sampleLimit} requests`);
        high = Math.min(high * 2, sampleLimit);
    }
    let low = Math.floor(high / 2);
    while (high - low > 1) {
        const middle = Math.floor((low + high) / 2);
        if (reaches(middle)) high = middle;
        else low = middle;
    }
    return high;
}

/**
 * The number of requests after which something that has the probability `share` in each of them has been seen, except
 * with the probability `missed`. With `of` such things (the pods of a service) all of them have been seen.
 */
export function requestsToSee(share: number, options: { missed?: number; of?: number } = {}): number {
    if (!(share > 0 && share <= 1)) throw new RangeError(`a share lies between 0 and 1: ${share}`);
    if (share === 1) return 1;
    const missed = (options.missed ?? falseAlarm) / (options.of ?? 1);
    return Math.ceil(Math.log(missed) / Math.log1p(-share));
}

/**
 * The deviation from a declared share that a check of real requests must notice: 10 percentage points, never more than
 * the smaller side has; 5 from all or nothing. Towards a half, which is the harder side to notice. Smaller deviations
 * are seen in the proxies' route tables, without thousands of requests.
 */
export function deviating(share: number): number {
    const minor = Math.min(share, 1 - share);
    const distance = minor === 0 ? 0.05 : Math.min(0.1, minor);
    return share < 0.5 || share === 0 ? share + distance : share - distance;
}
