import type { Fault, RouteMatch, RouteRetries } from "../config/routes";
import type { Retries } from "../config/traffic";
import { destinationSpec, type Destination, type Subset, type WeightedDestination } from "./service";

/** Retries of a rule: conditions, and statuses of errors. */
export type RetryPolicy = RouteRetries & Pick<Retries, "codes">;

/** One rule of a VirtualService: which requests, whereto, within which time. */
export interface HttpRouteArgs {
    /**
     * Name of the rule, shown in Envoy's statistics and logs.
     * @default none
     */
    name?: string;

    /** Only requests whose path begins with this text: Istio compares characters, so `/a` also takes `/ab`. */
    prefix: string;

    /**
     * Only requests that carry these headers with exactly these values (C9, T2).
     * @default any
     */
    headers?: RouteMatch["headers"];

    /**
     * Only requests that carry these cookies with exactly these values (C10).
     * @default any
     */
    cookies?: RouteMatch["cookies"];

    /** All pods of a Service, one subset, or a {@link split} over subsets. */
    to: Destination | readonly WeightedDestination[];

    /**
     * Time allowed to the whole request, retries included, for example `30s` (C3).
     * @default no limit
     */
    timeout?: string;

    /**
     * What is tried again, how often and how long each time (C3). `attempts: 0` switches retries off.
     * @default Istio's: 2 more tries when no answer came (connect-failure, refused-stream, unavailable, cancelled)
     */
    retries?: RetryPolicy;

    /**
     * Copies of the requests, all or a share in percent, to another subset; nobody waits for their answers (E10, T6).
     * @default none
     */
    mirror?: { to: Subset; percent: number };

    /**
     * Faults on purpose (E9).
     * @default none
     */
    fault?: Fault;

    /**
     * Whether the service gets the path without the prefix: `/prometheus/graph` as `/graph` (S1). Istio's API only.
     * @default false
     */
    cutPrefix?: boolean;

    /**
     * Headers that the service does not get. Istio's API only.
     * @default none
     */
    withoutHeaders?: readonly string[];
}

/**
 * An entry of a VirtualService's `http`.
 *
 * @throws RangeError for combinations that Istio accepts and that never do what they say.
 */
export function httpRouteSpec(args: HttpRouteArgs) {
    const { name, to, timeout, retries, mirror, fault, prefix, cutPrefix, withoutHeaders } = args;
    if (mirror && fault?.abort?.percent === 100)
        throw new RangeError("a mirror on a route whose requests are all aborted copies nothing");
    return {
        ...(name && { name }),
        match: [matchSpec(args)],
        route: isSplit(to)
            ? to.map(({ destination, weight }) => ({ destination: destinationSpec(destination), weight }))
            : [{ destination: destinationSpec(to) }],
        ...(timeout && { timeout }),
        ...(retries && { retries: retriesSpec(retries) }),
        ...(mirror && {
            mirrors: [{ destination: destinationSpec(mirror.to), percentage: { value: mirror.percent } }],
        }),
        ...(fault && { fault: faultSpec(fault) }),
        ...(cutPrefix && { rewrite: { uriRegexRewrite: { match: `^${escapePattern(prefix)}(/|$)`, rewrite: "/" } } }),
        ...(withoutHeaders && { headers: { request: { remove: [...withoutHeaders] } } }),
    };
}

/** Whether requests are shared between several destinations. */
export const isSplit = (to: HttpRouteArgs["to"]): to is readonly WeightedDestination[] => Array.isArray(to);

function matchSpec({ prefix, headers = {}, cookies = {} }: Pick<HttpRouteArgs, "prefix" | "headers" | "cookies">) {
    const cookiePatterns = Object.entries(cookies).map(([name, value]) => cookiePattern(name, value));
    // One header, one condition: Istio cannot ask twice of the same header.
    if (cookiePatterns.length > 1) throw new RangeError("a route matches one cookie at most");
    const conditions = {
        ...Object.fromEntries(Object.entries(headers).map(([name, exact]) => [name, { exact }])),
        ...(cookiePatterns[0] && { cookie: { regex: cookiePatterns[0] } }),
    };
    return { uri: { prefix }, ...(Object.keys(conditions).length > 0 && { headers: conditions }) };
}

/** The header `Cookie` with one cookie of this name and value among any others (RE2, matched as a whole). */
export function cookiePattern(name: string, value: string): string {
    return `(.*;\\s*)?${escapePattern(name)}=${escapePattern(value)}(;.*)?`;
}

/** A pattern of RE2 that this text alone matches. */
const escapePattern = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");

function retriesSpec({ attempts, perTryTimeout, retryOn = [], codes = [] }: RetryPolicy) {
    if (attempts === 0) return { attempts };
    const conditions = [...retryOn, ...codes];
    return {
        attempts,
        ...(perTryTimeout && { perTryTimeout }),
        ...(conditions.length > 0 && { retryOn: conditions.join(",") }),
    };
}

function faultSpec({ delay, abort }: Fault) {
    return {
        ...(delay && { delay: { fixedDelay: delay.fixedDelay, percentage: { value: delay.percent } } }),
        ...(abort && { abort: { httpStatus: abort.httpStatus, percentage: { value: abort.percent } } }),
    };
}
