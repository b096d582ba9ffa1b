import { defineSpec, exclusive } from "../../spec";
import type { Answer, EnvoyCertificate, KubernetesObject, Pod, Proxy } from "../../target/target";
import { until } from "../../wait";
import { fail } from "../support/answers";
import { apps } from "../support/names";
import { freshRoute, pathOf, simpleWeb, studyPods } from "../support/study";
import { load, requireNoLoss } from "./load";
import { replacementLimit } from "./pods";

/** Seconds for which the workload's certificates are good while the check runs, in place of a day. */
const lifetime = 30;
/** Share of its lifetime that a certificate still has when the next one is there; Istio begins at half of it. */
const leftAtRenewal = 0.2;
/** Milliseconds after the end of the first certificate for which requests go on. */
const grace = 1_000;

/** Settings of one pod's sidecar. */
const annotation = "proxy.istio.io/config";
const shortLived = JSON.stringify({ proxyMetadata: { SECRET_TTL: `${lifetime}s` } });

interface Deployment extends KubernetesObject {
    spec?: { template?: { metadata?: { annotations?: Record<string, string> } } };
}

export const certificate = defineSpec({
    name: "chaos-certificate",
    description:
        "simple-web gets certificates that end soon. While clients call it and it calls simple-backend, over a new connection each time, its sidecar gets the next certificate in time, and requests go on beyond the end of the first one. Then everything is as before.",
    needs: ["study", "sample-app", "study-fresh-connections"],
    locks: () => exclusive("chaos"),
    checks: {
        renewed: {
            ids: ["S3"],
            title: "S3 rotation: a sidecar gets its next certificate well before the former one ends",
        },
        lossless: {
            ids: ["S3"],
            title: "S3 rotation: no request to or from a pod is lost when its certificate is renewed and the former one ends",
        },
    },
    evidence: async (target) => ({
        pods: await studyPods(target, simpleWeb),
        objects: [{ ...apps.deployment, namespace: target.config.study.namespace, name: simpleWeb }],
    }),
    async run({ target, config, check, all, progress, signal }) {
        const { namespace, hosts } = config.study;
        const reference = { ...apps.deployment, namespace, name: simpleWeb };
        const route = freshRoute(config)!;
        const request = { path: pathOf(route), host: hosts.simpleWeb, headers: route.match.headers };
        const action = `kubectl -n ${namespace} logs deploy/${simpleWeb} -c istio-proxy; istioctl proxy-config secret; kubectl -n istio-system logs deploy/istiod`;
        const declared = await declaredSettings();
        let first: EnvoyCertificate | undefined;
        let renewedAt: number | undefined;

        try {
            progress(`${simpleWeb} gets certificates for ${lifetime} s`);
            const pod = await replacePods(shortLived);
            const proxy = target.proxy(pod);
            const answers = await load(target, request, signal, 1).during(() => rotation(proxy));
            // Fresh connections to the pod as well: more requests at once than the gateway has connections.
            const sent: Answer[] = [
                ...answers,
                ...(await target.request({ ...request, path: "/" }, { count: 40, concurrency: 8 })),
            ];
            await all(
                () => check("renewed", async () => requireRenewal(pod)),
                () =>
                    check("lossless", async () =>
                        requireNoLoss(
                            sent,
                            `while the certificate of ${pod.name} is renewed and the first one ends`,
                            "the sidecar goes on with a certificate that has ended, or closes connections when it gets the next one",
                            action,
                        ),
                    ),
            );
        } finally {
            // Also after Ctrl-C: certificates for a day again.
            await replacePods(declared);
        }

        /** Waits until the sidecar has another certificate, and on until the first one has ended. */
        async function rotation(proxy: Proxy): Promise<void> {
            first = await ownCertificate(proxy);
            const { serialNumber, validTo } = first;
            progress(`the certificate after ${serialNumber}`);
            await until(
                "the first certificate has ended",
                async () => {
                    const { serialNumber: now } = await ownCertificate(proxy);
                    if (now !== serialNumber) renewedAt ??= Date.now();
                    return Date.now() > validTo.getTime() + grace;
                },
                { deadline: 2 * lifetime * 1000, interval: 200, signal },
            );
        }

        function requireRenewal(pod: Pod): void {
            const end = first!.validTo.getTime();
            const left = renewedAt === undefined ? undefined : (end - renewedAt) / 1000;
            if (left !== undefined && left >= leftAtRenewal * lifetime) return;
            fail({
                expected: `another certificate in the sidecar of ${pod.name} at least ${leftAtRenewal * lifetime} s before the first one ends (${first!.validTo.toISOString()})`,
                seen:
                    left === undefined ? "no other one until it had ended" : `another one ${left.toFixed(1)} s before`,
                cause: "the agent beside the proxy asks too late, or istiod does not sign",
                action,
            });
        }

        /** What the Deployment says about its pods' sidecars now, but for what an interrupted run has left. */
        async function declaredSettings(): Promise<string | undefined> {
            const { spec } = (await target.kubernetes.object<Deployment>(reference)) ?? {};
            const found = spec?.template?.metadata?.annotations?.[annotation];
            return found === shortLived ? undefined : found;
        }

        /** Changes the settings of the pods' sidecars and waits for a ready pod that has them. */
        async function replacePods(settings: string | undefined): Promise<Pod> {
            const former = (await studyPods(target, simpleWeb)).map(({ name }) => name);
            await target.kubernetes.change(reference, {
                template: { metadata: { annotations: { [annotation]: settings ?? null } } },
            });
            return until(
                `new pods of ${simpleWeb}`,
                async () => {
                    const pods = await studyPods(target, simpleWeb);
                    const isNew = pods.length > 0 && pods.every(({ name }) => !former.includes(name));
                    return isNew && pods.every(({ readySince }) => readySince) && pods[0];
                },
                { deadline: replacementLimit, interval: 200 },
            );
        }
    },
});

/** The certificate by which a proxy is known in the mesh. */
async function ownCertificate(proxy: Proxy): Promise<EnvoyCertificate> {
    const certificates = await proxy.certificates();
    const own = certificates.find(({ names }) => names.some((name) => name.startsWith("spiffe://")));
    if (!own) throw new Error(`the sidecar of ${simpleWeb} has no certificate of the mesh`);
    return own;
}
