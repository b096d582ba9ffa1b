import type { Retries } from "../config/traffic";
import { destinationSpec, type Destination, type WeightedDestination } from "./service";

/** One rule of a VirtualService: which requests, whereto, within which time. */
export interface HttpRouteArgs {
    /** Only requests whose path begins with this text: Istio compares characters, so `/a` also takes `/ab`. */
    prefix: string;

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
    retries?: Retries;
}

/** An entry of a VirtualService's `http`. */
export function httpRouteSpec({ prefix, to, timeout, retries }: HttpRouteArgs) {
    return {
        match: [{ uri: { prefix } }],
        route: isSplit(to)
            ? to.map(({ destination, weight }) => ({ destination: destinationSpec(destination), weight }))
            : [{ destination: destinationSpec(to) }],
        ...(timeout && { timeout }),
        ...(retries && { retries: retriesSpec(retries) }),
    };
}

const isSplit = (to: HttpRouteArgs["to"]): to is readonly WeightedDestination[] => Array.isArray(to);

function retriesSpec({ attempts, perTryTimeout, retryOn }: Retries) {
    return attempts === 0 ? { attempts } : { attempts, perTryTimeout, retryOn: retryOn.join(",") };
}
