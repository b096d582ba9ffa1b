import { windowSeconds } from "../../../../components/config/global-rate-limit";
import type { Kubernetes } from "../../target/target";
import { limitDescriptors, rateLimitRedis } from "./names";

/** What Redis holds for the rate limit service (S7): one counter for each client and window of time. */

/** Requests that were counted: beginning of the window, in seconds since 1970 -> their number. */
export type Counters = ReadonlyMap<number, number>;

const none: Counters = new Map();

/**
 * The counters of a client, or of all requests without the header. Those of a window stay until it is over; without a Redis
 * there are none.
 */
export async function readCounters(kubernetes: Kubernetes, path: string, client?: string): Promise<Counters> {
    const pods = await kubernetes.pods("istio-system", { app: rateLimitRedis });
    const pod = pods.find(({ readySince }) => readySince);
    if (!pod) return none;
    const ask = async (...command: string[]): Promise<string[]> =>
        (await kubernetes.exec(pod, rateLimitRedis, ["redis-cli", ...command])).split("\n").slice(0, -1);
    const { domain, path: onPath, client: of, unnamed } = limitDescriptors;
    const start = `${domain}_${onPath}_${path}_${client === undefined ? `${unnamed}_true` : `${of}_${client}`}_`;
    const keys = await ask("--scan", "--pattern", `${start.replace(/[\\*?[\]]/g, "\\$&")}*`);
    if (keys.length === 0) return none;
    const values = await ask("MGET", ...keys);
    return new Map(keys.map((key, index) => [Number(key.slice(start.length)), Number(values[index])]));
}

/**
 * How many of the requests between two looks at the counters have passed if every window lets `requests` pass. It is exact
 * whenever a window may have ended in between: Redis itself says into which one each request fell.
 */
export function admissible(before: Counters, after: Counters, requests: number): number {
    const passed = (counted = 0) => Math.min(counted, requests);
    return [...after].reduce((sum, [window, counted]) => sum + passed(counted) - passed(before.get(window)), 0);
}

/** How many requests were counted between two looks. */
export function counted(before: Counters, after: Counters): number {
    return [...after].reduce((sum, [window, count]) => sum + count - (before.get(window) ?? 0), 0);
}

/** Whether every window begins where one of the declared length does. */
export function areWindowsOf(counters: Counters, per: keyof typeof windowSeconds): boolean {
    return [...counters.keys()].every((start) => start % windowSeconds[per] === 0);
}
