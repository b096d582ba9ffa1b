import { milliseconds } from "../../../../components/config/units";
import { defineSpec, shared } from "../../spec";
import type { Answer } from "../../target/target";
import { seconds } from "../../wait";
import { fail, listing, tally } from "../support/answers";
import { pathOf, routesWithTimeout, throughSimpleWeb } from "../support/study";
import { backendEvidence } from "./evidence";
import { fastestDelayed, isPunctual, probes, quiet } from "./timing";

export const studyTimeouts = defineSpec({
    name: "study-timeouts",
    description:
        "simple-backend is slow on purpose: the sidecar of simple-web gives up each request at the declared time and answers 504 itself.",
    needs: ["study", "sample-app", "study-timeouts"],
    locks: () => shared(quiet),
    checks: {
        total: {
            ids: ["T10"],
            title: "T10 time-out: a call that takes too long is answered with 504 at the declared time",
        },
    },
    evidence: backendEvidence,
    async run({ target, config, check }) {
        await check("total", async () => {
            const results = await Promise.all(
                routesWithTimeout(config).map(async (route) => {
                    const limit = milliseconds(route.timeout);
                    const headers = { "x-test-delay": `${limit * 4}ms` };
                    const [answers, delayed] = await Promise.all([
                        throughSimpleWeb(target, route, { headers }, probes),
                        fastestDelayed(target, config, limit),
                    ]);
                    return { route, answers, problem: problemOf(answers, limit, delayed) };
                }),
            );
            const wrong = results.filter(({ problem }) => problem !== undefined);
            if (wrong.length === 0) return;
            fail({
                expected: wrong
                    .map(({ route }) => `504 from the proxy itself after ${route.timeout} for ${pathOf(route)}`)
                    .join("; "),
                seen: wrong.map(({ problem }) => problem).join("; "),
                cause: "timeout of the VirtualService simple-backend differs from the configuration, or the VirtualService does not act on `mesh`",
                action: `kubectl -n ${config.study.namespace} get virtualservice simple-backend -o yaml: compare timeout and gateways with study.simpleBackend.routes; the saved routes of simple-web's sidecar are what acts`,
                evidence: { "timeouts.txt": listing(results.flatMap(({ answers }) => answers)) },
            });
        });
    },
});

function problemOf(answers: readonly Answer[], limit: number, delayed: number): string | undefined {
    const wrong = answers.filter(({ status, upstreamPod }) => status !== 504 || upstreamPod !== undefined);
    if (wrong.length > 0) return tally(answers);
    const fastest = Math.min(...answers.map(({ ms }) => ms));
    if (isPunctual(fastest, limit, delayed)) return undefined;
    return `504, but the fastest of ${answers.length} after ${seconds(fastest)} (answers that the pod delays by as much: ${seconds(delayed)})`;
}
