import { objects, type Mesh } from "../cluster/mesh";
import type { PlainObject, Reference } from "../cluster/api";
import type { CheckSet, Mutation } from "../mutation";
import { helloCluster, inClusters } from "./look";
import { otherConfiguration } from "./red";

/** Changes of what istiod works by: no request of the suite notices them. */

const otherAdmission: CheckSet = { "control-plane-settings": ["admission"] };

const injector = "istio-sidecar-injector";
const needs: Mutation["needs"] = ["rendered-charts"];

const injection = ({ config }: Mesh) => objects.controlPlane("MutatingWebhookConfiguration", injector, config);
const validation = {
    kind: "ValidatingWebhookConfiguration",
    namespace: "",
    name: "istiod-default-validator",
} satisfies Reference;
const template = ({ config }: Mesh) => objects.controlPlane("ConfigMap", injector, config);

const webhooksOf = (object: PlainObject | undefined) => (object?.["webhooks"] ?? []) as Record<string, unknown>[];

export const controlPlaneSettings: readonly Mutation[] = [
    {
        name: "settings-connect-timeout",
        ids: ["P7"],
        description: "The mesh configuration gives connections 3 s instead of Istio's 10.",
        needs: [...needs, "egov"],
        apply: (changes, { config }) =>
            changes.edit(objects.controlPlane("ConfigMap", "istio", config), ({ data }) => {
                data.mesh = `${String(data.mesh).trimEnd()}\nconnectTimeout: 3s\n`;
            }),
        traces: (mesh) =>
            inClusters(mesh, ["gateway"], helloCluster(mesh), (cluster) => cluster?.connect_timeout === "3s"),
        expectRed: otherConfiguration,
    },
    {
        name: "settings-sidecar-template",
        ids: ["P7", "P8"],
        description: "The next sidecars get other requests than declared: those that run have the old ones.",
        needs,
        apply: (changes, mesh) =>
            changes.edit(template(mesh), ({ data }) => {
                data.values = String(data.values).replace(/"cpu": ?"[^"]+"/, '"cpu": "1m"');
            }),
        traces: async (mesh) => [/"cpu": "1m"/.test(String((await mesh.api.get(template(mesh)))?.["data"].values))],
        expectRed: otherConfiguration,
    },
    {
        name: "settings-injection-fails-open",
        ids: ["P8", "C8"],
        description: "While istiod does not answer, pods would be started without a sidecar instead of being refused.",
        needs,
        apply: (changes, mesh) =>
            changes.edit(injection(mesh), (object) => {
                for (const webhook of webhooksOf(object)) webhook["failurePolicy"] = "Ignore";
            }),
        traces: async (mesh) =>
            webhooksOf(await mesh.api.get(injection(mesh))).map(({ failurePolicy }) => failurePolicy === "Ignore"),
        expectRed: otherAdmission,
    },
    {
        name: "settings-validation-removed",
        ids: ["P8", "C8"],
        description: "Invalid objects of Istio are no longer refused when they carry no revision label.",
        needs,
        apply: (changes) => changes.remove(validation),
        traces: async ({ api }) => [(await api.get(validation)) === undefined],
        expectRed: { ...otherAdmission, revisions: ["validator"] },
    },
];
