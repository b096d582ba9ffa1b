import { binomialTest } from "../../tests/verification/statistics/binomial";
import { falseAlarm } from "../../tests/verification/statistics/sample-size";
import type { CaseRequest, RouteCase } from "./cases";
import { fullHost, type VirtualService } from "./mesh";

/** What became of a request in a real proxy. */
export interface Outcome {
    readonly status: number;
    /** Response headers, lower case. */
    readonly headers: Readonly<Record<string, string>>;
    /** Cluster that the proxy chose, `outbound|80|v1|users.users.svc.cluster.local`; undefined where it answered itself. */
    readonly cluster: string | undefined;
    /** What arrived at the destination; undefined where nothing did. */
    readonly arrived: { readonly uri: string; readonly headers: Readonly<Record<string, string>> } | undefined;
}

/** Requests of a case with weights, whose shares are tested. */
export const WEIGHTED_REQUESTS = 400;

/** Whether requests of a case must be sent often enough to see shares. */
export function isWeighted({ route = [] }: RouteCase): boolean {
    return route.length > 1;
}

/**
 * What is wrong with the outcomes of one request, as sentences; empty where the case holds.
 *
 * @param outcomes One, or {@link WEIGHTED_REQUESTS} of a case with weights.
 */
export function problemsOf(
    testCase: RouteCase,
    request: CaseRequest,
    outcomes: readonly Outcome[],
    virtualServices: readonly VirtualService[],
): string[] {
    const differences = differencesOf(testCase, request, outcomes, virtualServices);
    if (testCase.wantMatch) return differences;
    return differences.length > 0 ? [] : [`must not match, but does: ${describe(outcomes[0])}`];
}

function differencesOf(
    { route, redirect, rewrite, fault, headers, delegate }: RouteCase,
    request: CaseRequest,
    outcomes: readonly Outcome[],
    virtualServices: readonly VirtualService[],
): string[] {
    const [outcome] = outcomes;
    if (!outcome) return ["nothing was sent"];
    const found: string[] = [];
    const abort = fault?.abort?.httpStatus;
    if (abort !== undefined && outcome.status !== abort)
        found.push(`status ${abort} by a fault expected: ${describe(outcome)}`);
    if (route && abort === undefined) found.push(...routeDifferences(route, outcomes, virtualServices));
    if (redirect) found.push(...redirectDifferences(redirect, request, outcome));
    if (rewrite) found.push(...rewriteDifferences(rewrite, request, outcome));
    if (headers) found.push(...headerDifferences(headers, outcome));
    if (delegate) found.push(...delegateDifferences(delegate, outcome, virtualServices));
    if (!route && !redirect && !rewrite && !fault && !headers && !delegate && outcome.cluster === undefined)
        found.push(`no route: ${describe(outcome)}`);
    return found;
}

interface Expected {
    readonly host: string;
    readonly subset?: string | undefined;
    readonly port?: { readonly number: number } | undefined;
}

/** Whether a cluster is a destination, whose short name is completed with any namespace that has VirtualServices. */
function isDestination(
    cluster: string | undefined,
    { host, subset, port }: Expected,
    virtualServices: readonly VirtualService[],
): boolean {
    if (cluster === undefined) return false;
    const [, number, actualSubset, actualHost] = cluster.split("|");
    const names = host.includes(".")
        ? [host]
        : virtualServices.map(({ metadata }) => fullHost(host, metadata.namespace));
    return (
        names.includes(actualHost ?? "") &&
        (actualSubset ?? "") === (subset ?? "") &&
        (port === undefined || Number(number) === port.number)
    );
}

function routeDifferences(
    route: NonNullable<RouteCase["route"]>,
    outcomes: readonly Outcome[],
    virtualServices: readonly VirtualService[],
): string[] {
    const show = ({ host, subset, port }: Expected) => [host, subset, port?.number].filter(Boolean).join(" ");
    const expected = route.map(({ destination }) => show(destination)).join(", ");
    const stray = outcomes.find(
        ({ cluster }) => !route.some(({ destination }) => isDestination(cluster, destination, virtualServices)),
    );
    if (stray) return [`must go to ${expected}: ${describe(stray)}`];
    if (route.length < 2) return [];
    return route.flatMap(({ destination, weight = 0 }) => {
        const hits = outcomes.filter(({ cluster }) => isDestination(cluster, destination, virtualServices)).length;
        return binomialTest(hits, outcomes.length, weight / 100) < falseAlarm
            ? [`${weight} % must go to ${show(destination)}: ${hits} of ${outcomes.length} did`]
            : [];
    });
}

