import type { RoutePolicy } from "../../../../components/config/traffic";
import { milliseconds } from "../../../../components/config/units";
import { defineSpec, exclusive } from "../../spec";
import { allRoutes } from "../../target/envoy";
import type { Answer, EnvoyRoute } from "../../target/target";
import { fail, listing, tally } from "../support/answers";
import { forgetErrors, gatewayErrors, retriesErrors } from "../support/errors";
import { clustersOf, ecommerceHost, ecommerceServices, leadsTo } from "../support/names";
import { ecommerceEvidence } from "./evidence";

/**
 * The sample app fails on purpose by header and says which try it answered. No request causes as many errors as eject
 * a pod, and good requests reset the count in between.
 */
export const retries = defineSpec({
    name: "ecommerce-retries",
    description:
        "Requests from outside that fail a known number of times: the gateway retries exactly as often as declared, and only on the declared conditions.",
    needs: ["ecommerce", "sample-app", "errors-below-ejection"],
    locks: (config) => exclusive(...ecommerceServices(config).map(({ name }) => gatewayErrors(name))),
    checks: {
        recovered: {
            ids: ["C3"],
            title: "C3 retries: a request that succeeds in the last allowed try is answered with 200",
            needs: ["retries-on-5xx"],
        },
        exhausted: {
            ids: ["C3"],
            title: "C3 retries: a request that keeps failing is tried as often as declared, then answered with its error",
        },
        clientErrors: { ids: ["C3"], title: "C3 retries: a 4xx answer is not retried" },
    },
    evidence: ecommerceEvidence,
    async run({ target, config, check, inOrder }) {
        const { attempts } = config.ecommerce.routePolicy.retries;
        const tries = attempts + 1;
        const services = ecommerceServices(config);
        const host = ecommerceHost(config);
        const retried = retriesErrors(config.ecommerce.routePolicy.retries);
        const expectAll = async (
            headers: Record<string, string>,
            expected: { status: number; attempt: number; what: string },
        ): Promise<void> => {
            const results = await Promise.all(
                services.map(async ({ name, path }) => {
                    const [answer] = await target.request({ path, host, headers });
                    await forgetErrors(target, name, path);
                    return { name, answer: answer! };
                }),
            );
            const wrong = results.filter(
                ({ answer }) => answer.status !== expected.status || answer.attempt !== expected.attempt,
            );
            if (wrong.length === 0) return;
            fail({
                expected: `${expected.what}: ${expected.status} at try ${expected.attempt} from each service`,
                seen: wrong.map(({ name, answer }) => `${name}: ${withAttempt(answer)}`).join("; "),
                cause: "retries of the VirtualService (attempts, retryOn) differ from the configuration, or another route answers",
                action: `kubectl -n ${config.ecommerce.namespace} get virtualservices -o yaml: compare retries with ecommerce.routePolicy.retries; the saved routes are what the gateway has`,
                evidence: { "retries.txt": listing(results.map(({ answer }) => answer)) },
            });
        };
        await inOrder(
            () =>
                check("recovered", () =>
                    expectAll(
                        { "x-test-fail-attempts": String(attempts) },
                        { status: 200, attempt: tries, what: `${attempts} tries fail with 500` },
                    ),
                ),
            () =>
                check("exhausted", () =>
                    expectAll(
                        { "x-test-fail-attempts": String(tries + 10) },
                        { status: 500, attempt: retried ? tries : 1, what: "every try fails with 500" },
                    ),
                ),
            () =>
                check("clientErrors", () =>
                    expectAll(
                        { "x-test-fail-attempts": String(tries + 10), "x-test-status": "400" },
                        { status: 400, attempt: 1, what: "every try fails with 400" },
                    ),
                ),
        );
    },
});

export const routePolicies = defineSpec({
    name: "ecommerce-route-policies",
    description: "The routes in the gateway's Envoy have the declared time-out and retries, for each service.",
    needs: ["ecommerce"],
    locks: () => [],
    checks: {
        settings: { ids: ["C3"], title: "C3 settings: the gateway's routes have the declared time-out and retries" },
    },
    evidence: ecommerceEvidence,
    async run({ target, config, check }) {
        await check("settings", async () => {
            const gateways = await target.gatewayPods();
            const problems: string[] = [];
            for (const pod of gateways) {
                const routes = allRoutes(await target.proxy(pod).routes());
                for (const service of ecommerceServices(config)) {
                    const { name } = service;
                    const own = routes.filter((route) => leadsTo(route, clustersOf(config, service)));
                    if (own.length === 0) problems.push(`${pod.name} has no route to ${name}`);
                    for (const difference of new Set(
                        own.flatMap((route) => routeDifferences(route, config.ecommerce.routePolicy)),
                    ))
                        problems.push(`${name} in ${pod.name}: ${difference}`);
                }
            }
            if (problems.length === 0 && gateways.length > 0) return;
            fail({
                expected: `time-out and retries of ecommerce.routePolicy (${JSON.stringify(config.ecommerce.routePolicy)})`,
                seen: problems.join("; ") || "there is no gateway pod",
                cause: "a VirtualService is missing, not bound to the gateway, or differs from the configuration",
                action: `kubectl -n ${config.ecommerce.namespace} get virtualservices -o yaml: compare timeout and retries`,
            });
        });
    },
});

function withAttempt(answer: Answer): string {
    return `${tally([answer])}${answer.attempt === undefined ? "" : ` at try ${answer.attempt}`}`;
}

/** What of a route in Envoy differs from the declared policy. */
export function routeDifferences({ route }: EnvoyRoute, { timeout, retries: declared }: RoutePolicy): string[] {
    const time = (text: string | undefined) => (text === undefined ? undefined : milliseconds(text));
    const differences: string[] = [];
    const compare = (what: string, expected: unknown, seen: unknown) => {
        if (expected !== seen) differences.push(`${what} ${String(seen ?? "not set")} instead of ${String(expected)}`);
    };
    compare("timeout in ms", milliseconds(timeout), time(route?.timeout));
    const policy = route?.retry_policy;
    compare("attempts", declared.attempts, policy ? (policy.num_retries ?? 1) : 0);
    if (declared.attempts === 0) return differences;
    compare("perTryTimeout in ms", milliseconds(declared.perTryTimeout), time(policy?.per_try_timeout));
    const { retryOn, codes = [] } = declared;
    const conditions = (policy?.retry_on ?? "").split(",").filter(Boolean).sort();
    const declaredConditions = [...retryOn, ...(codes.length > 0 ? ["retriable-status-codes"] : [])];
    compare("retryOn", declaredConditions.sort().join(","), conditions.join(","));
    compare("codes", [...codes].sort().join(","), [...(policy?.retriable_status_codes ?? [])].sort().join(","));
    return differences;
}
