import { parseDuration } from "./duration";
import type { Fault } from "./faults";

/**
 * Faults that the container's environment makes permanent, by the names of the study's fake-service (T8, T11).
 *
 * | variable | meaning |
 * |---|---|
 * | `TIMING_50_PERCENTILE: 1000ms` | half of the answers take longer than this; default: none is delayed |
 * | `TIMING_VARIANCE: 10ms` | how far an answer's delay is from it at most; default `0ms` |
 * | `ERROR_RATE: 0.75` | share of the requests that fail, 0 to 1; default 0 |
 * | `ERROR_CODE: 503` | status of those failures; default 500 |
 */
export interface EnvironmentFaults {
    /** Milliseconds: the median of the delays. */
    readonly delay: number;
    /** Milliseconds: the largest distance from the median. */
    readonly variance: number;
    /** Share of the requests that fail, 0 to 1. */
    readonly errorRate: number;
    /** Status of the failures. */
    readonly errorCode: number;
}

/**
 * Reads the variables.
 *
 * @throws RangeError naming the variable that cannot be understood.
 */
export function readEnvironmentFaults(env: NodeJS.ProcessEnv): EnvironmentFaults {
    return {
        delay: duration(env, "TIMING_50_PERCENTILE"),
        variance: duration(env, "TIMING_VARIANCE"),
        errorRate: number(env, "ERROR_RATE", 0, { least: 0, most: 1 }),
        errorCode: number(env, "ERROR_CODE", 500, { least: 400, most: 599 }),
    };
}

/** The fault of one request, drawn by chance; `random` gives numbers from 0 to below 1. */
export function drawFault(faults: EnvironmentFaults, random: () => number = Math.random): Fault {
    const { delay, variance, errorRate, errorCode } = faults;
    return {
        delay: delay === 0 ? 0 : Math.max(0, delay + (2 * random() - 1) * variance),
        inTurn: false,
        status: random() < errorRate ? errorCode : undefined,
        grpcStatus: undefined,
    };
}

function duration(env: NodeJS.ProcessEnv, name: string): number {
    try {
        return parseDuration(env[name] || "0ms");
    } catch (error) {
        throw new RangeError(`${name}: ${(error as Error).message}`);
    }
}

function number(env: NodeJS.ProcessEnv, name: string, absent: number, range: { least: number; most: number }): number {
    const text = env[name];
    const value = text ? Number(text) : absent;
    if (value >= range.least && value <= range.most) return value;
    throw new RangeError(`${name}: "${text}" is not a number from ${range.least} to ${range.most}`);
}
