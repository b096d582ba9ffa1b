import { defineSpec, exclusive } from "../../spec";
import { binomialTest } from "../../statistics/binomial";
import { falseAlarm, sampleSize } from "../../statistics/sample-size";
import { fail, listing, tally } from "../support/answers";
import { awaitNoEjection } from "../support/ejection";
import { helloCluster, helloPods } from "../support/names";
import { helloEvidence } from "./evidence";

/** A share that is off by this much, or by half of itself where that is less, must be noticed. */
const deviation = 0.1;

export const egovWeights = defineSpec({
    name: "egov-weights",
    description:
        "Requests from outside are shared between the subsets as declared: one exact binomial test a subset, false-alarm rate 1e-6 together, power 0.999 against a share that is off by 10 percentage points or by half.",
    needs: ["egov", "sample-app", "weights"],
    locks: () => exclusive("gateway:egov-hello"),
    checks: {
        shares: { ids: ["E8"], title: "E8 weights: requests from outside are shared between the subsets as declared" },
    },
    evidence: helloEvidence,
    async run({ target, config, check, progress, signal }) {
        await check("shares", async () => {
            const weights = Object.entries(config.egov.hello.weights ?? {});
            const level = falseAlarm / weights.length;
            const sizes = weights.map(([, weight]) => {
                const share = weight / 100;
                if (share === 0 || share === 1) return sampleSize({ share, truth: Math.abs(share - 0.05) });
                const truth = share + (share < 0.5 ? 1 : -1) * Math.min(deviation, share / 2);
                return sampleSize({ share, truth, falseAlarm: level });
            });
            const count = Math.max(...sizes);
            for (const pod of await target.gatewayPods())
                for (const [subset] of weights)
                    await awaitNoEjection(
                        target.proxy(pod),
                        helloCluster(config, subset),
                        config.egov.outlierDetection,
                        signal,
                    );
            progress(`${count} requests for the shares of the subsets`);
            const pods = await helloPods(target);
            const answers = await target.request(
                { path: `${config.egov.hello.path}/health` },
                { count, concurrency: 4 },
            );
            const results = weights.map(([subset, weight]) => {
                const own = pods.filter(({ labels }) => labels["version"] === subset).map(({ name }) => name);
                const hits = answers.filter(({ status, pod }) => status === 200 && own.includes(pod ?? "")).length;
                return { subset, weight, hits, pValue: binomialTest(hits, count, weight / 100) };
            });
            const total = results.reduce((sum, { hits }) => sum + hits, 0);
            if (total === count && results.every(({ pValue }) => pValue >= level)) return;
            fail({
                expected: `of ${count} requests ${results.map(({ subset, weight }) => `${weight} % to ${subset}`).join(", ")} (exact binomial tests, p >= ${level.toExponential(1)})`,
                seen: `${results.map(({ subset, hits, pValue }) => `${subset} ${hits} (p = ${pValue.toExponential(1)})`).join(", ")}; ${tally(answers)}`,
                cause: "the weights of the VirtualService differ, or a subset selects other pods",
                action: "compare the VirtualService and the DestinationRule egov-hello with egov.hello.weights and egov.hello.subsets",
                evidence: { "weights.txt": listing(answers) },
            });
        });
    },
});
