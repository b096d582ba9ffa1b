import { revisionOf } from "../../../components/config/revisions";
import { objects } from "../cluster/mesh";
import type { Mutation } from "../mutation";
import { notInjected, withoutInjection } from "./revisions";

/** Mistakes in what the applications stand on: namespaces and control plane. */

export const platform: readonly Mutation[] = [
    {
        name: "namespace-egov-not-injected",
        ids: ["E1", "P8"],
        description: "The namespace of egov-hello has lost the label that has sidecars injected.",
        needs: ["egov"],
        apply: (changes, { config }) =>
            changes.edit(
                objects.namespace(config.egov.namespaces.app),
                withoutInjection(config, config.egov.namespaces.app),
            ),
        traces: async (mesh) => [await notInjected(mesh, mesh.config.egov.namespaces.app)],
        expectRed: { "egov-namespaces": ["exist"], revisions: ["namespaces"] },
    },
    {
        name: "namespace-shop-not-injected",
        ids: ["C5", "P8"],
        description: "The namespace of the shop has lost the label that has sidecars injected.",
        needs: ["ecommerce"],
        apply: (changes, { config }) =>
            changes.edit(
                objects.namespace(config.ecommerce.namespace),
                withoutInjection(config, config.ecommerce.namespace),
            ),
        traces: async (mesh) => [await notInjected(mesh, mesh.config.ecommerce.namespace)],
        expectRed: { sidecars: ["namespace"], revisions: ["namespaces"] },
    },
    {
        name: "istiod-stopped",
        alone: true,
        ids: ["P7", "C5"],
        description: "The control plane has no pod: the proxies go on with what they have.",
        needs: [],
        apply: (changes, { config }) =>
            changes.edit(objects.controlPlane("Deployment", "istiod", config), ({ spec }) => {
                spec.replicas = 0;
            }),
        traces: async ({ api, config }) => {
            const labels = { app: "istiod", "istio.io/rev": revisionOf(config.mesh.revisionTag) };
            return [(await api.list("Pod", "istio-system", labels)).length === 0];
        },
        expectRed: { sidecars: ["synced"], revisions: ["controlPlanes", "connected"] },
    },
];
