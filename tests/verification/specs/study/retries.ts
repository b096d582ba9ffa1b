import { milliseconds } from "../../../../components/config/units";
import type { Route } from "../../../../components/config/routes";
import { defineSpec, shared } from "../../spec";
import type { Answer } from "../../target/target";
import { seconds } from "../../wait";
import { fail, listing, tally } from "../support/answers";
import { newKey, recordings } from "../support/recordings";
import {
    amplifiedRoutes,
    istioRetries,
    pathOf,
    retries,
    routesByDefault,
    routesWithoutRetries,
    routesWithPerTry,
    routesWithRetries,
    simpleBackend,
    simpleWeb,
    studyPods,
    throughSimpleWeb,
    untimed,
} from "../support/study";
import { backendEvidence } from "./evidence";
import { fastestRetried, isPunctual, probes, quiet } from "./timing";

/** More failing attempts than anybody declares. */
const always = 100;
/** gRPC's status for a service that is unavailable: what Istio's own policy retries although an answer came. */
const unavailable = "14";
/** A request that fails in a way, and how often it must be tried. */
interface Case {
    route: Route;
    /** Status of every failing try. */
    status: number;
    tries: number;
    /** Tries that fail. Default: all. */
    failing?: number;
    grpcStatus?: string;
}

export const studyRetries = defineSpec({
    name: "study-retries",
    description:
        "simple-backend fails on purpose in many ways and tells which try it answered: the sidecar of simple-web tries each route's requests again exactly as often as declared, on exactly the declared conditions. Where both hops retry, the pods count how the tries multiply.",
    needs: ["study", "sample-app"],
    locks: () => shared(quiet),
    checks: {
        off: { ids: ["T11"], title: "T11 retries off: a failing request is tried once" },
        default: {
            ids: ["T11"],
            title: "T11 default retries: an answer with an error is not tried again, an unavailable service is",
        },
        conditions: {
            ids: ["T11"],
            title: "T11 conditions: failing requests are tried as often as declared, on the declared conditions only",
            needs: ["study-retries"],
        },
        codes: {
            ids: ["T11"],
            title: "T11 status codes: the codes of the EnvoyFilter are tried again, on its route only",
        },
        perTry: {
            ids: ["T11"],
            title: "T11 per-try time-out: a slow try is given up at the declared time and the next one answers",
            needs: ["study-per-try"],
        },
        amplification: {
            ids: ["T11"],
            title: "T11 amplification: tries multiply where both hops retry, and nowhere else",
            needs: ["study-amplification"],
        },
    },
    evidence: backendEvidence,
    async run({ target, config, check, all }) {
        const { retriableStatusCodes: filter, routes } = config.study.simpleBackend;

        await all(
            () =>
                check("off", () =>
                    expectTries(
                        routesWithoutRetries(config).flatMap((route) => [
                            { route, status: 500, tries: 1 },
                            { route, status: 503, tries: 1, grpcStatus: unavailable },
                        ]),
                    ),
                ),
            () =>
                check("default", () =>
                    expectTries(
                        routesByDefault(config).flatMap((route) => [
                            { route, status: 500, tries: 1 },
                            { route, status: 503, tries: 1 },
                            { route, status: 500, tries: 1 + istioRetries.attempts, grpcStatus: unavailable },
                        ]),
                    ),
                ),
            () =>
                check("conditions", () =>
                    expectTries(
                        untimed(routesWithRetries(config)).flatMap((route): Case[] => {
                            const { attempts } = route.retries;
                            const failing = [500, 503, 404, 409].map((status) => ({
                                route,
                                status,
                                tries: retries(route.retries, status) ? 1 + attempts : 1,
                            }));
                            const retried = failing.find(({ tries }) => tries > 1);
                            return retried ? [...failing, { ...retried, failing: attempts }] : failing;
                        }),
                    ),
                ),
            () =>
                check("codes", () => {
                    const route = routes.find(({ name }) => name === filter.route)!;
                    const tries = 1 + (route.retries?.attempts ?? 0);
                    const others = untimed([...routesWithRetries(config), ...routesByDefault(config)]).filter(
                        ({ name }) => name !== filter.route,
                    );
                    return expectTries([
                        ...filter.codes.map((status) => ({ route, status, tries })),
                        ...others.flatMap((other) =>
                            filter.codes.map((status) => ({ route: other, status, tries: 1 })),
                        ),
                    ]);
                }),
            () => check("perTry", checkPerTry),
            () => check("amplification", checkAmplification),
        );

        async function expectTries(cases: readonly Case[]): Promise<void> {
            const results = await Promise.all(
                cases.map(async ({ route, status, tries, failing = always, grpcStatus }) => {
                    const [answer] = await throughSimpleWeb(target, route, {
                        headers: {
                            "x-test-fail-attempts": String(failing),
                            "x-test-status": String(status),
                            ...(grpcStatus !== undefined && { "x-test-grpc-status": grpcStatus }),
                        },
                    });
                    const expected = failing < tries ? 200 : status;
                    const right = answer!.status === expected && answer!.upstreamAttempt === tries;
                    const what = `${pathOf(route)} failing with ${status}${grpcStatus ? ` and grpc-status ${grpcStatus}` : ""}`;
                    return { answer: answer!, right, what, wanted: `${expected} at try ${tries}` };
                }),
            );
            const wrong = results.filter(({ right }) => !right);
            if (wrong.length === 0 && results.length > 0) return;
            fail({
                expected: wrong.map(({ what, wanted }) => `${what}: ${wanted}`).join("; ") || "a route to try",
                seen: wrong.map(({ what, answer }) => `${what}: ${withTry(answer)}`).join("; ") || "none",
                cause: "retries of the VirtualService simple-backend or the EnvoyFilter differ from the configuration, or the VirtualService does not act on `mesh`",
                action: `kubectl -n ${config.study.namespace} get virtualservice simple-backend,envoyfilter -o yaml: compare with study.simpleBackend; the saved routes of simple-web's sidecar are what acts`,
                evidence: { "retries.txt": listing(results.map(({ answer }) => answer)) },
            });
        }

        async function checkPerTry(): Promise<void> {
            const results = await Promise.all(
                routesWithPerTry(config).map(async (route) => {
                    const limit = milliseconds(route.retries.perTryTimeout);
                    const headers = { "x-test-delay": `${limit * 4}ms`, "x-test-delay-attempts": "1" };
                    const [answers, delayed] = await Promise.all([
                        throughSimpleWeb(target, route, { headers }, probes),
                        fastestRetried(target, config, limit),
                    ]);
                    const fastest = Math.min(...answers.map(({ ms }) => ms));
                    const right =
                        answers.every(({ status, upstreamAttempt }) => status === 200 && upstreamAttempt === 2) &&
                        isPunctual(fastest, limit, delayed);
                    return { route, answers, fastest, right };
                }),
            );
            const wrong = results.filter(({ right }) => !right);
            if (wrong.length === 0) return;
            fail({
                expected: wrong
                    .map(({ route }) => `${pathOf(route)}: 200 at try 2 after ${route.retries.perTryTimeout}`)
                    .join("; "),
                seen: wrong
                    .map(
                        ({ route, answers, fastest }) =>
                            `${pathOf(route)}: ${withTry(answers[0]!)}, the fastest after ${seconds(fastest)}`,
                    )
                    .join("; "),
                cause: "perTryTimeout or retryOn of the VirtualService simple-backend differs from the configuration",
                action: `kubectl -n ${config.study.namespace} get virtualservice simple-backend -o yaml: compare retries with study.simpleBackend.routes`,
                evidence: { "per-try.txt": listing(results.flatMap(({ answers }) => answers)) },
            });
        }

        /** One request of a client, counted where it arrives: at simple-web and at simple-backend. */
        async function checkAmplification(): Promise<void> {
            const [callers, backends] = await Promise.all([
                studyPods(target, simpleWeb),
                studyPods(target, simpleBackend),
            ]);
            const both = amplifiedRoutes(config);
            const amplified = both.map(({ edge, deep }) => ({
                route: edge as Route,
                edge: 1 + edge.retries.attempts,
                deep: 1 + deep.retries.attempts,
            }));
            const single = routesWithRetries(config)
                .filter((route) => retries(route.retries, 500) && !both.some(({ deep }) => deep === route))
                .map((route) => ({ route: route as Route, edge: 1, deep: 1 + route.retries.attempts }));
            const results = await Promise.all(
                [...amplified, ...single].map(async ({ route, edge, deep }) => {
                    const { key, headers } = newKey();
                    await throughSimpleWeb(target, route, {
                        headers: { ...headers, "x-test-fail-attempts": String(always) },
                    });
                    const [at, behind] = await Promise.all([
                        recordings(target, callers, key),
                        recordings(target, backends, key),
                    ]);
                    return {
                        wanted: `${pathOf(route)}: ${edge} at simple-web, ${edge * deep} at simple-backend`,
                        found: `${pathOf(route)}: ${at.length} at simple-web, ${behind.length} at simple-backend`,
                    };
                }),
            );
            const wrong = results.filter(({ wanted, found }) => wanted !== found);
            if (wrong.length === 0) return;
            fail({
                expected: `requests that one failing request becomes: ${wrong.map(({ wanted }) => wanted).join("; ")}`,
                seen: wrong.map(({ found }) => found).join("; "),
                cause: "retries of the VirtualService simple-web (at the gateway) or simple-backend (in simple-web's sidecar) differ from the configuration",
                action: `kubectl -n ${config.study.namespace} get virtualservices -o yaml: compare retries with study.simpleWeb.routes and study.simpleBackend.routes`,
            });
        }
    },
});

function withTry(answer: Answer): string {
    return `${tally([answer])}${answer.upstreamAttempt === undefined ? "" : ` at try ${answer.upstreamAttempt}`}`;
}
