import type { Kubernetes, Pod } from "../../target/target";

/** Port at which the rate limit service shows, in its own pod only, which limits it has loaded. */
const debugPort = 6070;

/** A limit, as the service shows it. */
export interface LoadedLimit {
    /** Last key of what it is for: `client` or `unnamed`. */
    key: string;
    unit: string;
    requests: number;
    /** Whether further requests pass. */
    shadow: boolean;
}

/** The limits that a pod of the rate limit service has loaded, in the order of their keys. */
export async function loadedLimits(kubernetes: Kubernetes, pod: Pod): Promise<LoadedLimit[]> {
    const { status, body } = await kubernetes.get(pod, debugPort, "/rlconfig");
    if (status !== 200) throw new Error(`the rate limit service of ${pod.name} answers ${status} to /rlconfig`);
    return parseLimits(body);
}

/** Reads the service's own words: one line a limit. */
export function parseLimits(text: string): LoadedLimit[] {
    const line = /\.([a-z]+): unit=([A-Z]+) requests_per_unit=(\d+), shadow_mode: (true|false)/g;
    return [...text.matchAll(line)]
        .map(([, key, unit, requests, shadow]) => ({
            key: key!,
            unit: unit!.toLowerCase(),
            requests: Number(requests),
            shadow: shadow === "true",
        }))
        .sort((a, b) => a.key.localeCompare(b.key));
}
