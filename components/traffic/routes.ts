import type { Route } from "../config/routes";
import type { HttpRouteArgs } from "./http-route";
import { split, type Destination, type Subset } from "./service";

/**
 * The configured routes of one service as rules of its VirtualService.
 *
 * @param service Where requests of a route without weights go.
 * @param subsets The subsets of the service's DestinationRule.
 * @throws RangeError when a route names a subset that the DestinationRule does not have.
 */
export function routesTo(
    routes: readonly Route[],
    service: Destination,
    subsets: Readonly<Record<string, Subset>>,
): HttpRouteArgs[] {
    return routes.map(({ name, match, weights, mirror, ...policy }) => ({
        name,
        ...match,
        ...policy,
        to: weights ? split(subsets, weights) : service,
        ...(mirror && { mirror: { to: subsetNamed(subsets, mirror.to), percent: mirror.percent } }),
    }));
}

function subsetNamed(subsets: Readonly<Record<string, Subset>>, name: string): Subset {
    const subset = subsets[name];
    if (!subset)
        throw new RangeError(`no subset "${name}"; the DestinationRule has: ${Object.keys(subsets).join(", ")}`);
    return subset;
}
