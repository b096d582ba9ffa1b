import { defineSpec, exclusive } from "../../spec";
import { DeadlineExceeded, seconds, until } from "../../wait";
import { fail, listing, tally } from "../support/answers";
import { declaredPrefixes, ecommerceHost } from "../support/names";
import { awaitReplacement, replacementLimit, victimOf } from "./pods";

/** Good answers in a row after which the entrance counts as open again. */
const settled = 50;

export const gatewayPod = defineSpec({
    name: "chaos-gateway-pod",
    description:
        "A pod of the ingress gateway is killed: it is replaced, and requests from outside are answered again.",
    needs: ["ecommerce", "sample-app"],
    locks: () => exclusive("chaos"),
    checks: {
        heals: { ids: ["C12", "P10"], title: "C12 P10 gateway killed: a new pod opens the entrance again" },
    },
    evidence: async (target) => ({ pods: await target.gatewayPods() }),
    async run({ target, config, check, progress, signal }) {
        await check("heals", async () => {
            const before = await target.gatewayPods();
            const victim = victimOf(before, "the ingress gateway", target);
            const [path] = declaredPrefixes(config);
            const request = { path: path!, host: ecommerceHost(config), timeout: 2_000 };
            progress(`${victim.name} is killed`);
            await target.kubernetes.kill(victim, { gracePeriodSeconds: 0 });
            await awaitReplacement(() => target.gatewayPods(), victim, before.length, signal);
            let last = await target.request(request);
            try {
                await until(
                    "requests from outside are answered again",
                    async () => {
                        last = await target.request(request, { count: settled, connections: "new" });
                        return last.every(({ status }) => status === 200);
                    },
                    { deadline: replacementLimit, signal },
                );
            } catch (error) {
                if (!(error instanceof DeadlineExceeded)) throw error;
                fail({
                    expected: `${settled} good answers in a row within ${seconds(replacementLimit)} after the new pod was ready`,
                    seen: tally(last),
                    cause: "the Service does not lead to the new pod, or the pod has no routes",
                    action: "kubectl -n istio-system get pods,endpointslices; look at the saved routes",
                    evidence: { "answers.txt": listing(last) },
                });
            }
        });
    },
});
