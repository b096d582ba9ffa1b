import { proxyVersionOf, revisionOf } from "../../../../components/config/revisions";
import { defineSpec } from "../../spec";
import { fail } from "../support/answers";
import { injects, namespaceKind } from "../support/injection";
import { applicationPods } from "../support/names";
import { settled } from "../support/settled";

/** Of every application pod, those of egov included: a single pod without a sidecar is a hole in the mesh. */
export const sidecars = defineSpec({
    name: "sidecars",
    description:
        "Every application pod has a ready sidecar whose Envoy is live and has acknowledged everything that istiod sent to it.",
    needs: [],
    locks: () => [],
    checks: {
        injected: {
            ids: ["C5", "P8"],
            title: "C5 test 2, sidecar injection: every pod has a ready sidecar with a live Envoy",
        },
        namespace: {
            ids: ["C5", "P8"],
            title: "C5 test 2, sidecar injection: the namespace of the services has sidecars injected",
            needs: ["ecommerce"],
        },
        synced: { ids: ["C5", "P8"], title: "C5 test 2, sidecar injection: istiod reports every proxy as synced" },
    },
    evidence: async ({ kubernetes }) => ({ pods: await kubernetes.pods("istio-system", { app: "istiod" }) }),
    async run({ target, config, check, all, signal, progress }) {
        const { revisionTag, revisions } = config.mesh;
        const versions = [...new Set(revisions.map(({ name }) => proxyVersionOf(config.mesh, name)))];
        const pods = (await applicationPods(target)).filter(({ phase }) => phase === "Running");
        await all(
            () =>
                check("injected", async () => {
                    const states = await Promise.all(
                        pods.map(async (pod) => {
                            const name = `${pod.namespace}/${pod.name}`;
                            if (!pod.sidecar) return `${name} has no sidecar`;
                            if (!pod.sidecar.ready) return `the sidecar of ${name} is not ready`;
                            const info = await target.proxy(pod).serverInfo();
                            if (info.state !== "LIVE") return `Envoy of ${name} is ${info.state}`;
                            const version = info.node?.metadata?.ISTIO_VERSION;
                            const declared = proxyVersionOf(config.mesh, revisionOf(revisionTag, pod.namespace));
                            return version === declared || version === undefined
                                ? undefined
                                : `${name} has a proxy of Istio ${version}`;
                        }),
                    );
                    const problems = states.filter((state) => state !== undefined);
                    if (problems.length === 0 && pods.length > 0) return;
                    fail({
                        expected: `a ready sidecar of Istio ${versions.join(" or ")} in each of ${pods.length} pods`,
                        seen: problems.join("; ") || "there are no pods",
                        cause: "the pod was created while the injection webhook did not answer, or it is excluded by a label or annotation",
                        action: "delete the pod so that it is created again; kubectl get mutatingwebhookconfigurations; is istiod ready?",
                    });
                }),
            () =>
                check("namespace", async () => {
                    const name = config.ecommerce.namespace;
                    const found = await target.kubernetes.object({ ...namespaceKind, namespace: "", name });
                    if (found && injects(found.metadata.labels)) return;
                    fail({
                        expected: `the namespace ${name} with istio-injection=enabled or a revision`,
                        seen: found ? `labels ${JSON.stringify(found.metadata.labels ?? {})}` : "no such namespace",
                        cause: "the label was removed: the pods of today keep their sidecars, every new one is without",
                        action: `run the deployment again, or kubectl label namespace ${name} istio-injection=enabled`,
                    });
                }),
            () =>
                check("synced", async () => {
                    progress("istiod's view of the proxies");
                    const wanted = [...pods.filter(({ sidecar }) => sidecar), ...(await target.gatewayPods())].map(
                        ({ name, namespace }) => `${name}.${namespace}`,
                    );
                    const problems = async (): Promise<string[]> => {
                        const sync = new Map((await target.proxySync()).map((one) => [one.proxy, one]));
                        return wanted.flatMap((name) => {
                            const known = sync.get(name);
                            if (!known) return [`${name} is not connected`];
                            return known.stale.length > 0 ? [`${name} has not acknowledged ${known.stale}`] : [];
                        });
                    };
                    const last = await settled(problems, signal);
                    if (last.length === 0) return;
                    fail({
                        expected: `istiod knows ${wanted.length} proxies, all of them synced`,
                        seen: last.join("; "),
                        cause: "a proxy cannot reach istiod, or it rejects its configuration (NACK)",
                        action: "istioctl proxy-status; look for rejected configuration in istiod's log (saved as evidence)",
                    });
                }),
        );
    },
});
