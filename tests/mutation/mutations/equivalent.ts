import { revisionOf } from "../../../components/config/revisions";
import { outboundCluster } from "../../verification/target/envoy";
import { apiVersionOf } from "../cluster/api";
import { objects } from "../cluster/mesh";
import type { Mutation } from "../mutation";
import { inClusters, inPods, isReady } from "./look";

/** Changes that keep every declared behaviour: nothing may go red. */

const restarted = "mutation.istio-platform/restarted";
const product = "product-api";

export const equivalent: readonly Mutation[] = [
    {
        name: "same-unrelated-service",
        ids: [],
        description: "A Service that nobody calls is added.",
        needs: ["ecommerce"],
        apply: (changes, { config }) =>
            changes.create({
                apiVersion: apiVersionOf("Service"),
                kind: "Service",
                metadata: { name: "unrelated", namespace: config.ecommerce.namespace },
                spec: { selector: { app: "unrelated" }, ports: [{ name: "http", port: 80 }] },
            }),
        traces: (mesh) =>
            inClusters(
                mesh,
                ["gateway"],
                outboundCluster("unrelated", mesh.config.ecommerce.namespace, 80),
                (cluster) => cluster !== undefined,
            ),
        expectRed: {},
    },
    {
        name: "same-pods-replaced",
        ids: [],
        description: `The pods of ${product} are replaced by equal ones.`,
        needs: ["ecommerce"],
        apply: (changes, { config }) =>
            changes.edit(objects.shop("Deployment", config, product), ({ spec }) => {
                spec.template.metadata.annotations = { ...spec.template.metadata.annotations, [restarted]: "once" };
            }),
        traces: (mesh) =>
            inPods(
                mesh,
                mesh.config.ecommerce.namespace,
                product,
                (pod) => isReady(pod) && pod.metadata.annotations?.[restarted] !== undefined,
            ),
        expectRed: {},
    },
    {
        name: "same-istiod-replaced",
        alone: true,
        ids: [],
        description: "The pod of the control plane is replaced by an equal one.",
        needs: [],
        apply: (changes, { config }) =>
            changes.edit(objects.controlPlane("Deployment", "istiod", config), ({ spec }) => {
                spec.template.metadata.annotations = { ...spec.template.metadata.annotations, [restarted]: "once" };
            }),
        traces: async ({ api, config }) => {
            const labels = { app: "istiod", "istio.io/rev": revisionOf(config.mesh.revisionTag) };
            const pods = await api.list("Pod", "istio-system", labels);
            return pods.map((pod) => isReady(pod) && pod.metadata.annotations?.[restarted] !== undefined);
        },
        expectRed: {},
    },
];
