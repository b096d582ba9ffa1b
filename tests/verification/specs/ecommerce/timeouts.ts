import { milliseconds } from "../../../../components/config/units";
import { defineSpec, exclusive } from "../../spec";
import type { Answer } from "../../target/target";
import { seconds, until } from "../../wait";
import { fail, listing, tally } from "../support/answers";
import { forgetErrors, gatewayErrors } from "../support/errors";
import { ecommerceHost, ecommerceServices } from "../support/names";
import { ecommerceEvidence } from "./evidence";

/** Milliseconds that an answer may be late beside the declared time: retry back-off and a busy machine. */
const slack = 2_000;
/** Milliseconds that Envoy's timers may be early: they have a resolution of one. */
const early = 20;

export const timeouts = defineSpec({
    name: "ecommerce-timeouts",
    description:
        "Requests from outside that are delayed on purpose: a try that takes too long is given up and repeated, a request that takes too long is answered with 504, each at the declared time.",
    needs: ["ecommerce", "sample-app", "short-timeout", "errors-below-ejection"],
    locks: (config) => exclusive(...ecommerceServices(config).map(({ name }) => gatewayErrors(name))),
    checks: {
        perTry: {
            ids: ["C3"],
            title: "C3 per-try time-out: a try that takes too long is given up and the next one answers",
            needs: ["retries-on-5xx", "several-tries-in-time"],
        },
        total: {
            ids: ["C3"],
            title: "C3 time-out: a request that takes too long is answered with 504 at the declared time",
        },
    },
    evidence: ecommerceEvidence,
    async run({ target, config, check, all, wanted, progress, signal }) {
        const { timeout, retries } = config.ecommerce.routePolicy;
        const whole = milliseconds(timeout);
        const perTry = milliseconds(retries.perTryTimeout);
        const services = ecommerceServices(config);
        const host = ecommerceHost(config);
        const started = performance.now();
        let running = 0;

        const expectAll = async (
            headers: Record<string, string>,
            expected: { status: number; pod: boolean; attempt?: number; at: number; what: string; field: string },
        ): Promise<void> => {
            running++;
            const results = await Promise.all(
                services.map(async ({ name, path }) => ({
                    name,
                    answer: (await target.request({ path, host, headers, timeout: whole + 10_000 }))[0]!,
                })),
            ).finally(() => running--);
            const right = ({ status, pod, attempt, ms }: Answer) =>
                status === expected.status &&
                (pod !== undefined) === expected.pod &&
                attempt === expected.attempt &&
                ms >= expected.at - early &&
                ms <= expected.at + slack;
            const wrong = results.filter(({ answer }) => !right(answer));
            if (wrong.length === 0) return;
            fail({
                expected: `${expected.what}: ${expected.status}${expected.attempt ? ` at try ${expected.attempt}` : ""} after ${seconds(expected.at)} from each service`,
                seen: wrong
                    .map(
                        ({ name, answer }) =>
                            `${name}: ${tally([answer])}${answer.attempt ? ` at try ${answer.attempt}` : ""} after ${seconds(answer.ms)}`,
                    )
                    .join("; "),
                cause: `${expected.field} of the VirtualService differs from the configuration`,
                action: `kubectl -n ${config.ecommerce.namespace} get virtualservices -o yaml: compare ${expected.field} with ecommerce.routePolicy; the saved routes are what the gateway has`,
                evidence: { "timeouts.txt": listing(results.map(({ answer }) => answer)) },
            });
        };

        await all(
            () =>
                check("perTry", () =>
                    expectAll(
                        { "x-test-delay": `${perTry * 1.2}ms`, "x-test-delay-attempts": "1" },
                        {
                            status: 200,
                            pod: true,
                            attempt: 2,
                            at: perTry,
                            what: "the first try is delayed beyond perTryTimeout",
                            field: "retries.perTryTimeout",
                        },
                    ),
                ),
            () =>
                check("total", () =>
                    expectAll(
                        { "x-test-delay": `${whole * 1.2}ms` },
                        { status: 504, pod: false, at: whole, what: "every try is delayed", field: "timeout" },
                    ),
                ),
            async () => {
                if (wanted("perTry", "total")) await keepErrorsApart();
            },
        );

        /** A try that times out is an error of its pod: good requests in between keep the count low. */
        async function keepErrorsApart(): Promise<void> {
            await until(
                "the delayed requests have ended",
                async () => {
                    const waiting = running > 0;
                    progress(`delayed requests, ${seconds(performance.now() - started)} of ${seconds(whole)}`);
                    await Promise.all(services.map(({ name, path }) => forgetErrors(target, name, path)));
                    return !waiting;
                },
                { deadline: whole + 20_000, interval: Math.min(2_000, perTry / 3), signal },
            );
        }
    },
});
