import { istiodOf, revisionOf } from "../../../../components/config/revisions";
import { defineSpec } from "../../spec";
import type { KubernetesObject } from "../../target/target";
import { fail } from "../support/answers";
import { namespaceKind } from "../support/injection";
import { applicationPods } from "../support/names";
import {
    istioNamespace,
    labelProblem,
    meshedNamespaces,
    wronglyConnected,
    wronglyInjected,
} from "../support/revisions";
import { settled } from "../support/settled";

const admission = "admissionregistration.k8s.io/v1";

/** A configuration of webhooks, as far as it says who is asked. */
interface Webhooks extends KubernetesObject {
    webhooks?: { name: string; clientConfig?: { service?: { name: string } } }[];
}

/** Who is on which control plane: one that is left behind by an upgrade goes on working, and nobody notices before the next change. */
export const revisions = defineSpec({
    name: "revisions",
    description:
        "Every declared control plane runs, and every sidecar and gateway was injected by the one of its declared revision and is connected to that one alone.",
    needs: [],
    locks: () => [],
    checks: {
        controlPlanes: {
            ids: ["P7", "S9"],
            title: "P7 S9 revisions: every declared control plane has its pods, and they are ready",
        },
        namespaces: {
            ids: ["P7", "S9"],
            title: "P7 S9 revisions: every namespace with sidecars asks for those of its declared revision",
        },
        tag: {
            ids: ["P7", "S9"],
            title: "P7 S9 revisions: the tag leads to the control plane that it is declared to name",
            needs: ["revision-tag"],
        },
        validator: {
            ids: ["P7", "S9"],
            title: "P7 S9 revisions: Istio's objects are validated by the control plane of the declared revision",
        },
        injected: {
            ids: ["P7", "S9"],
            title: "P7 S9 revisions: every sidecar and gateway was injected by the control plane of its declared revision",
        },
        connected: {
            ids: ["P7", "S9"],
            title: "P7 S9 revisions: every sidecar and gateway is connected to the control plane of its declared revision, and to no other",
        },
    },
    evidence: async ({ kubernetes }) => ({
        pods: await kubernetes.pods(istioNamespace, { app: "istiod" }),
        objects: [
            { apiVersion: admission, kind: "MutatingWebhookConfiguration", namespace: "" },
            { apiVersion: admission, kind: "ValidatingWebhookConfiguration", namespace: "" },
            { ...namespaceKind, namespace: "" },
        ],
    }),
    async run({ target, config, check, all, signal }) {
        const { kubernetes } = target;
        const { mesh } = config;
        const declared = revisionOf(mesh.revisionTag);
        const proxies = async () =>
            [...(await applicationPods(target)), ...(await kubernetes.pods(istioNamespace))].filter(
                ({ phase, sidecar }) => phase === "Running" && sidecar,
            );

        await all(
            () => check("controlPlanes", checkControlPlanes),
            () => check("namespaces", checkNamespaces),
            () =>
                check("tag", () =>
                    checkWebhooks("MutatingWebhookConfiguration", `istio-revision-tag-${mesh.revisionTag?.name}`),
                ),
            () => check("validator", () => checkWebhooks("ValidatingWebhookConfiguration", "istiod-default-validator")),
            () => check("injected", checkInjection),
            () => check("connected", checkConnections),
        );

        async function checkControlPlanes(): Promise<void> {
            const pods = (await kubernetes.pods(istioNamespace, { app: "istiod" })).filter(
                ({ readySince }) => readySince,
            );
            const problems = mesh.revisions.flatMap(({ name, istiod = mesh.istiod }) => {
                const ready = pods.filter(({ labels }) => labels["istio.io/rev"] === name).length;
                return ready >= istiod.replicas ? [] : [`${istiodOf(name)}: ${ready} of ${istiod.replicas} pods ready`];
            });
            if (problems.length === 0) return;
            fail({
                expected: `ready pods of ${mesh.revisions.map(({ name }) => istiodOf(name)).join(", ")}`,
                seen: problems.join("; "),
                cause: "the Deployment was removed or scaled down, or its image cannot be pulled",
                action: `kubectl -n ${istioNamespace} get deployments,pods -l app=istiod; npm start puts it right`,
            });
        }

        async function checkNamespaces(): Promise<void> {
            const names = meshedNamespaces(config);
            const found = await Promise.all(
                names.map((name) => kubernetes.object({ ...namespaceKind, namespace: "", name })),
            );
            const problems = found.flatMap((namespace, index) => {
                const problem = namespace
                    ? labelProblem(config, names[index]!, namespace.metadata.labels)
                    : `there is no namespace ${names[index]}`;
                return problem === undefined ? [] : [problem];
            });
            if (problems.length === 0) return;
            fail({
                expected: `the labels of ${names.join(", ")} as they are declared`,
                seen: problems.join("; "),
                cause: "a label was changed by hand: the pods of today stay, every new one is injected by another control plane, or by none",
                action: "kubectl get namespaces -L istio-injection,istio.io/rev; npm start puts it right (pulumi up --refresh)",
            });
        }

        /** The webhooks lead to the declared revision, and exist. */
        async function checkWebhooks(kind: string, name: string): Promise<void> {
            const found = await kubernetes.object<Webhooks>({ apiVersion: admission, kind, namespace: "", name });
            const asked = (found?.webhooks ?? []).map(({ name, clientConfig }) => ({
                name,
                service: clientConfig?.service?.name,
            }));
            const wrong = asked.filter(({ service }) => service !== istiodOf(declared));
            if (asked.length > 0 && wrong.length === 0) return;
            fail({
                expected: `${kind} ${name} that asks ${istiodOf(declared)}`,
                seen: found
                    ? wrong.map(({ name, service }) => `${name} asks ${service}`).join("; ") || "it has no webhook"
                    : "there is none",
                cause: "it was changed by hand (istioctl tag set), or an upgrade has stopped halfway",
                action: `kubectl get ${kind.toLowerCase()} ${name} -o yaml; npm start puts it right (pulumi up --refresh)`,
            });
        }

        async function checkInjection(): Promise<void> {
            const pods = await proxies();
            const problems = wronglyInjected(config, pods);
            if (problems.length === 0 && pods.length > 0) return;
            fail({
                expected: `${pods.length} proxies, each injected by its declared revision (gateways: ${declared})`,
                seen: problems.join("; ") || "there is no proxy",
                cause: "the pod was not replaced since its namespace has changed to another revision, or its labels lead to another one",
                action: "kubectl rollout restart of its Deployment; kubectl get pods -A -L istio.io/rev; istioctl tag list",
            });
        }

        async function checkConnections(): Promise<void> {
            const pods = await proxies();
            const last = await settled(async () => wronglyConnected(config, pods, await target.proxySync()), signal);
            if (last.length === 0 && pods.length > 0) return;
            fail({
                expected: `${pods.length} proxies, each connected to the control plane of its declared revision alone`,
                seen: last.join("; ") || "there is no proxy",
                cause: "the pod was injected by another revision, or its proxy does not reach its own",
                action: "istioctl proxy-status; kubectl get pods -A -L istio.io/rev",
            });
        }
    },
});