function redirectDifferences(
    expected: NonNullable<RouteCase["redirect"]>,
    { authority }: CaseRequest,
    outcome: Outcome,
): string[] {
    const location = outcome.headers["location"];
    if (location === undefined) return [`a redirect expected: ${describe(outcome)}`];
    const url = new URL(location, `http://${authority}`);
    const wrong: string[] = [];
    const compare = (what: string, wanted: string | number | undefined, seen: string | number) => {
        if (wanted !== undefined && String(wanted) !== String(seen))
            wrong.push(`the redirect's ${what} is ${seen} instead of ${wanted} (${location})`);
    };
    compare("path", expected.uri, `${url.pathname}${url.search}`);
    compare("authority", expected.authority, url.hostname);
    compare("scheme", expected.scheme, url.protocol.replace(":", ""));
    compare("port", expected.port, url.port || (url.protocol === "https:" ? 443 : 80));
    compare("code", expected.redirectCode, outcome.status);
    return wrong;
}

function rewriteDifferences(
    expected: NonNullable<RouteCase["rewrite"]>,
    { uri }: CaseRequest,
    outcome: Outcome,
): string[] {
    const { arrived } = outcome;
    if (!arrived) return [`a rewritten request expected: ${describe(outcome)}`];
    const wrong: string[] = [];
    const pattern = expected.uriRegexRewrite;
    const wanted = pattern
        ? uri.replace(new RegExp(pattern.match), pattern.rewrite.replaceAll(/\\(\d)/g, "$$$1"))
        : undefined;
    if (wanted !== undefined && arrived.uri !== wanted) wrong.push(`rewritten to ${arrived.uri} instead of ${wanted}`);
    if (expected.uri !== undefined && !arrived.uri.startsWith(expected.uri))
        wrong.push(`rewritten to ${arrived.uri} instead of ${expected.uri}`);
    if (expected.authority !== undefined && arrived.headers["host"] !== expected.authority)
        wrong.push(`the authority is rewritten to ${arrived.headers["host"]} instead of ${expected.authority}`);
    return wrong;
}

function headerDifferences({ request, response }: NonNullable<RouteCase["headers"]>, outcome: Outcome): string[] {
    const wrong: string[] = [];
    const check = (side: string, wanted: typeof request, seen: Readonly<Record<string, string>> | undefined) => {
        if (!wanted) return;
        if (!seen) return void wrong.push(`${side} headers expected: ${describe(outcome)}`);
        for (const [name, value] of Object.entries({ ...wanted.set, ...wanted.add })) {
            const values = (seen[name.toLowerCase()] ?? "").split(",").map((one) => one.trim());
            if (!values.includes(value))
                wrong.push(`${side} header ${name}: ${seen[name.toLowerCase()] ?? "not there"} instead of ${value}`);
        }
        for (const name of wanted.remove ?? [])
            if (seen[name.toLowerCase()] !== undefined) wrong.push(`${side} header ${name} is still there`);
    };
    check("request", request, outcome.arrived?.headers);
    check("response", response, outcome.headers);
    return wrong;
}

/** A delegate decides where it leads to: what istiod has made of it is seen by where the request goes. */
function delegateDifferences(
    { name, namespace }: NonNullable<RouteCase["delegate"]>,
    outcome: Outcome,
    virtualServices: readonly VirtualService[],
): string[] {
    const own = virtualServices.filter(
        ({ metadata }) => metadata.name === name && (namespace === undefined || metadata.namespace === namespace),
    );
    if (own.length === 0)
        return [
            `the delegate ${[namespace, name].filter(Boolean).join("/")} is not among the files: istiod drops a route to it`,
        ];
    const leads = own.some(({ metadata, spec }) =>
        (spec.http ?? []).some(({ route = [] }) =>
            route.some(({ destination }) => {
                const number = destination.port?.number;
                const port = number === undefined ? undefined : { number };
                return isDestination(
                    outcome.cluster,
                    { ...destination, host: fullHost(destination.host, metadata.namespace), port },
                    virtualServices,
                );
            }),
        ),
    );
    return leads ? [] : [`must go where the delegate ${name} leads to: ${describe(outcome)}`];
}

/** What became of a request, in one phrase. */
function describe(outcome: Outcome | undefined): string {
    if (!outcome) return "no answer";
    const { status, cluster, headers } = outcome;
    if (headers["location"]) return `it is redirected to ${headers["location"]} (${status})`;
    if (cluster === undefined) return status === 404 ? "no route takes it (404)" : `the proxy answers ${status} itself`;
    const [, port, subset, host] = cluster.split("|");
    return `it goes to ${[host, subset, port].filter(Boolean).join(" ")} (${status})`;
}
