import type { IncomingHttpHeaders } from "node:http";
import { parseDuration } from "./duration";

/**
 * Faults that a test asks for by request headers. Without these headers a request is answered at once.
 *
 * | header | meaning |
 * |---|---|
 * | `x-test-fail-attempts: N` | fail while the proxy's attempt count is at most N |
 * | `x-test-status: S` | status of those failures; default 500 |
 * | `x-test-grpc-status: G` | gRPC status that those failures tell beside it, for example 14, unavailable |
 * | `x-test-delay: 12s` | wait before answering |
 * | `x-test-delay-attempts: N` | wait only while the attempt count is at most N; default: always |
 * | `x-test-delay-in-turn: true` | one such request after the other: each waits for those before it, as in a busy pod |
 * | `x-test-pods: P` | only pods whose name begins with P obey the other headers; default: all |
 */
export interface Fault {
    /** Milliseconds to wait before the answer. */
    readonly delay: number;
    /** Whether the delay begins only when those of earlier requests are over. */
    readonly inTurn: boolean;
    /** Status of the failure, or undefined when the request is to succeed. */
    readonly status: number | undefined;
    /** Header `grpc-status` of the failure, or undefined for none. */
    readonly grpcStatus: number | undefined;
}

/** No delay and no failure. */
const NONE: Fault = { delay: 0, inTurn: false, status: undefined, grpcStatus: undefined };

/** A fault header that cannot be understood; answered with 400. */
export class FaultHeaderError extends Error {}

/** Which try of the proxy this request is: Envoy's `x-envoy-attempt-count`, 1 without a proxy. */
export function attemptOf(headers: IncomingHttpHeaders): number {
    const attempt = Number(headers["x-envoy-attempt-count"] ?? 1);
    return Number.isInteger(attempt) && attempt > 0 ? attempt : 1;
}

/**
 * The fault that the headers ask of this pod in the given attempt.
 *
 * @throws FaultHeaderError naming the header that cannot be understood.
 */
export function faultOf(headers: IncomingHttpHeaders, attempt: number, pod: string): Fault {
    if (!pod.startsWith(single(headers, "x-test-pods") ?? "")) return NONE;
    const failAttempts = integer(headers, "x-test-fail-attempts", 0, Number.MAX_SAFE_INTEGER) ?? 0;
    const status = integer(headers, "x-test-status", 200, 599) ?? 500;
    const grpcStatus = integer(headers, "x-test-grpc-status", 1, 16);
    const delay = duration(headers, "x-test-delay") ?? 0;
    const delayAttempts = integer(headers, "x-test-delay-attempts", 0, Number.MAX_SAFE_INTEGER) ?? Infinity;
    const fails = attempt <= failAttempts;
    return {
        delay: attempt <= delayAttempts ? delay : 0,
        inTurn: single(headers, "x-test-delay-in-turn") === "true",
        status: fails ? status : undefined,
        grpcStatus: fails ? grpcStatus : undefined,
    };
}

/** Longest delay that a test may ask for: 10 minutes. */
const LONGEST_DELAY = 600_000;

function duration(headers: IncomingHttpHeaders, name: string): number | undefined {
    const text = single(headers, name);
    if (text === undefined) return undefined;
    try {
        const delay = parseDuration(text);
        if (delay <= LONGEST_DELAY) return delay;
    } catch (error) {
        throw new FaultHeaderError(`${name}: ${(error as Error).message}`);
    }
    throw new FaultHeaderError(`${name}: "${text}" is longer than 10m`);
}

function integer(headers: IncomingHttpHeaders, name: string, least: number, most: number): number | undefined {
    const text = single(headers, name);
    if (text === undefined) return undefined;
    const value = /^\d+$/.test(text) ? Number(text) : NaN;
    if (value >= least && value <= most) return value;
    throw new FaultHeaderError(`${name}: "${text}" is not a whole number from ${least} to ${most}`);
}

function single(headers: IncomingHttpHeaders, name: string): string | undefined {
    const value = headers[name];
    return Array.isArray(value) ? value[0] : value;
}
