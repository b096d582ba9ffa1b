import { defineSpec, exclusive } from "../../spec";
import { firstOutOfTurn, requestsForRound, roundByChance } from "../../statistics/round-robin";
import { falseAlarm, power, sampleSize } from "../../statistics/sample-size";
import { spreadTest } from "../../statistics/multinomial";
import type { Answer } from "../../target/target";
import { countByPod, fail, listing, names, tally } from "../support/answers";
import { collectInTurn } from "../support/streams";
import { helloCluster, helloPods } from "../support/names";
import { awaitNoEjection } from "../support/ejection";
import { gatewayClients } from "../support/gateway-clients";
import { helloEvidence } from "./evidence";

/**
 * The requests go to the health path below the route's prefix: every pod answers 200 there, so that none is ejected
 * while the spread is measured.
 */
export const egovLoadBalancing = defineSpec({
    name: "egov-load-balancing",
    description:
        "Requests from outside spread over all pods of egov-hello: the exact multinomial test on the counts (false-alarm rate 1e-6; notices a pod with half of its share with probability 0.999), and on one connection the strict turn that tells round robin from chance.",
    needs: ["egov", "sample-app", "equal-pods", "several-pods"],
    locks: () => exclusive("gateway:egov-hello"),
    checks: {
        spread: { ids: ["E4"], title: "E4 spread: requests from outside spread evenly over all pods" },
        turn: { ids: ["E4"], title: "E4 turn: on one connection the pods answer in the declared order" },
    },
    evidence: helloEvidence,
    async run({ target, config, check, progress, signal, inOrder }) {
        const path = `${config.egov.hello.path}/health`;
        const pods = await helloPods(target);
        progress("the end of ejections by earlier requests");
        for (const pod of await target.gatewayPods())
            await awaitNoEjection(target.proxy(pod), helloCluster(config), config.egov.outlierDetection, signal);
        // Not side by side: other requests would break the turn.
        await inOrder(
            () => check("spread", () => checkSpread()),
            () => check("turn", () => checkTurn()),
        );

        async function checkSpread(): Promise<void> {
            const share = 1 / pods.length;
            const count = sampleSize({ share, truth: share / 2, falseAlarm: falseAlarm / pods.length, power });
            progress(`${count} requests, so that a pod with half of its share is noticed`);
            const answers = await target.request({ path }, { count, concurrency: 4 });
            const counts = countByPod(answers, pods);
            const counted = counts.reduce((sum, one) => sum + one, 0);
            const result = spreadTest(
                counts,
                pods.map(() => share),
            );
            if (counted === count && result.pValue >= falseAlarm) return;
            fail({
                expected: `${count} answers, spread evenly over ${names(pods)} (exact ${result.test} test, p >= ${falseAlarm})`,
                seen: `${tally(answers)}; p = ${result.pValue.toExponential(1)}`,
                cause: "a pod is not among the service's endpoints, is ejected, or a weight or locality setting prefers others",
                action: "look at the saved clusters of the gateway: which hosts it has, their health flags and weights",
                evidence: { "spread.txt": listing(answers) },
            });
        }

        async function checkTurn(): Promise<void> {
            const inTurn = config.egov.loadBalancer === "ROUND_ROBIN";
            const count = requestsForRound(pods.length, falseAlarm);
            for (const client of await gatewayClients(target, path)) {
                let answers: Answer[];
                try {
                    answers = await collectInTurn(client.connection, { path }, count);
                } finally {
                    await client.connection.close();
                }
                const sequence = answers.map(({ pod }) => pod ?? "");
                const broken = firstOutOfTurn(sequence, pods.length);
                if ((broken === -1) === inTurn) continue;
                fail({
                    expected: inTurn
                        ? `${count} requests on one connection to ${client.name} answered by ${pods.length} pods in strict turn (by chance: p = ${roundByChance(count, pods.length).toExponential(1)})`
                        : `${config.egov.loadBalancer}, which is no strict turn`,
                    seen: `${tally(answers)}; ${broken === -1 ? "a strict turn" : `request ${broken + 1} is out of turn`}`,
                    cause: inTurn
                        ? "the gateway uses another load balancer than ROUND_ROBIN, a pod is missing, or another client sends requests to egov-hello at the same time"
                        : "the gateway uses ROUND_ROBIN",
                    action: `compare trafficPolicy.loadBalancer of the DestinationRule egov-hello with egov.loadBalancer ${config.egov.loadBalancer}; lb_policy in the saved configuration is what the gateway has`,
                    evidence: { "turn.txt": listing(answers) },
                });
            }
        }
    },
});
