import type { PlatformConfig } from "../../../../components/config/platform";
import { defineSpec, exclusive } from "../../spec";
import type { KillOptions } from "../../target/target";
import { ecommerceHost, ecommercePods } from "../support/names";
import { ecommercePodEvidence } from "../ecommerce/evidence";
import { load, requireNoLoss } from "./load";
import { awaitReplacement, victimOf } from "./pods";

/**
 * The service whose pods are killed: the document's (C12), or the first one without a canary, whose pods are not all
 * alike.
 */
function victimService({ services, canaries }: PlatformConfig["ecommerce"]): { name: string; path: string } {
    const alike = Object.keys(services).filter((name) => !(name in canaries));
    const name = alike.includes("order-api") ? "order-api" : (alike[0] ?? Object.keys(services)[0]!);
    return { name, path: services[name]!.path };
}

export const applicationPod = defineSpec({
    name: "chaos-application-pod",
    description:
        "A pod of a service ends while requests come in, once as in a deployment and once without any warning: graceful stop, readiness and retries hide it from every client, and a new pod takes its place.",
    needs: ["ecommerce", "sample-app", "several-replicas"],
    locks: () => exclusive("chaos"),
    checks: {
        ended: { ids: ["C12"], title: "C12 pod ended: no request is lost while a pod stops and another one starts" },
        killed: { ids: ["C12"], title: "C12 pod killed: no request is lost when a pod is killed without warning" },
        replaced: { ids: ["C12"], title: "C12 replaced: the new pods answer requests" },
    },
    evidence: ecommercePodEvidence,
    async run({ target, config, check, inOrder, progress, signal }) {
        const { name, path } = victimService(config.ecommerce);
        const host = ecommerceHost(config);
        const pods = () => ecommercePods(target, name);
        const clients = load(target, { path, host }, signal);
        let notReplaced: Error | undefined;

        await inOrder(
            () => check("ended", () => loseNothing("while a pod stops", {})),
            async () => {
                // With one pod less the next one is not killed.
                if (notReplaced) return check("replaced", () => Promise.reject(notReplaced));
                await inOrder(
                    () => check("killed", () => loseNothing("when a pod is killed", { gracePeriodSeconds: 0 })),
                    () => check("replaced", checkNewPods),
                );
            },
        );

        async function loseNothing(what: string, how: KillOptions): Promise<void> {
            const before = (await pods()).filter(({ readySince }) => readySince);
            const victim = victimOf(before, name, target);
            progress(`${victim.name} ends`);
            const answers = await clients.during(async () => {
                await target.kubernetes.kill(victim, how);
                await awaitReplacement(pods, victim, before.length, signal).catch((error: Error) => {
                    notReplaced = error;
                });
            });
            requireNoLoss(
                answers,
                what,
                "the pod stops before the proxies know, nothing is retried, or no other pod is ready",
                `kubectl -n ${victim.namespace} get deployment ${name} -o yaml: replicas, preStop, terminationGracePeriodSeconds; retries of the VirtualService ${name}`,
            );
        }

        async function checkNewPods(): Promise<void> {
            if (notReplaced) throw notReplaced;
            const missing = new Set((await pods()).map((pod) => pod.name));
            const answers = await target.request({ path, host }, { count: 40 * missing.size, concurrency: 4 });
            for (const { pod } of answers) missing.delete(pod ?? "");
            requireNoLoss(answers, "after the last pod was replaced", "a new pod does not work", "look at its log");
            if (missing.size > 0) throw new Error(`no request of ${answers.length} reached ${[...missing].join(", ")}`);
        }
    },
});
