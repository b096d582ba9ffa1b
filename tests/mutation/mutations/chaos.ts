import { apiVersionOf } from "../cluster/api";
import type { Changes } from "../cluster/changes";
import { objects, type Mesh } from "../cluster/mesh";
import type { Mutation } from "../mutation";
import { versionsAlike } from "./canaries";
import { inGatewayRoutes, inPods, shopCluster } from "./look";
import { routeFacts } from "../../verification/specs/support/route-table";

/** What makes a killed part of the mesh noticed. */

const victim = "customer-api";
const quota = "no-new-pods";

/** The namespaces and the Deployments whose pods the chaos suite kills. */
const killed = ({ config }: Mesh) => [
    objects.shop("Deployment", config, victim),
    objects.istio("Deployment", "istiod"),
    objects.istio("Deployment", "istio-ingressgateway"),
];

/** Has a Deployment look at its pods anew when everything is undone: failures have made it slow. */
const wake = (changes: Changes, mesh: Mesh) =>
    Promise.all(
        killed(mesh).map((reference) =>
            changes.edit(reference, ({ metadata }) => {
                metadata.annotations = { ...metadata.annotations, "mutation.istio-platform/woken": "soon" };
            }),
        ),
    );

export const chaos: readonly Mutation[] = [
    {
        name: "chaos-one-replica",
        suite: "chaos",
        ids: ["C12"],
        description: `${victim} has one pod only.`,
        needs: ["ecommerce"],
        apply: (changes, { config }) =>
            changes.edit(objects.shop("Deployment", config, victim), ({ spec }) => {
                spec.replicas = 1;
            }),
        traces: async (mesh) => {
            const pods = await inPods(mesh, mesh.config.ecommerce.namespace, victim, () => true);
            return [pods.length === 1];
        },
        expectRed: { "chaos-application-pod": ["ended", "killed"] },
    },
    {
        ...versionsAlike,
        name: "chaos-versions-alike",
        suite: "chaos",
        ids: ["C10"],
        expectRed: { "chaos-blue-green": ["complete"] },
    },
    {
        name: "chaos-no-new-pods",
        suite: "chaos",
        ids: ["C12"],
        description: "No pod can be made any more: what is killed does not come back.",
        needs: ["ecommerce"],
        apply: async (changes, mesh) => {
            await wake(changes, mesh);
            for (const namespace of [mesh.config.ecommerce.namespace, "istio-system"])
                await changes.create({
                    apiVersion: apiVersionOf("ResourceQuota"),
                    kind: "ResourceQuota",
                    metadata: { name: quota, namespace },
                    spec: { hard: { pods: "0" } },
                });
        },
        traces: async ({ api, config }) => {
            const found = await Promise.all(
                [config.ecommerce.namespace, "istio-system"].map((namespace) =>
                    api.get({ kind: "ResourceQuota", namespace, name: quota }),
                ),
            );
            return found.map((object) => object?.status?.hard !== undefined);
        },
        expectRed: {
            "chaos-application-pod": ["killed", "replaced"],
            "chaos-control-plane": ["returns"],
            "chaos-gateway-pod": ["heals"],
        },
    },
    {
        name: "chaos-fault",
        suite: "chaos",
        ids: ["C12"],
        description: "Every second request to any service is aborted in the gateway.",
        needs: ["ecommerce"],
        apply: async (changes, { config }) => {
            for (const name of Object.keys(config.ecommerce.services))
                await changes.edit(objects.shop("VirtualService", config, name), ({ spec }) => {
                    for (const http of spec.http)
                        http.fault = { abort: { httpStatus: 503, percentage: { value: 50 } } };
                });
        },
        traces: (mesh) =>
            inGatewayRoutes(mesh, (routes) =>
                Object.keys(mesh.config.ecommerce.services).every((name) =>
                    routes
                        .filter(({ route }) => route?.cluster === shopCluster(mesh, name))
                        .every((route) => routeFacts(route).some((fact) => fact.startsWith("an abort"))),
                ),
            ),
        expectRed: {
            "chaos-blue-green": ["lossless", "complete"],
            "chaos-application-pod": ["ended", "killed", "replaced"],
            "chaos-control-plane": ["traffic"],
            "chaos-gateway-pod": ["heals"],
        },
    },
];
