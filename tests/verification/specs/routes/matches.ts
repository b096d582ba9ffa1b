import type { Context } from "../../spec";
import { falseAlarm, requestsToSee, sampleSize } from "../../statistics/sample-size";
import type { Answer, Request } from "../../target/target";
import { fail, listing, tally } from "../support/answers";
import { podsOf, responder, routesOf, routeTaken, type DeclaredRoute, type System } from "../support/declared-routes";
import { defineRouteSpec } from "./route-spec";

export const routeMatches = defineRouteSpec({
    name: "route-matches",
    description:
        "Requests from outside that carry a route's header or cookie, also among other cookies, are answered by that route's pods only; requests that nearly do (another value, another name, nothing) take the route that is next in line.",
    kind: "matches",
    checks: {
        ecommerce: {
            ids: ["C9", "C10"],
            title: "C9 C10 groups: a group's header or cookie leads to the candidate, and nothing like it does",
        },
    },
    prove: proveMatch,
});

async function proveMatch(route: DeclaredRoute, { target, config, all }: Context<string>, system: System) {
    const routes = routesOf(config, system);
    const own = await podNames(route);
    const hits = fulfilling(route).map((headers) => ({ ...route.request, headers }));
    const misses = missing(route)
        .map((headers) => ({ ...route.request, headers }))
        .filter((request) => routeTaken(routes, request) !== route);
    await all(
        ...hits.map((request) => () => expectHit(request)),
        ...misses.map((request) => () => expectMiss(request)),
    );

    /** Only the route's own pods answer. */
    async function expectHit(request: Request): Promise<void> {
        const answers = await target.request(request, { count: sampleSize({ share: 1, truth: 0.5 }), concurrency: 2 });
        if (answers.every((answer) => answer.status === 200 && own.has(responder(route, answer) ?? ""))) return;
        red(request, `200 from ${[...own].join(", ")}, the pods of the route`, answers);
    }

    /** The pods of the next route answer, among them some that are not this route's. */
    async function expectMiss(request: Request): Promise<void> {
        const next = routeTaken(routes, request);
        const others = next ? await podNames(next) : new Set<string>();
        const elsewhere = next ? shareElsewhere(next) : 1;
        // Nobody could tell which of the two routes was taken.
        if (elsewhere === 0) return;
        const count = requestsToSee(elsewhere, { missed: falseAlarm / misses.length });
        const answers = await target.request(request, { count, concurrency: 2 });
        const pods = answers.map((answer) => responder(route, answer));
        const right = next
            ? answers.every(({ status }, index) => status === 200 && others.has(pods[index] ?? "")) &&
              pods.some((pod) => !own.has(pod ?? ""))
            : answers.every(({ status }, index) => status === 404 && pods[index] === undefined);
        if (right) return;
        const expected = next
            ? `answers of the route ${next.name}, not of the group's pods alone`
            : "the proxy's own 404";
        red(request, expected, answers);
    }

    /** The share of a route's requests that no pod of the proved route gets. */
    function shareElsewhere(next: DeclaredRoute): number {
        const mine = new Set(route.shares.filter(({ share }) => share > 0).map(({ subset }) => subset));
        return next.shares.filter(({ subset }) => !mine.has(subset)).reduce((sum, { share }) => sum + share, 0);
    }

    async function podNames(of: DeclaredRoute): Promise<Set<string>> {
        const groups = of.shares.filter(({ share }) => share > 0).map((group) => podsOf(target, of, group));
        return new Set((await Promise.all(groups)).flat().map(({ name }) => name));
    }

    function red({ path, headers }: Request, expected: string, answers: readonly Answer[]): never {
        const said = Object.entries(headers ?? {}).map(([name, value]) => `${name}: ${value}`);
        return fail({
            expected: `${route.name}: ${path} with ${said.join(", ") || "no header"}: ${expected}`,
            seen: tally(answers),
            cause: "the rule's header or cookie differs, the rule is missing, or it stands behind one that takes its requests",
            action: `compare the order and the matches of the VirtualService of ${route.service.name} in ${route.service.namespace} with the configuration`,
            evidence: { [`${route.name.replace("/", "-")}.txt`]: listing(answers) },
        });
    }
}

type Headers = Record<string, string>;

/** Headers of requests that fulfil the route's conditions. */
function fulfilling({ match, request }: DeclaredRoute): Headers[] {
    const cookie = request.headers?.["cookie"];
    return [
        { ...request.headers },
        ...(cookie && Object.keys(match.cookies).length > 0
            ? [{ ...request.headers, cookie: `session=1; ${cookie}; theme=dark` }]
            : []),
    ];
}

/** Headers of requests that miss one of the route's conditions by little. */
function missing({ match, request }: DeclaredRoute): Headers[] {
    const without = (name: string): Headers =>
        Object.fromEntries(Object.entries(request.headers ?? {}).filter(([other]) => other !== name));
    const headers = Object.entries(match.headers).flatMap(([name, value]) => [
        without(name),
        ...[...new Set([`${value}x`, `x${value}`, value.toUpperCase(), value.toLowerCase()])]
            .filter((other) => other !== value)
            .map((other) => ({ ...without(name), [name]: other })),
    ]);
    const cookies = Object.entries(match.cookies).flatMap(([name, value]) =>
        ["", `${name}=${value}x`, `x${name}=${value}`, `${name}=x${value}`].map((cookie) => ({
            ...without("cookie"),
            ...(cookie && { cookie }),
        })),
    );
    return [...headers, ...cookies];
}
