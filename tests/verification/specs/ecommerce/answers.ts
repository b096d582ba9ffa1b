import { defineSpec } from "../../spec";
import { requestsToSee } from "../../statistics/sample-size";
import { fail, listing, names, tally, text } from "../support/answers";
import { allowedCallers } from "../support/callers";
import { ecommercePods, ecommerceServices } from "../support/names";
import { ecommercePodEvidence } from "./evidence";

/** Called by name from a pod of another service, past the gateway: a broken route from outside does not matter here. */
export const serviceAnswers = defineSpec({
    name: "ecommerce-answers",
    description:
        "Called from inside by its Service's name, by a service that may call it, each service answers its own text, only its own pods answer, and each of them does (a pod with half of its share would be missed with probability 1e-6).",
    needs: ["ecommerce", "sample-app"],
    locks: () => [],
    checks: {
        texts: { ids: ["C1"], title: "C1 answers: each service answers its own text, from its own pods only" },
        replicas: { ids: ["C1"], title: "C1 replicas: every replica of each service answers" },
    },
    evidence: ecommercePodEvidence,
    async run({ target, config, check, all, progress }) {
        const { namespace, servicePort } = config.ecommerce;
        const services = ecommerceServices(config).filter(({ name }) => allowedCallers(config, name).length > 0);
        const calls = callAll();
        // The checks await it; one that was not selected must not leave a rejection behind.
        calls.catch(() => undefined);
        const evidence = (results: Awaited<typeof calls>) =>
            Object.fromEntries(results.map(({ name, answers }) => [`${name}.txt`, listing(answers)]));
        await all(
            () =>
                check("texts", async () => {
                    const results = await calls;
                    const problems = results.flatMap(({ name, caller, answers, versions, pods: own }) => {
                        const wrong = answers.filter((answer) => {
                            const version = own.find((pod) => pod.name === answer.pod)?.labels["version"];
                            const declared = versions.find((one) => one.version === version);
                            return answer.status !== 200 || !declared || text(answer) !== declared.response;
                        });
                        return wrong.length === 0
                            ? []
                            : [`${name} from ${caller.name}: ${tally(wrong)}, for example "${text(wrong[0]!)}"`];
                    });
                    if (problems.length === 0) return;
                    fail({
                        expected: "every answer is 200 with the declared text, from one of the service's own pods",
                        seen: problems.join("; "),
                        cause: "wrong arguments of the container, a Service that selects other pods, or no endpoints (503)",
                        action: `kubectl -n ${namespace} get deployments -o yaml: compare -text with ecommerce.services; kubectl -n ${namespace} get endpointslices`,
                        evidence: evidence(results),
                    });
                }),
            () =>
                check("replicas", async () => {
                    const results = await calls;
                    const problems = results.flatMap(({ name, answers, replicas, pods: own }) => {
                        const silent = own.filter((pod) => !answers.some((answer) => answer.pod === pod.name));
                        return silent.length === 0 && own.length === replicas
                            ? []
                            : [
                                  `${name}: ${own.length} pods, none of ${answers.length} answers from ${names(silent)} (${tally(answers)})`,
                              ];
                    });
                    if (problems.length === 0) return;
                    fail({
                        expected: `answers from every declared pod: ${results.map(({ name, replicas }) => `${replicas} of ${name}`).join(", ")}`,
                        seen: problems.join("; "),
                        cause: "a pod is not ready, not among the endpoints, or ejected in the caller's sidecar",
                        action: `kubectl -n ${namespace} get pods,endpointslices`,
                        evidence: evidence(results),
                    });
                }),
        );

        async function callAll() {
            const pods = new Map(
                await Promise.all(
                    ecommerceServices(config).map(
                        async ({ name }) => [name, await ecommercePods(target, name)] as const,
                    ),
                ),
            );
            progress("requests to each service from inside");
            return Promise.all(
                services.map(async (service) => {
                    const callers = allowedCallers(config, service.name).flatMap((name) => pods.get(name) ?? []);
                    const caller = callers.find(({ readySince, sidecar }) => readySince && sidecar);
                    if (!caller) throw new Error(`no pod with a sidecar is ready in ${namespace}, nobody could call`);
                    const url = `http://${service.name}.${namespace}.svc.cluster.local:${servicePort}${service.path}`;
                    // A pod with half of its even share is seen.
                    const count = requestsToSee(1 / (2 * service.replicas), { of: service.replicas });
                    const answers = await target.inside(caller, url, {}, { count, concurrency: 4 });
                    return { ...service, caller, answers, pods: pods.get(service.name)! };
                }),
            );
        }
    },
});
