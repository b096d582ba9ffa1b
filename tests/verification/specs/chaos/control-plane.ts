import { revisionOf } from "../../../../components/config/revisions";
import { defineSpec, exclusive } from "../../spec";
import type { Pod } from "../../target/target";
import { DeadlineExceeded, until } from "../../wait";
import { fail } from "../support/answers";
import { declaredPrefixes, ecommerceHost } from "../support/names";
import { load, requireNoLoss } from "./load";
import { awaitReplacement, replacementLimit, victimOf } from "./pods";

export const controlPlane = defineSpec({
    name: "chaos-control-plane",
    description:
        "The control plane is killed while requests come in: the proxies go on with what they know; the new istiod gets all of them back in step.",
    needs: ["ecommerce", "sample-app"],
    locks: () => exclusive("chaos"),
    checks: {
        traffic: { ids: ["C12"], title: "C12 istiod killed: running traffic does not notice" },
        returns: { ids: ["C12"], title: "C12 istiod back: it starts again and every proxy is in step with it" },
    },
    evidence: async () => ({ objects: [{ apiVersion: "apps/v1", kind: "Deployment", namespace: "istio-system" }] }),
    async run({ target, config, check, progress, signal, all }) {
        const revision = revisionOf(config.mesh.revisionTag);
        const istiod = () => target.kubernetes.pods("istio-system", { app: "istiod", "istio.io/rev": revision });
        const [path] = declaredPrefixes(config);
        const before = (await istiod()).filter(({ readySince }) => readySince);
        const victim = victimOf(before, "istiod", target);
        progress(`${victim.name} is killed`);
        let back: Promise<number> | undefined;
        const answers = await load(target, { path: path!, host: ecommerceHost(config) }, signal).during(async () => {
            await target.kubernetes.kill(victim, { gracePeriodSeconds: 0 });
            back = awaitReplacement(istiod, victim, before.length, signal);
            await back.catch(() => undefined);
        });
        await all(
            () =>
                check("traffic", async () =>
                    requireNoLoss(
                        answers,
                        "while there is no control plane",
                        "something on the way of a request asks the control plane",
                        "look at the saved logs of the gateway",
                    ),
                ),
            () =>
                check("returns", async () => {
                    await back;
                    await awaitInStep(victim);
                }),
        );

        /** Every proxy has acknowledged what the new istiod sent. */
        async function awaitInStep(killed: Pod): Promise<void> {
            let behind: string[] = [];
            try {
                await until(
                    "every proxy in step with the new istiod",
                    async () => {
                        const proxies = await target.proxySync();
                        behind = proxies.filter(({ stale }) => stale.length > 0).map(({ proxy }) => proxy);
                        return proxies.length > 0 && behind.length === 0;
                    },
                    { deadline: replacementLimit, interval: 500, signal },
                );
            } catch (error) {
                if (!(error instanceof DeadlineExceeded)) throw error;
                fail({
                    expected: `every proxy in step with the istiod that replaced ${killed.name}`,
                    seen: behind.length === 0 ? "no proxy is connected" : `not in step: ${behind.join(", ")}`,
                    cause: "the proxies do not find the new istiod, or refuse what it sends",
                    action: "istioctl proxy-status; kubectl -n istio-system logs deploy/istiod",
                });
            }
        }
    },
});
