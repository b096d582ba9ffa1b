import { DEFAULT_REVISION, injectionLabel, istiodOf, revisionOf } from "../../../components/config/revisions";
import type { PlatformConfig } from "../../../components/config/platform";
import { until } from "../../verification/wait";
import type { PlainObject, Reference } from "../cluster/api";
import { objects, type Mesh } from "../cluster/mesh";
import type { Mutation } from "../mutation";
import { inPods, isReady } from "./look";

/** Parts of the mesh that an upgrade of the control plane has left behind, or has led to the wrong one (P7, S9). */

const gateway = "istio-ingressgateway";
const revisionLabel = "istio.io/rev";
const podLimit = 60_000;

/** A declared revision that the tag does not name. */
function otherRevision({ mesh }: PlatformConfig): string {
    const other = mesh.revisions.find(({ name }) => name !== revisionOf(mesh.revisionTag));
    return other?.name ?? DEFAULT_REVISION;
}

const validator: Reference = {
    kind: "ValidatingWebhookConfiguration",
    namespace: "",
    name: "istiod-default-validator",
};

const tagInjector = ({ mesh }: PlatformConfig): Reference => ({
    kind: "MutatingWebhookConfiguration",
    namespace: "",
    name: `istio-revision-tag-${mesh.revisionTag?.name}`,
});

/** Has webhooks ask another Service. */
function askingInstead(service: string) {
    return (object: PlainObject): void => {
        for (const { clientConfig } of object["webhooks"]) clientConfig.service.name = service;
    };
}

async function asks({ api }: Mesh, reference: Reference, service: string): Promise<boolean> {
    const webhooks = ((await api.get(reference))?.["webhooks"] ?? []) as PlainObject["spec"][];
    return webhooks.some(({ clientConfig }) => clientConfig.service.name === service);
}

/** The shop's first service: its pods are replaced. */
const victim = ({ ecommerce }: PlatformConfig): string => Object.keys(ecommerce.services)[0]!;

const injectedBy = ({ metadata }: PlainObject): string | undefined => metadata.annotations?.[revisionLabel];

export const revisions: readonly Mutation[] = [
    {
        name: "validator-elsewhere",
        alone: true,
        ids: ["P7", "S9"],
        description: "The validator of Istio's objects asks a control plane that is not there.",
        needs: ["rendered-charts"],
        apply: (changes) => changes.edit(validator, askingInstead("istiod-gone")),
        traces: async (mesh) => [await asks(mesh, validator, "istiod-gone")],
        expectRed: { revisions: ["validator"], "control-plane-settings": ["admission"] },
    },
    {
        name: "tag-left-behind",
        alone: true,
        ids: ["P7", "S9"],
        description: "The tag leads to the other control plane: every new pod would be on that one.",
        needs: ["revision-tag", "several-revisions"],
        apply: (changes, { config }) =>
            changes.edit(tagInjector(config), askingInstead(istiodOf(otherRevision(config)))),
        traces: async (mesh) => [await asks(mesh, tagInjector(mesh.config), istiodOf(otherRevision(mesh.config)))],
        expectRed: { revisions: ["tag"], "control-plane-settings": ["admission"] },
    },
    {
        name: "namespace-on-other-revision",
        ids: ["P7", "S9"],
        description: "The namespace of the shop asks for sidecars of the other control plane.",
        needs: ["ecommerce", "revision-tag", "several-revisions"],
        apply: (changes, { config }) =>
            changes.edit(objects.namespace(config.ecommerce.namespace), ({ metadata }) => {
                metadata.labels = { ...metadata.labels, [revisionLabel]: otherRevision(config) };
            }),
        traces: async ({ api, config }) => {
            const namespace = await api.get(objects.namespace(config.ecommerce.namespace));
            return [namespace?.metadata.labels?.[revisionLabel] === otherRevision(config)];
        },
        expectRed: { revisions: ["namespaces"] },
    },
    {
        name: "pod-on-other-revision",
        ids: ["P7", "S9"],
        description: "A pod of the shop was created while its namespace was on the other control plane.",
        needs: ["ecommerce", "revision-tag", "several-revisions"],
        apply: async (changes, { api, config }) => {
            const { namespace } = config.ecommerce;
            const app = victim(config);
            const other = otherRevision(config);
            const [pod] = await api.list("Pod", namespace, { app });
            const onOther = ({ metadata }: PlainObject) => {
                metadata.labels = { ...metadata.labels, [revisionLabel]: other };
            };
            await changes.temporarily(objects.namespace(namespace), onOther, async () => {
                await changes.deletePod({ kind: "Pod", namespace, name: pod!.metadata.name });
                const left = await until(
                    `a pod of ${app} on ${other}`,
                    async () => (await api.list("Pod", namespace, { app })).find((one) => injectedBy(one) === other),
                    { deadline: podLimit, interval: 100 },
                );
                changes.deleteAfterwards({ kind: "Pod", namespace, name: left.metadata.name });
            });
        },
        traces: async ({ api, config }) => {
            const pods = await api.list("Pod", config.ecommerce.namespace, { app: victim(config) });
            const left = pods.filter((pod) => injectedBy(pod) === otherRevision(config));
            return [pods.length === config.ecommerce.replicas && left.length > 0 && left.every(isReady)];
        },
        expectRed: { revisions: ["injected", "connected"] },
    },
    {
        name: "gateway-left-behind",
        alone: true,
        ids: ["P7", "S9"],
        description: "The ingress gateway has stayed on the other control plane.",
        needs: ["revision-tag", "several-revisions"],
        apply: (changes, { config }) =>
            changes.edit(objects.istio("Deployment", gateway), ({ spec }) => {
                spec.template.metadata.labels[revisionLabel] = otherRevision(config);
            }),
        traces: (mesh) =>
            inPods(
                mesh,
                "istio-system",
                gateway,
                (pod) => isReady(pod) && injectedBy(pod) === otherRevision(mesh.config),
            ),
        expectRed: { revisions: ["injected", "connected"] },
    },
    {
        name: "gateway-listens-to-other-revision",
        alone: true,
        ids: ["P7", "S9"],
        description: "The ingress gateway was made by its control plane and listens to the other one.",
        needs: ["revision-tag", "several-revisions"],
        apply: (changes, { config }) =>
            changes.edit(objects.istio("Deployment", gateway), ({ spec }) => {
                const discoveryAddress = `${istiodOf(otherRevision(config))}.istio-system.svc:15012`;
                spec.template.metadata.annotations["proxy.istio.io/config"] = JSON.stringify({ discoveryAddress });
            }),
        traces: (mesh) =>
            inPods(
                mesh,
                "istio-system",
                gateway,
                (pod) =>
                    isReady(pod) &&
                    (pod.metadata.annotations?.["proxy.istio.io/config"] ?? "").includes(
                        `${istiodOf(otherRevision(mesh.config))}.istio-system`,
                    ),
            ),
        expectRed: { revisions: ["connected"] },
    },
];

/** Takes away the label by which a namespace has sidecars injected. */
export function withoutInjection({ mesh }: PlatformConfig, namespace: string) {
    return ({ metadata }: PlainObject): void => {
        for (const key of Object.keys(injectionLabel(mesh.revisionTag, namespace))) delete metadata.labels?.[key];
    };
}

/** Whether the label is gone. */
export async function notInjected({ api, config }: Mesh, namespace: string): Promise<boolean> {
    const labels = (await api.get(objects.namespace(namespace)))?.metadata.labels ?? {};
    return Object.keys(injectionLabel(config.mesh.revisionTag, namespace)).every((key) => !(key in labels));
}
