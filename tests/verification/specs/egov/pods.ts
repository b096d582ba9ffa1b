import { defineSpec } from "../../spec";
import { describe, fail, text } from "../support/answers";
import { apps, helloContainerPort, helloPods, helloService, isErrorPod } from "../support/names";

export const egovPods = defineSpec({
    name: "egov-pods",
    description:
        "Every pod of egov-hello is asked inside itself, past all proxies: normal pods answer with their name, error pods with 500, both are healthy. The pods carry the labels of their subsets.",
    needs: ["egov", "sample-app"],
    locks: () => [],
    checks: {
        subsets: { ids: ["E2"], title: "E2 subsets: each subset has its number of pods, labelled by variant" },
        answers: { ids: ["E2"], title: "E2 answers: normal pods answer with their name, error pods with 500" },
    },
    evidence: async (target) => ({
        pods: await helloPods(target),
        objects: [{ ...apps.deployment, namespace: target.config.egov.namespaces.app }],
    }),
    async run({ target, config, check, all }) {
        const pods = await helloPods(target);
        await all(
            () =>
                check("subsets", async () => {
                    const problems = Object.entries(config.egov.hello.subsets).flatMap(([subset, declared]) => {
                        const ready = pods.filter(
                            ({ labels, readySince }) =>
                                labels["version"] === subset && labels["variant"] === declared.variant && readySince,
                        );
                        return ready.length === declared.replicas
                            ? []
                            : [
                                  `subset ${subset}: ${ready.length} ready pods with variant=${declared.variant} instead of ${declared.replicas}`,
                              ];
                    });
                    const declared = Object.keys(config.egov.hello.subsets);
                    const strangers = pods.filter(({ labels }) => !declared.includes(labels["version"] ?? ""));
                    problems.push(...strangers.map(({ name }) => `${name} belongs to no declared subset`));
                    if (problems.length > 0)
                        fail({
                            expected: Object.entries(config.egov.hello.subsets)
                                .map(([subset, { variant, replicas }]) => `${subset}: ${replicas} ${variant} pods`)
                                .join(", "),
                            seen: problems.join("; "),
                            cause: "a Deployment was scaled or its labels were changed, or pods do not become ready",
                            action: `kubectl -n ${config.egov.namespaces.app} get deployments,pods --show-labels; deploy again`,
                        });
                }),
            () =>
                check("answers", async () => {
                    const problems: string[] = [];
                    await Promise.all(
                        pods.map(async (pod) => {
                            const { path } = config.egov.hello;
                            const answer = await target.local(pod, helloContainerPort, { path });
                            const health = await target.local(pod, helloContainerPort, { path: `${path}/health` });
                            if (isErrorPod(pod) && answer.status !== 500)
                                problems.push(`error pod ${pod.name} answers ${describe(answer)} instead of 500`);
                            const wanted = `Hello from ${pod.name}`;
                            if (!isErrorPod(pod) && (answer.status !== 200 || text(answer) !== wanted))
                                problems.push(
                                    `normal pod ${pod.name} answers ${describe(answer)} "${text(answer)}" instead of 200 "${wanted}"`,
                                );
                            if (health.status !== 200)
                                problems.push(`${pod.name} answers ${describe(health)} to a health request`);
                        }),
                    );
                    if (pods.length === 0) problems.push(`there is no pod with app=${helloService}`);
                    if (problems.length > 0)
                        fail({
                            expected: 'normal pods: 200 "Hello from <pod>"; error pods: 500; all: health 200',
                            seen: problems.join("; "),
                            cause: "FORCE_ERROR or the arguments of a container are not those of its variant",
                            action: `kubectl -n ${config.egov.namespaces.app} get deployments -o yaml: compare env and args; deploy again`,
                        });
                }),
        );
    },
});
