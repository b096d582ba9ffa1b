import { defineSpec, exclusive } from "../../spec";
import { firstOutOfTurn, requestsForRound } from "../../statistics/round-robin";
import { falseAlarm } from "../../statistics/sample-size";
import { fail, listing, names, tally } from "../support/answers";
import { EjectionScenario, type Ejection } from "../support/ejection";
import { gatewayClients, type GatewayClient } from "../support/gateway-clients";
import { helloCluster, helloPods, isErrorPod } from "../support/names";
import { collectInTurn } from "../support/streams";
import { helloEvidence } from "./evidence";

/** Each pod of the ingress gateway ejects on its own, so the scenario runs for every one of them, side by side. */
export const egovCircuitBreaker = defineSpec({
    name: "egov-circuit-breaker",
    description:
        "Through every pod of the ingress gateway: the error pod is ejected with exactly the declared number of errors in a row, then every request succeeds, and the pod returns after baseEjectionTime.",
    needs: ["egov", "sample-app", "equal-pods", "error-pods", "ejectable-pods"],
    locks: () => exclusive("gateway:egov-hello"),
    checks: {
        ejection: {
            ids: ["E5"],
            title: "E5 ejection: the error pod is ejected after exactly the declared number of errors",
        },
        isolation: { ids: ["E5"], title: "E5 isolation: while the error pod is ejected every request succeeds" },
        turn: {
            ids: ["E4", "E5"],
            title: "E4 E5 turn: while the error pod is ejected the others answer in turn",
            needs: ["round-robin", "several-normal-pods"],
        },
        return: {
            ids: ["E5"],
            title: "E5 return: the error pod returns after baseEjectionTime, neither before nor later",
            needs: ["short-ejection"],
        },
    },
    evidence: helloEvidence,
    async run({ target, config, check, wanted, progress, signal, all, inOrder }) {
        const pods = await helloPods(target);
        const normal = pods.filter((pod) => !isErrorPod(pod));
        const { path } = config.egov.hello;
        const healthPath = `${path}/health`;
        const clients = await gatewayClients(target, healthPath);
        const scenarios = clients.map((client) => ({ client, steps: scenario(client), ejections: [] as Ejection[] }));
        const forEach = (step: (one: (typeof scenarios)[number]) => Promise<void>) =>
            all(...scenarios.map((one) => () => step(one)));
        try {
            const eject = () =>
                forEach(async (one) => {
                    await one.steps.prepare();
                    one.ejections = await one.steps.ejectExactly();
                });
            if (wanted("ejection")) await check("ejection", eject);
            else await eject();
            await inOrder(
                () => check("isolation", () => forEach(({ steps }) => steps.allSucceed())),
                () => check("turn", () => forEach(checkTurn)),
                () => check("return", () => forEach(({ steps, ejections }) => steps.awaitReturn(ejections))),
            );
        } finally {
            await all(
                ...clients.map(
                    ({ connection }) =>
                        () =>
                            connection.close(),
                ),
            );
        }

        async function checkTurn({ client }: (typeof scenarios)[number]): Promise<void> {
            const count = requestsForRound(normal.length, falseAlarm);
            const answers = await collectInTurn(client.connection, { path }, count);
            const broken = firstOutOfTurn(
                answers.map(({ pod }) => pod ?? ""),
                normal.length,
            );
            if (broken === -1 && answers.every(({ status }) => status === 200)) return;
            fail({
                expected: `${count} requests through ${client.name} answered with 200 by ${names(normal)} in strict turn`,
                seen: `${tally(answers)}${broken === -1 ? "" : `; request ${broken + 1} is out of turn`}`,
                cause: "another load balancer than ROUND_ROBIN, or the ejected pod still gets requests",
                action: "lb_policy and the health flags in the saved configuration are what the gateway has",
                evidence: { "turn.txt": listing(answers) },
            });
        }

        function scenario({ name, pod, connection }: GatewayClient): EjectionScenario {
            return new EjectionScenario(
                {
                    name,
                    proxy: target.proxy(pod),
                    cluster: helloCluster(config),
                    send: (count) => collectInTurn(connection, { path }, count),
                    sendHealthy: (count) => collectInTurn(connection, { path: healthPath }, count),
                },
                pods,
                config.egov.outlierDetection,
                signal,
                progress,
            );
        }
    },
});
