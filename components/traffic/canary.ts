import type { Canary } from "../config/canary";
import type { HttpRouteArgs } from "./http-route";
import { split, type Subset } from "./service";

/** A canary release of one service. */
export interface CanaryArgs extends Pick<HttpRouteArgs, "prefix" | "timeout" | "retries"> {
    /** Today's version. */
    stable: Subset;
    /** The version that is tried. */
    candidate: Subset;
    /** Shares in percent, together 100 (C9). */
    weights: Canary["weights"];
    /**
     * Requests that always get the candidate, by name (C9, C10).
     * @default none
     */
    groups?: Canary["groups"];
}

/**
 * The rules of a canary, in the order that makes them work: the groups first, then everybody by weight.
 *
 * @throws RangeError when the weights are not 100 together.
 *
 * @example
 * canary({
 *     prefix: "/api/v1/orders",
 *     stable: rule.subsets.v1,
 *     candidate: rule.subsets.v2,
 *     weights: { stable: 90, candidate: 10 },
 *     groups: { "x-version": { headers: { "x-version": "v2" }, cookies: {} } },
 * });
 */
export function canary(args: CanaryArgs): [HttpRouteArgs, ...HttpRouteArgs[]] {
    const { stable, candidate, weights, groups = {}, ...policy } = args;
    const everybody = { name: "canary", to: split({ stable, candidate }, weights), ...policy };
    const [first, ...others] = Object.entries(groups).map(([name, match]) => ({
        name,
        ...match,
        to: candidate,
        ...policy,
    }));
    return first ? [first, ...others, everybody] : [everybody];
}
