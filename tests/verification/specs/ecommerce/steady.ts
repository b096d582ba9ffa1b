import { defineSpec } from "../../spec";
import { ecommerceHost, ecommercePods, ecommerceServices } from "../support/names";
import { requireAnswers, requireArrivals, sendSteadily, steadyCount, testRun } from "../support/steady";
import { ecommercePodEvidence } from "./evidence";

/** Requests under way at once to each service: the other specs go on meanwhile. */
const concurrency = 2;

export const steady = defineSpec({
    name: "ecommerce-steady",
    description:
        "A stream of requests from outside to each service: none of them fails, is held up or copied on the way (a share of 2 % is noticed with probability 0.999), and each arrives at its own service only.",
    needs: ["ecommerce", "sample-app"],
    locks: () => [],
    checks: {
        answers: { ids: ["C2", "C5"], title: "C2 C5 steady: no request to a declared path fails or is held up" },
        once: {
            ids: ["C2"],
            title: "C2 once: each request arrives once, at the pod of its own service that answers it",
        },
    },
    evidence: ecommercePodEvidence,
    async run({ target, config, check, all, progress }) {
        const host = ecommerceHost(config);
        const run = testRun();
        progress(`${steadyCount} requests to each service, so that a share of 2 % that fails is noticed`);
        const streams = await Promise.all(
            ecommerceServices(config).map(async ({ name, path }) => {
                const pods = await ecommercePods(target, name);
                return sendSteadily(target, run, { name, pods, request: { path, host } }, concurrency);
            }),
        );
        await all(
            () =>
                check("answers", async () =>
                    requireAnswers(
                        streams,
                        `kubectl -n ${config.ecommerce.namespace} get virtualservices -o yaml: look for fault, mirror, other routes; the saved routes show what the gateway has`,
                    ),
                ),
            () => check("once", () => requireArrivals(target, run, streams)),
        );
    },
});
