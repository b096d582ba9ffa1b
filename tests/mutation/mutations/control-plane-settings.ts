import { objects } from "../cluster/mesh";
import type { PlainObject, Reference } from "../cluster/api";
import type { CheckSet, Mutation } from "../mutation";
import { helloCluster, inClusters } from "./look";
import { otherConfiguration } from "./red";

/** Changes of what istiod works by: no request of the suite notices them. */

const otherAdmission: CheckSet = { "control-plane-settings": ["admission"] };

const injector = "istio-sidecar-injector";
const needs: Mutation["needs"] = ["rendered-charts"];

const registration = (kind: "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration", name: string) =>
    ({ kind, namespace: "", name }) satisfies Reference;
const injection = registration("MutatingWebhookConfiguration", injector);
const validation = registration("ValidatingWebhookConfiguration", "istiod-default-validator");

const webhooksOf = (object: PlainObject | undefined) => (object?.["webhooks"] ?? []) as Record<string, unknown>[];

export const controlPlaneSettings: readonly Mutation[] = [
    {
        name: "settings-connect-timeout",
        ids: ["P7"],
        description: "The mesh configuration gives connections 3 s instead of Istio's 10.",
        needs: [...needs, "egov"],
        apply: (changes) =>
            changes.edit(objects.istio("ConfigMap", "istio"), ({ data }) => {
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
        apply: (changes) =>
            changes.edit(objects.istio("ConfigMap", injector), ({ data }) => {
                data.values = String(data.values).replace(/"cpu": ?"[^"]+"/, '"cpu": "1m"');
            }),
        traces: async ({ api }) => [
            /"cpu": "1m"/.test(String((await api.get(objects.istio("ConfigMap", injector)))?.["data"].values)),
        ],
        expectRed: otherConfiguration,
    },
    {
        name: "settings-injection-fails-open",
        ids: ["P8", "C8"],
        description: "While istiod does not answer, pods would be started without a sidecar instead of being refused.",
        needs,
        apply: (changes) =>
            changes.edit(injection, (object) => {
                for (const webhook of webhooksOf(object)) webhook["failurePolicy"] = "Ignore";
            }),
        traces: async ({ api }) =>
            webhooksOf(await api.get(injection)).map(({ failurePolicy }) => failurePolicy === "Ignore"),
        expectRed: otherAdmission,
    },
    {
        name: "settings-validation-removed",
        ids: ["P8", "C8"],
        description: "Invalid objects of Istio are no longer refused when they carry no revision label.",
        needs,
        apply: (changes) => changes.remove(validation),
        traces: async ({ api }) => [(await api.get(validation)) === undefined],
        expectRed: otherAdmission,
    },
];
