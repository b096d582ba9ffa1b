import { defineSpec, exclusive } from "../../spec";
import { firstOutOfTurn, requestsForRound, roundByChance } from "../../statistics/round-robin";
import { falseAlarm } from "../../statistics/sample-size";
import type { Answer } from "../../target/target";
import { fail, listing, tally } from "../support/answers";
import { collectInTurn } from "../support/streams";
import { helloCluster, helloPods } from "../support/names";
import { awaitNoEjection } from "../support/ejection";
import { gatewayClients } from "../support/gateway-clients";
import { requireEvenSpread } from "../support/spread";
import { requireAnswers, requireArrivals, sendSteadily, steadyCount, testRun } from "../support/steady";
import { helloEvidence } from "./evidence";

/**
 * The requests go to the health path below the route's prefix: every pod answers 200 there, so that none is ejected
 * while the spread is measured.
 */
export const egovLoadBalancing = defineSpec({
    name: "egov-load-balancing",
    description:
        "One stream of requests from outside: none of them fails, is held up or copied on the way (a share of 2 % is noticed with probability 0.999), and they spread over all pods of egov-hello (exact multinomial test on the counts, false-alarm rate 1e-6). On one connection the strict turn tells round robin from chance.",
    needs: ["egov", "sample-app"],
    locks: () => exclusive("gateway:egov-hello"),
    checks: {
        steady: { ids: ["E3"], title: "E3 steady: no request to the declared prefix fails or is held up" },
        once: { ids: ["E3", "E10"], title: "E3 E10 once: each request arrives once, at the pod that answers it" },
        spread: {
            ids: ["E4"],
            title: "E4 spread: requests from outside spread evenly over all pods",
            needs: ["equal-pods", "several-pods"],
        },
        turn: {
            ids: ["E4"],
            title: "E4 turn: on one connection the pods answer in the declared order",
            needs: ["equal-pods", "several-pods"],
        },
    },
    evidence: helloEvidence,
    async run({ target, config, check, wanted, progress, signal, all, inOrder }) {
        const path = `${config.egov.hello.path}/health`;
        const pods = await helloPods(target);
        const routeAction = `kubectl -n ${config.egov.namespaces.app} get virtualservice egov-hello -o yaml: look for fault, mirror, timeout; the saved routes show what the gateway has`;
        const clustersAction =
            "look at the saved clusters of the gateway: which hosts it has, their health flags and weights";
        progress("the end of ejections by earlier requests");
        for (const pod of await target.gatewayPods())
            await awaitNoEjection(target.proxy(pod), helloCluster(config), config.egov.outlierDetection, signal);
        // Not side by side: other requests would break the turn.
        await inOrder(checkStream, () => check("turn", checkTurn));

        async function checkStream(): Promise<void> {
            if (!wanted("steady", "once", "spread")) return;
            progress(`${steadyCount} requests, so that a share of 2 % that fails is noticed`);
            const run = testRun();
            const stream = await sendSteadily(target, run, { name: "egov-hello", pods, request: { path } }, 4);
            await all(
                () => check("steady", async () => requireAnswers([stream], routeAction)),
                () => check("once", () => requireArrivals(target, run, [stream])),
                () => check("spread", async () => requireEvenSpread(stream.answers, pods, clustersAction)),
            );
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
