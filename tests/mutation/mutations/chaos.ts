import { apiVersionOf } from "../cluster/api";
import type { Changes } from "../cluster/changes";
import { objects, type Mesh } from "../cluster/mesh";
import type { Mutation } from "../mutation";
import { versionsAlike } from "./canaries";
import { inGatewayRoutes, inPods, shopCluster } from "./look";
import { studyCluster } from "../../verification/specs/support/study";
import { routeFacts } from "../../verification/specs/support/route-table";

/** What makes a killed part of the mesh noticed. */

const victim = "customer-api";
const quota = "no-new-pods";

/** The workload whose certificates end soon. */
const caller = "simple-web";
const late = "late-certificates";

/** The namespaces and the Deployments whose pods the chaos suite kills. */
const killed = ({ config }: Mesh) => [
    objects.shop("Deployment", config, victim),
    objects.controlPlane("Deployment", "istiod", config),
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
    {
        name: "chaos-certificate-too-late",
        suite: "chaos",
        ids: ["S3"],
        description: `The sidecar of ${caller} asks for its next certificate when the former one has all but ended.`,
        needs: ["study", "study-fresh-connections"],
        apply: async (changes, { config }) => {
            // First, so that the undoing, the newest change first, makes new pods when the setting is gone.
            await changes.edit(objects.study("Deployment", config, caller), ({ spec }) => {
                const { metadata } = spec.template;
                metadata.annotations = { ...metadata.annotations, "mutation.istio-platform/late": "yes" };
            });
            await changes.create({
                apiVersion: apiVersionOf("ProxyConfig"),
                kind: "ProxyConfig",
                metadata: { name: late, namespace: config.study.namespace },
                spec: {
                    selector: { matchLabels: { app: caller } },
                    environmentVariables: { SECRET_GRACE_PERIOD_RATIO: "0.02", SECRET_GRACE_PERIOD_RATIO_JITTER: "0" },
                },
            });
        },
        traces: async ({ api, config }) => [
            (await api.get(objects.study("ProxyConfig", config, late))) !== undefined,
            (await api.get(objects.study("Deployment", config, caller)))!.spec.template.metadata.annotations?.[
                "mutation.istio-platform/late"
            ] === "yes",
        ],
        expectRed: { "chaos-certificate": ["renewed"] },
        // Between the renewal and the end is half a second: a connection may be opened with either certificate.
        mayRed: { "chaos-certificate": ["lossless"] },
    },
    {
        name: "chaos-certificate-fault",
        suite: "chaos",
        ids: ["S3"],
        description: `Every second request to ${caller} is aborted in the gateway.`,
        needs: ["study", "study-fresh-connections"],
        apply: (changes, { config }) =>
            changes.edit(objects.study("VirtualService", config, caller), ({ spec }) => {
                for (const http of spec.http) http.fault = { abort: { httpStatus: 503, percentage: { value: 50 } } };
            }),
        traces: (mesh) =>
            inGatewayRoutes(mesh, (routes) =>
                routes
                    .filter(({ route }) => route?.cluster === studyCluster(mesh.config, caller))
                    .every((route) => routeFacts(route).some((fact) => fact.startsWith("an abort"))),
            ),
        expectRed: { "chaos-certificate": ["lossless"] },
    },
];
