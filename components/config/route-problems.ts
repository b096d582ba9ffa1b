import type { Finding } from "./finding";
import type { Route } from "./routes";

/** What Istio would accept of a service's routes and never do, or answer with 503. */

/**
 * Problems between the routes of one service and its subsets.
 *
 * @param at Path of the list in the configuration.
 * @param replicas Subset -> its pods.
 */
export function routeProblems(
    at: string,
    routes: readonly Route[],
    replicas: Readonly<Record<string, number>>,
): Finding[] {
    return routes.flatMap((route, index) => [
        ...(route.weights ? weightProblems(`${at}.${index}.weights`, route.weights, replicas) : []),
        ...mirrorProblems(`${at}.${index}.mirror`, route, replicas),
        ...shadowProblems(`${at}.${index}`, route, routes.slice(0, index)),
    ]);
}

/** E8: Istio refuses weights that are not 100 together, and answers 503 for a subset without pods. */
export function weightProblems(
    at: string,
    weights: Readonly<Record<string, number>>,
    replicas: Readonly<Record<string, number>>,
): Finding[] {
    const total = Object.values(weights).reduce((sum, weight) => sum + weight, 0);
    const sum: Finding[] =
        total === 100 ? [] : [[at, `the weights add up to ${total}, they must add up to 100`] satisfies Finding];
    return [
        ...sum,
        ...Object.entries(weights).flatMap(([name, weight]): Finding[] => {
            const pods = replicas[name];
            if (pods === undefined) return [[`${at}.${name}`, unknownSubset(name, replicas)]];
            if (pods > 0 || weight === 0) return [];
            return [
                [
                    `${at}.${name}`,
                    `the subset "${name}" has a weight but 0 replicas: its requests would fail with 503; set the weight to 0 or give it replicas`,
                ],
            ];
        }),
    ];
}

/** E10, T6: copies that reach nobody. */
function mirrorProblems(at: string, { mirror, fault }: Route, replicas: Readonly<Record<string, number>>): Finding[] {
    if (!mirror) return [];
    const pods = replicas[mirror.to];
    if (pods === undefined) return [[`${at}.to`, unknownSubset(mirror.to, replicas)]];
    if (pods === 0) return [[`${at}.to`, `the subset "${mirror.to}" has 0 replicas: every copy would be lost`]];
    if (fault?.abort?.percent === 100)
        return [
            [at, "all requests of the route are aborted (fault.abort), so that nothing is copied; remove one of both"],
        ];
    return [];
}

/** The first route that matches decides: one behind a wider one is never asked. */
function shadowProblems(at: string, { name, match }: Route, earlier: readonly Route[]): Finding[] {
    const includes = (narrow: Readonly<Record<string, string>>, wide: Readonly<Record<string, string>>) =>
        Object.entries(wide).every(([key, value]) => narrow[key] === value);
    const wider = earlier.find(
        (other) =>
            match.prefix.startsWith(other.match.prefix) &&
            includes(match.headers, other.match.headers) &&
            includes(match.cookies, other.match.cookies),
    );
    if (!wider) return [];
    return [
        [
            `${at}.match`,
            `every request of "${name}" is taken by "${wider.name}" before it: it would never be used; put it first or match something else`,
        ],
    ];
}

function unknownSubset(name: string, replicas: Readonly<Record<string, number>>): string {
    return `no workload carries the subset "${name}"; there are: ${Object.keys(replicas).join(", ")}`;
}
