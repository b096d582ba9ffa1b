import { setTimeout as delay } from "node:timers/promises";
import { milliseconds } from "../../../../components/config/units";
import { defineSpec } from "../../spec";
import type { Answer } from "../../target/target";
import { describe, fail, grouped, listing, tally } from "../support/answers";
import { ecommerceHost, serviceAbove } from "../support/names";
import { securityEvidence } from "./evidence";

/** Connections of a burst: a limit holds for all of them together. */
const connections = 10;

export const rateLimit = defineSpec({
    name: "ecommerce-rate-limit",
    description:
        "A burst to the limited path is let through up to the declared number, then answered 429 by the gateway itself, while neighbouring paths go on; after the declared time as many requests are let through again.",
    needs: ["ecommerce", "sample-app", "rate-limit", "short-refill"],
    locks: () => [],
    checks: {
        limited: {
            ids: ["S7", "C14"],
            title: "S7 C14 limit: of a burst exactly the declared number is let through, the others get 429",
        },
        elsewhere: { ids: ["S7"], title: "S7 elsewhere: meanwhile neighbouring paths are not limited" },
        refilled: { ids: ["S7"], title: "S7 refill: after the declared time as many requests are let through again" },
    },
    evidence: securityEvidence,
    async run({ target, config, check, all, progress, signal }) {
        const limit = config.ecommerce.rateLimit;
        if (!limit) throw new Error("ecommerce.rateLimit is not set");
        const { path, requests } = limit;
        const host = ecommerceHost(config);
        const cause = "the EnvoyFilter gateway-rate-limit is missing or differs from ecommerce.rateLimit";
        const action =
            "kubectl -n istio-system get envoyfilter gateway-rate-limit -o yaml: compare with ecommerce.rateLimit";
        /** Three times as many requests as are let through, and the seconds that they took. */
        const burst = async (): Promise<{ answers: Answer[]; seconds: number }> => {
            const start = performance.now();
            const answers = await target.request({ path, host }, { count: 3 * requests, concurrency: connections });
            return { answers, seconds: (performance.now() - start) / 1000 };
        };
        const passed = (answers: readonly Answer[]) =>
            answers.filter(({ status, pod }) => status === 200 && pod).length;
        /** Pods of the gateway, each with a limit of its own. */
        const gateways = (await target.gatewayPods()).length;

        /** Waits until the gateway lets the full number through again, whatever was sent before. */
        const refill = async (): Promise<void> => {
            progress(`${limit.per} until ${requests} requests to ${path} are let through`);
            await delay(milliseconds(limit.per), undefined, { signal });
        };

        await refill();
        const first = await burst();
        await all(
            () =>
                check("limited", async () => {
                    const { answers, seconds } = first;
                    // What the burst itself was slow enough to get again.
                    const again = Math.floor((seconds * 1000 * requests) / milliseconds(limit.per));
                    const refused = answers.filter(({ status, pod }) => status === 429 && pod === undefined).length;
                    const through = passed(answers);
                    const inLimit = through >= requests && through <= gateways * (requests + again);
                    if (inLimit && through + refused === answers.length) return;
                    fail({
                        expected: `${requests} of ${answers.length} requests to ${path} answered 200, the others 429 by the gateway itself (in ${seconds.toFixed(2)} s up to ${again} more)`,
                        seen: tally(answers),
                        cause,
                        action,
                        evidence: { "answers.txt": listing(answers) },
                    });
                }),
            () =>
                check("elsewhere", async () => {
                    const { path: service } = serviceAbove(config, path);
                    const results = await Promise.all(
                        [service, path.slice(0, -1), `${service}?path=${path}`].map(async (to) => {
                            const answers = await target.request({ path: to, host }, { count: 5 });
                            return passed(answers) === 5
                                ? []
                                : answers.map((answer) => ({ subject: to, seen: describe(answer) }));
                        }),
                    );
                    if (results.flat().length === 0) return;
                    fail({ expected: `200 beside ${path}`, seen: grouped(results.flat()), cause, action });
                }),
            () =>
                check("refilled", async () => {
                    await refill();
                    const { answers } = await burst();
                    if (passed(answers) >= requests) return;
                    fail({
                        expected: `${requests} requests to ${path} answered 200 after ${limit.per}`,
                        seen: tally(answers),
                        cause,
                        action,
                        evidence: { "answers.txt": listing(answers) },
                    });
                }),
        );
    },
});
