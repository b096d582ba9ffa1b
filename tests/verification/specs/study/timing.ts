import type { PlatformConfig } from "../../../../components/config/platform";
import type { Route } from "../../../../components/config/routes";
import type { Target } from "../../target/target";
import { retries, routesByDefault, routesWithRetries, throughSimpleWeb, untimed } from "../support/study";

/**
 * When a sidecar gave a request up, as a client sees it from outside: late by two hops and a machine that may be busy. So
 * requests that the application delays by the declared time travel beside it, and of both the fastest are compared.
 */

/** A resource for {@link Lock}: nobody keeps simple-web busy. */
export const quiet = "simple-web:quiet";

/** Milliseconds that Envoy's timers may be early: they have a resolution of one. */
const early = 20;
/** How much later than requests that the application delays by as much, as a share of the time. */
const lateness = 0.3;

/** Requests of each kind: of several the fastest did not have to wait. */
export const probes = { count: 16, concurrency: 4 };

/** Milliseconds of the fastest request that the application answers after `delay`. */
export function fastestDelayed(target: Target, config: PlatformConfig, delay: number): Promise<number> {
    return fastest(target, routesByDefault(config)[0], delay, {});
}

/** Milliseconds of the fastest request whose first try fails after `delay`, and whose second one is answered. */
export function fastestRetried(target: Target, config: PlatformConfig, delay: number): Promise<number> {
    const route = untimed(routesWithRetries(config)).find((one) => retries(one.retries, 503));
    const fault = { "x-test-delay-attempts": "1", "x-test-fail-attempts": "1", "x-test-status": "503" };
    return fastest(target, route, delay, fault);
}

async function fastest(
    target: Target,
    route: Route | undefined,
    delay: number,
    fault: Readonly<Record<string, string>>,
): Promise<number> {
    if (!route) return delay;
    const headers = { ...fault, "x-test-delay": `${delay}ms` };
    const answers = await throughSimpleWeb(target, route, { headers }, probes);
    return Math.min(...answers.map(({ ms }) => ms));
}

/** Whether the fastest of several requests was given up after `limit`, where `delayed` is the fastest of those to compare with. */
export function isPunctual(fastest: number, limit: number, delayed: number): boolean {
    return fastest >= limit - early && fastest <= (1 + lateness) * Math.max(limit, delayed);
}
