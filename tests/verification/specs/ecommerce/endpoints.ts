import { defineSpec } from "../../spec";
import type { KubernetesObject } from "../../target/target";
import { fail, names } from "../support/answers";
import { core, ecommercePods, ecommerceServices } from "../support/names";
import { ecommercePodEvidence } from "./evidence";

interface Service extends KubernetesObject {
    spec?: { selector?: Record<string, string> };
}

export const endpoints = defineSpec({
    name: "ecommerce-endpoints",
    description:
        "Behind each Service are exactly the declared number of ready pods of that application, on the containers' port; its selector fits the pods' labels.",
    needs: ["ecommerce"],
    locks: () => [],
    checks: {
        assigned: {
            ids: ["C5"],
            title: "C5 test 3, endpoints: each Service leads to the ready pods of its application",
        },
    },
    evidence: ecommercePodEvidence,
    async run({ target, config, check }) {
        await check("assigned", async () => {
            const { namespace, containerPort } = config.ecommerce;
            const services = ecommerceServices(config);
            const results = await Promise.all(
                services.map(async ({ name, replicas }) => {
                    const [service, found, pods] = await Promise.all([
                        target.kubernetes.object<Service>({ ...core.service, namespace, name }),
                        target.kubernetes.endpoints(namespace, name),
                        ecommercePods(target, name),
                    ]);
                    const problems: string[] = [];
                    const selector = Object.entries(service?.spec?.selector ?? {});
                    if (selector.length === 0) problems.push("the Service has no selector");
                    const unfit = pods.filter(({ labels }) => selector.some(([key, value]) => labels[key] !== value));
                    if (unfit.length > 0)
                        problems.push(
                            `the selector ${selector.map((pair) => pair.join("=")).join(",")} does not fit the labels of ${names(unfit)}`,
                        );
                    const ready = found.filter((one) => one.ready);
                    if (ready.length !== replicas) problems.push(`${ready.length} ready endpoints`);
                    for (const { ip, port, pod } of ready) {
                        if (!pods.some((one) => one.name === pod))
                            problems.push(`${pod ?? ip} is not a pod of ${name}`);
                        if (port !== containerPort) problems.push(`${pod ?? ip} on port ${port}`);
                    }
                    return problems.length === 0 ? undefined : `${name}: ${problems.join(", ")}`;
                }),
            );
            const problems = results.filter((result) => result !== undefined);
            if (problems.length === 0) return;
            fail({
                expected: `ready endpoints on port ${containerPort}, all of them pods of the application: ${services.map(({ name, replicas }) => `${replicas} for ${name}`).join(", ")}`,
                seen: problems.join("; "),
                cause: "the Service's selector does not fit the pods' labels, its targetPort is wrong, or pods are not ready",
                action: `kubectl -n ${namespace} get services -o wide; kubectl -n ${namespace} get pods --show-labels: make selector and labels agree`,
            });
        });
    },
});
