import { randomUUID } from "node:crypto";
import { milliseconds } from "../../../../components/config/units";
import { defineSpec } from "../../spec";
import type { Answer } from "../../target/target";
import { admittedCallers } from "../support/admitted";
import { describe, fail, grouped, listing, tally } from "../support/answers";
import { rateLimitSettings } from "../support/filter-settings";
import { admissible, areWindowsOf, counted, readCounters, type Counters } from "../support/limit-counters";
import { loadedLimits } from "../support/loaded-limits";
import {
    apps,
    ecommerceHost,
    ingressGateway,
    istio,
    limitDescriptors,
    rateLimitRedis,
    rateLimitService,
    serviceAbove,
    spiffeId,
} from "../support/names";
import { securityEvidence } from "./evidence";

/** Connections of a burst: a limit holds for all of them together. Those of all bursts are fewer than a service's pool has room for. */
const connections = 5;

/** Requests that were sent as one client, with what Redis had counted of it before and after. */
interface Trial {
    subject: string;
    /** How many must have passed at least: of a client that nobody has seen before, the whole budget. */
    atLeast: number;
    before: Counters;
    answers: readonly Answer[];
    after: Counters;
}

export const globalRateLimit = defineSpec({
    name: "ecommerce-global-rate-limit",
    description:
        "Bursts of clients that nobody has seen before, over HTTP and HTTPS, side by side: of each as many are let through as the windows in which Redis has counted them allow, and the others get 429 by the gateway itself. No check waits for a window to end, and one that ends meanwhile changes nothing: the counters say which requests fell into which.",
    needs: ["ecommerce", "sample-app", "global-rate-limit", "global-limit-enforced", "long-window"],
    locks: () => [],
    checks: {
        limited: {
            ids: ["S7"],
            title: "S7 global limit: of a client's burst exactly the declared number is let through, the others get 429",
        },
        together: {
            ids: ["S7"],
            title: "S7 one budget: what a client sends over HTTP and over HTTPS counts together",
            needs: ["https", "named-host"],
        },
        separate: { ids: ["S7"], title: "S7 budgets: two clients at the same time have one each" },
        unnamed: { ids: ["S7"], title: "S7 unnamed clients: those who send no key share one budget" },
        counted: {
            ids: ["S7"],
            title: "S7 counters: Redis has counted every answered request once, in windows of the declared length",
        },
        elsewhere: { ids: ["S7"], title: "S7 beside the path: neighbouring paths are neither limited nor counted" },
        limits: { ids: ["S7"], title: "S7 loaded limits: every pod of the service has loaded the declared limits" },
        settings: {
            ids: ["S7"],
            title: "S7 limit settings: every listener asks with the declared time, and without an answer does what is declared",
        },
        callers: {
            ids: ["S7", "S4"],
            title: "S7 S4 who may count: the gateway alone may ask the service, and the service alone Redis",
        },
    },
    async evidence(target) {
        const { pods = [], objects = [] } = await securityEvidence(target);
        const own = await Promise.all(
            [rateLimitService, rateLimitRedis].map((app) => target.kubernetes.pods("istio-system", { app })),
        );
        return {
            pods: [...pods, ...own.flat()],
            objects: [
                ...objects,
                { ...istio.envoyFilter, namespace: "istio-system" },
                { ...apps.deployment, namespace: "istio-system" },
            ],
            clusters: [rateLimitService],
        };
    },
    async run({ target, config, check, all }) {
        const limit = config.ecommerce.globalRateLimit;
        if (!limit) throw new Error("ecommerce.globalRateLimit is not set");
        const { path, header, requests, per } = limit;
        const host = ecommerceHost(config);
        const cause =
            "the EnvoyFilter global-rate-limit or the ConfigMap rate-limit is missing or differs from ecommerce.globalRateLimit, or the service or its Redis is away";
        const action =
            "kubectl -n istio-system get envoyfilter global-rate-limit -o yaml; kubectl -n istio-system get configmap rate-limit -o yaml; kubectl -n istio-system get pods -l 'app in (rate-limit, rate-limit-redis)'";

        const newClient = () => `suite-${randomUUID()}`;
        const request = (client: string | undefined) => ({
            path,
            host,
            ...(client !== undefined && { headers: { [header]: client } }),
        });
        const overHttp = (count: number) => (client: string | undefined) =>
            target.request(request(client), { count, concurrency: connections });
        const overHttps = (count: number) => async (client: string | undefined) =>
            target.secureRequest(request(client), await trusted(), { count, concurrency: connections });

        /** Sends bursts side by side as one client. */
        const attempt = async (
            subject: string,
            client: string | undefined,
            ...bursts: ((client: string | undefined) => Promise<Answer[]>)[]
        ): Promise<Trial> => {
            const read = () => readCounters(target.kubernetes, path, client);
            const before = client === undefined ? await read() : new Map<number, number>();
            const answers = (await Promise.all(bursts.map((burst) => burst(client)))).flat();
            const atLeast = client === undefined ? 0 : Math.min(requests, answers.length);
            return { subject, atLeast, before, answers, after: await read() };
        };
        const compare = (trials: readonly Trial[]): void => {
            const wrong = trials.filter((trial) => !isWithinBudget(trial, requests));
            if (wrong.length === 0) return;
            fail({
                expected: `${requests} requests to ${path} in every ${per} answered 200, the others 429 by the gateway itself: ${wrong
                    .map(
                        ({ subject, atLeast, before, after, answers }) =>
                            `${admissible(before, after, requests)} of the ${answers.length} of ${subject} (at least ${atLeast})`,
                    )
                    .join(", ")} by what Redis has counted`,
                seen: wrong.map(({ subject, answers }) => `${subject}: ${tally(answers)}`).join("; "),
                cause,
                action,
                evidence: {
                    "answers.txt": wrong.map(({ subject, answers }) => `${subject}\n${listing(answers)}`).join("\n"),
                },
            });
        };

        const more = requests + 1;
        const [single, both, pair, unnamed] = await Promise.all([
            attempt("one client", newClient(), overHttp(2 * requests)),
            config.ecommerce.tls && attempt("a client of both", newClient(), overHttp(requests), overHttps(requests)),
            Promise.all(["first", "second"].map((which) => attempt(`the ${which}`, newClient(), overHttp(more)))),
            attempt("those without a key", undefined, overHttp(more)),
        ]);
        await all(
            () => check("limited", async () => compare([single])),
            () => check("together", async () => compare(both ? [both] : [])),
            () => check("separate", async () => compare(pair)),
            () => check("unnamed", async () => compare([unnamed])),
            () =>
                check("counted", async () => {
                    const wrong = [single, ...(both ? [both] : []), ...pair].filter(
                        ({ before, after, answers }) =>
                            counted(before, after) !== answered(answers) || !areWindowsOf(after, per),
                    );
                    if (wrong.length === 0) return;
                    fail({
                        expected: `every request counted once, in windows that begin with the clock's ${per}`,
                        seen: wrong
                            .map(
                                ({ subject, answers, after }) =>
                                    `${answered(answers)} of ${subject}: ${shown(after) || "nothing counted"}`,
                            )
                            .join("; "),
                        cause,
                        action,
                    });
                }),
            () =>
                check("elsewhere", async () => {
                    const client = newClient();
                    const { path: service } = serviceAbove(config, path);
                    const neighbours = [service, path.slice(0, -1), `${service}?path=${path}`];
                    const results = await Promise.all(
                        neighbours.map(async (to) => {
                            const answers = await target.request({ ...request(client), path: to }, { count: 3 });
                            return answers
                                .filter(({ status, pod }) => status !== 200 || pod === undefined)
                                .map((answer) => ({ subject: to, seen: describe(answer) }));
                        }),
                    );
                    const counters = await readCounters(target.kubernetes, path, client);
                    if (results.flat().length === 0 && counters.size === 0) return;
                    fail({
                        expected: `200 beside ${path}, and nothing counted`,
                        seen: [grouped(results.flat()), shown(counters)].filter((part) => part !== "").join("; "),
                        cause,
                        action,
                    });
                }),
            () =>
                check("limits", async () => {
                    const limits = [limitDescriptors.client, limitDescriptors.unnamed];
                    const expected = JSON.stringify(limits.map((key) => ({ key, unit: per, requests, shadow: false })));
                    const pods = await target.kubernetes.pods("istio-system", { app: rateLimitService });
                    const seen = await Promise.all(
                        pods
                            .filter(({ readySince }) => readySince)
                            .map(async (pod) => JSON.stringify(await loadedLimits(target.kubernetes, pod))),
                    );
                    if (seen.length > 0 && seen.every((one) => one === expected)) return;
                    fail({
                        expected: `every pod of the service: ${expected}`,
                        seen: seen.join("; ") || "no pod that is ready",
                        cause,
                        action,
                    });
                }),
            () =>
                check("settings", async () => {
                    const expected = JSON.stringify({
                        "time-out in ms": milliseconds(limit.timeout),
                        "without an answer": limit.failureMode,
                    });
                    const pods = await target.gatewayPods();
                    const seen = (await Promise.all(pods.map((pod) => rateLimitSettings(target.proxy(pod)))))
                        .flat()
                        .map((one) => JSON.stringify(one));
                    if (seen.length > 0 && seen.every((one) => one === expected)) return;
                    fail({
                        expected: `every listener of the gateway: ${expected}`,
                        seen: seen.join("; ") || "no listener",
                        cause,
                        action,
                    });
                }),
            () => check("callers", () => onlyDeclaredCallers()),
        );

        /** Compares whom the sidecars let in; and Redis' own pod, with another identity than the service's, is refused. */
        async function onlyDeclaredCallers(): Promise<void> {
            const declared = { [rateLimitService]: ingressGateway, [rateLimitRedis]: rateLimitService };
            const compared = Object.entries(declared).map(async ([app, caller]) => {
                const own = await target.kubernetes.pods("istio-system", { app });
                const pods = own.filter(({ readySince }) => readySince);
                if (pods.length === 0) return [{ subject: app, seen: "no pod that is ready" }];
                const admitted = await Promise.all(
                    pods.map(async (pod) => {
                        const ways = await admittedCallers(target.proxy(pod));
                        const wrong = ways.filter((way) => way !== spiffeId("istio-system", caller));
                        return ways.length === 0 ? ["nobody"] : [...new Set(wrong)];
                    }),
                );
                return admitted.flat().map((seen) => ({ subject: app, seen: `lets in ${seen}` }));
            });
            const problems = (await Promise.all([...compared, redisAnswersItself()])).flat();
            if (problems.length === 0) return;
            fail({
                expected: `${rateLimitService} lets in ${ingressGateway} alone, ${rateLimitRedis} lets in ${rateLimitService} alone`,
                seen: grouped(problems),
                cause: "an AuthorizationPolicy of the two is missing, names others, or a further one lets in more",
                action: "kubectl -n istio-system get authorizationpolicies -o yaml",
            });
        }

        /** Calls Redis from its own pod: past the sidecars, which must work, and through them, as a stranger. */
        async function redisAnswersItself(): Promise<{ subject: string; seen: string }[]> {
            const pods = await target.kubernetes.pods("istio-system", { app: rateLimitRedis });
            const pod = pods.find(({ readySince }) => readySince);
            if (!pod) return [];
            const ping = (host: string) =>
                target.kubernetes.exec(pod, rateLimitRedis, ["redis-cli", "-h", host, "ping"]).then(
                    (answer) => answer.trim(),
                    (error: Error) => error.message,
                );
            const subject = `${rateLimitRedis}, asked by its own pod,`;
            const [past, through] = await Promise.all(["127.0.0.1", rateLimitRedis].map(ping));
            if (past !== "PONG") return [{ subject, seen: `answers ${past}, so nothing is proved` }];
            return through === "PONG" ? [{ subject, seen: "answers a stranger" }] : [];
        }

        /** The certificate to trust: the one that the program made, or the one that the gateway shows. */
        async function trusted(): Promise<string> {
            if (target.certificate !== undefined) return target.certificate;
            const handshake = await target.handshake({ serverName: host });
            if ("refused" in handshake) throw new Error(`no HTTPS at ${host}: ${handshake.refused}`);
            return handshake.certificate.pem;
        }
    },
});

/** Whether as many were let through as the windows allow, and all others refused by the gateway itself. */
function isWithinBudget({ atLeast, before, answers, after }: Trial, requests: number): boolean {
    const passed = answers.filter(({ status, pod }) => status === 200 && pod !== undefined).length;
    const refused = answers.filter(({ status, pod }) => status === 429 && pod === undefined).length;
    return passed >= atLeast && passed === admissible(before, after, requests) && passed + refused === answers.length;
}

/** Requests that got an answer: without a connection nothing reaches the gateway. */
function answered(answers: readonly Answer[]): number {
    return answers.filter(({ status }) => status !== undefined).length;
}

/** The counters in short: `12 + 8 counted`. */
function shown(counters: Counters): string {
    return counters.size === 0 ? "" : `${[...counters.values()].join(" + ")} counted`;
}
