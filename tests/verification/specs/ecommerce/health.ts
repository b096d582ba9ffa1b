import { defineSpec } from "../../spec";
import type { Answer } from "../../target/target";
import { DeadlineExceeded, seconds, until } from "../../wait";
import { describe, fail, grouped } from "../support/answers";
import { ecommerceHost, ecommercePods, ecommerceServices } from "../support/names";
import { ecommerceEvidence } from "./evidence";

/** Milliseconds after a deployment within which every service must be healthy. */
const smokeLimit = 60_000;

/**
 * The smoke test. Its minute begins when the youngest pod became ready: right after a deployment it waits for what is
 * left of it, on a mesh that has been running for longer every service must be healthy at once.
 */
export const health = defineSpec({
    name: "ecommerce-health",
    description: "Each service answers its health path from outside within a minute of the deployment.",
    needs: ["ecommerce", "sample-app"],
    locks: () => [],
    checks: {
        smoke: { ids: ["C6"], title: "C6 smoke test: each service is healthy within a minute of its deployment" },
    },
    evidence: ecommerceEvidence,
    async run({ target, config, check, progress, signal }) {
        await check("smoke", async () => {
            const host = ecommerceHost(config);
            const services = await Promise.all(
                ecommerceServices(config).map(async (service) => ({
                    ...service,
                    pods: await ecommercePods(target, service.name),
                })),
            );
            const ready = services.flatMap(({ pods }) => pods.map(({ readySince }) => readySince?.getTime() ?? 0));
            const left = Math.max(0, Math.max(...ready) + smokeLimit - Date.now());
            let results: { name: string; path: string; healthy: boolean; answer: Answer }[] = [];
            const probe = async (): Promise<boolean> => {
                results = await Promise.all(
                    services.map(async ({ name, path, pods }) => {
                        const [answer] = await target.request({ path: `${path}/health`, host, timeout: 5_000 });
                        const own = pods.map((pod) => pod.name);
                        return { name, path, answer: answer!, healthy: isHealthy(answer!, own) };
                    }),
                );
                return results.every(({ healthy }) => healthy);
            };
            progress(`the health of ${services.length} services, at most ${seconds(left)} more`);
            try {
                await until("every service is healthy", probe, { deadline: left, interval: 500, signal });
            } catch (error) {
                if (!(error instanceof DeadlineExceeded)) throw error;
                const sick = results.filter(({ healthy }) => !healthy);
                fail({
                    expected: `200 with status UP from ${services.length} health paths within ${seconds(smokeLimit)} of the deployment`,
                    seen: grouped(
                        sick.map(({ path, answer }) => ({ subject: `${path}/health`, seen: describe(answer) })),
                    ),
                    cause: "404: the route from outside is broken; 503: no ready pod; timeout: the pods are overloaded",
                    action: `kubectl -n ${config.ecommerce.namespace} get pods,virtualservices,endpointslices`,
                });
            }
        });
    },
});

function isHealthy(answer: Answer, pods: readonly string[]): boolean {
    if (answer.status !== 200 || !pods.includes(answer.pod ?? "")) return false;
    try {
        return (JSON.parse(answer.body) as { status?: string }).status === "UP";
    } catch {
        return false;
    }
}
