import type { PlatformConfig } from "../../../../components/config/platform";
import type { Target } from "../../target/target";
import { routesByDefault, throughSimpleWeb } from "../support/study";

/**
 * When a sidecar gave a request up, as a client sees it from outside: late by two hops and a machine that may be busy. So
 * requests that the application delays by the declared time travel beside it, and of both the fastest are compared.
 */

/** A resource for {@link Lock}: nobody keeps simple-web busy. */
export const quiet = "simple-web:quiet";

/** Milliseconds that Envoy's timers may be early: they have a resolution of one. */
const early = 20;
/** How much later than the application's delay, as a share of it. */
const lateness = 0.3;

/** Requests of each kind: of several the fastest did not have to wait. */
export const probes = { count: 16, concurrency: 4 };

/** Milliseconds of the fastest request that the application delays by `delay`. */
export async function fastestDelayed(target: Target, config: PlatformConfig, delay: number): Promise<number> {
    const [route] = routesByDefault(config);
    if (!route) return delay;
    const answers = await throughSimpleWeb(target, route, { headers: { "x-test-delay": `${delay}ms` } }, probes);
    return Math.min(...answers.map(({ ms }) => ms));
}

/** Whether the fastest of several requests was given up after `limit`, where `delayed` is {@link fastestDelayed} of it. */
export function isPunctual(fastest: number, limit: number, delayed: number): boolean {
    return fastest >= limit - early && fastest <= Math.max(limit, delayed) + limit * lateness;
}
