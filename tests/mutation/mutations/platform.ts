import { objects } from "../cluster/mesh";
import type { Mutation } from "../mutation";

/** Mistakes in what the applications stand on: namespaces and control plane. */

const label = "istio-injection";

export const platform: readonly Mutation[] = [
    {
        name: "namespace-egov-not-injected",
        ids: ["E1", "P8"],
        description: "The namespace of egov-hello has lost the label that has sidecars injected.",
        needs: ["egov"],
        apply: (changes, { config }) =>
            changes.edit(objects.namespace(config.egov.namespaces.app), ({ metadata }) => {
                delete metadata.labels?.[label];
            }),
        traces: async ({ api, config }) => [
            !(await api.get(objects.namespace(config.egov.namespaces.app)))?.metadata.labels?.[label],
        ],
        expectRed: { "egov-namespaces": ["exist"] },
    },
    {
        name: "namespace-shop-not-injected",
        ids: ["C5", "P8"],
        description: "The namespace of the shop has lost the label that has sidecars injected.",
        needs: ["ecommerce"],
        apply: (changes, { config }) =>
            changes.edit(objects.namespace(config.ecommerce.namespace), ({ metadata }) => {
                delete metadata.labels?.[label];
            }),
        traces: async ({ api, config }) => [
            !(await api.get(objects.namespace(config.ecommerce.namespace)))?.metadata.labels?.[label],
        ],
        expectRed: { sidecars: ["namespace"] },
    },
    {
        name: "istiod-stopped",
        alone: true,
        ids: ["P7", "C5"],
        description: "The control plane has no pod: the proxies go on with what they have.",
        needs: [],
        apply: (changes) =>
            changes.edit(objects.istio("Deployment", "istiod"), ({ spec }) => {
                spec.replicas = 0;
            }),
        traces: async ({ api }) => [(await api.list("Pod", "istio-system", { app: "istiod" })).length === 0],
        expectRed: { sidecars: ["synced"] },
    },
];
