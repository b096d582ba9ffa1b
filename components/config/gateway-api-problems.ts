import { when, type Finding } from "./finding";
import type { PlatformConfig } from "./platform";
import type { Route, RouteRetries } from "./routes";
import { httpRouteRetryConditions, isHttpRouteRetry } from "./traffic";
import { milliseconds } from "./units";

/** What the Gateway API cannot say (P12): refused, since a route that silently did something else would prove nothing. */

/** Rules that one HTTPRoute may have. */
const MOST_RULES = 16;

/** Paths that an HTTPRoute accepts. */
const accepted = /^(?!.*(\/\/|\/\.\.?(\/|$)|%2[fF]))([-A-Za-z0-9/._~!$&'()*+,;=:@]|%[0-9a-fA-F]{2})+$/;

export function gatewayApiProblems(config: PlatformConfig): Finding[] {
    const { mesh, egov, ecommerce, study } = config;
    if (mesh.routing !== "gateway-api") return [];
    return [
        ...(egov.enabled ? egovProblems(egov) : []),
        ...(ecommerce.enabled ? ecommerceProblems(ecommerce) : []),
        ...when(study.enabled, [
            "study.enabled",
            "its experiments are about subsets that share pods, conditions of retries and time-outs of a try, none of which an HTTPRoute can say: set it to false, or mesh.routing to istio",
        ]),
    ];
}

function egovProblems({ hello: { path, routes } }: PlatformConfig["egov"]): Finding[] {
    const at = "egov.hello.routes";
    const plain = { name: "the plain route", match: { prefix: path, headers: {}, cookies: {} } };
    return [
        ...pathProblems("egov.hello.path", path),
        ...countProblems(at, routes.length + 1),
        ...routes.flatMap(({ match, fault, retries, timeout }, index) => [
            ...pathProblems(`${at}.${index}.match.prefix`, match.prefix),
            ...when(fault !== undefined, [
                `${at}.${index}.fault`,
                "an HTTPRoute makes no faults: leave the route out, or set mesh.routing to istio",
            ]),
            ...(retries ? retryProblems(`${at}.${index}.retries`, retries, timeout) : []),
            ...orderProblems(`${at}.${index}`, routes[index]!, [plain, ...routes.slice(0, index)]),
        ]),
    ];
}

function ecommerceProblems({ services, canaries, routePolicy, tls }: PlatformConfig["ecommerce"]): Finding[] {
    return [
        ...Object.entries(services).flatMap(([name, { path }]) =>
            pathProblems(`ecommerce.services.${name}.path`, path),
        ),
        ...Object.entries(canaries).flatMap(([name, { groups }]) =>
            countProblems(`ecommerce.canaries.${name}.groups`, Object.keys(groups).length + 1),
        ),
        ...retryProblems("ecommerce.routePolicy.retries", routePolicy.retries, routePolicy.timeout),
        ...when(tls !== undefined, [
            "ecommerce.tls",
            "a Gateway of the Gateway API has no field for the oldest version of TLS (minimumVersion): leave it out, or set mesh.routing to istio",
        ]),
    ];
}

function pathProblems(at: string, path: string): Finding[] {
    return when(!accepted.test(path), [
        at,
        `an HTTPRoute does not accept the path ${path}: no //, /./, /../ or %2F, and only the characters of a URL's path`,
    ]);
}

function countProblems(at: string, rules: number): Finding[] {
    return when(rules > MOST_RULES, [
        at,
        `with everything else of its service these are ${rules} rules, an HTTPRoute has ${MOST_RULES} at most`,
    ]);
}

/** Retries of an HTTPRoute look at connections that fail and at statuses; what takes too long is not tried again. */
function retryProblems(at: string, retries: RouteRetries, timeout: string | undefined): Finding[] {
    const { attempts, retryOn, perTryTimeout } = retries;
    if (attempts === 0) return [];
    const shorter = perTryTimeout && (!timeout || milliseconds(perTryTimeout) < milliseconds(timeout));
    return [
        ...when(!isHttpRouteRetry(retryOn), [
            `${at}.retryOn`,
            `an HTTPRoute retries on ${httpRouteRetryConditions.join(", ")}, always, and beside them on the statuses of codes only: name exactly these four`,
        ]),
        ...when(Boolean(shorter), [
            `${at}.perTryTimeout`,
            `a try of an HTTPRoute that takes longer than ${perTryTimeout} ends the request, it is not repeated: set it to the route's timeout${timeout ? ` (${timeout})` : ""}`,
        ]),
    ];
}

/** An HTTPRoute does not try its rules in their order: the longer path goes first, then the greater number of headers. */
function orderProblems(at: string, route: Named, earlier: readonly Named[]): Finding[] {
    const overtaken = earlier.find((other) => overlap(route, other) && rank(route) > rank(other));
    return overtaken
        ? [
              [
                  `${at}.match`,
                  `an HTTPRoute tries the longer path first, then the greater number of headers: "${route.name}" would take requests that "${overtaken.name}" before it is meant to take; put it first`,
              ],
          ]
        : [];
}

type Named = Pick<Route, "name" | "match">;

const overlap = ({ match: one }: Named, { match: other }: Named): boolean =>
    within(one.prefix, other.prefix) || within(other.prefix, one.prefix);

/** Whether a path is below another one, by whole segments. */
const within = (path: string, prefix: string): boolean =>
    prefix === "/" || path === prefix || path.startsWith(`${prefix}/`);

/** What decides which rule goes first; a cookie is a header too. */
const rank = ({ match: { prefix, headers, cookies } }: Named): number =>
    prefix.length * 1_000 + Object.keys({ ...headers, ...cookies }).length;
