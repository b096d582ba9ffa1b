import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

/** An object by which the program tells the control plane, the proxies or the pod network what to do, as it was registered. */
export interface DeclaredObject {
    apiVersion: string;
    kind: string;
    metadata: {
        name: string;
        /** Empty for an object of the whole cluster. */
        namespace: string;
        labels?: Record<string, string>;
        annotations?: Record<string, string>;
    };
    /** Of a ConfigMap: `data`; of the registration of a webhook: `webhooks`. */
    spec: Record<string, unknown>;
}

/**
 * Every object of Istio's API groups and of the Gateway API, and every NetworkPolicy, among some resources; of the control
 * plane's settings the ConfigMaps and the registrations of its webhooks.
 */
export function declaredObjects(
    resources: readonly pulumi.Resource[],
    settings: readonly pulumi.Resource[] = [],
): pulumi.Output<DeclaredObject[]> {
    return pulumi.unsecret(pulumi.all([...resources.flatMap(declaredObject), ...settings.flatMap(setting)]));
}

function declaredObject(resource: pulumi.Resource): pulumi.Output<DeclaredObject>[] {
    if (resource instanceof k8s.apiextensions.CustomResource) {
        const { apiVersion, kind, metadata, ["spec"]: spec } = resource.getInputs();
        return [plain({ apiVersion, kind, metadata, spec: spec as pulumi.Input<object> })];
    }
    if (resource instanceof k8s.networking.v1.NetworkPolicy) {
        const { apiVersion, kind, metadata, spec } = resource;
        return [plain({ apiVersion, kind, metadata, spec })];
    }
    return [];
}

function setting(resource: pulumi.Resource): pulumi.Output<DeclaredObject>[] {
    if (resource instanceof k8s.core.v1.ConfigMap) {
        const { apiVersion, kind, metadata, data } = resource;
        return [plain({ apiVersion, kind, metadata, spec: { data } })];
    }
    if (
        resource instanceof k8s.admissionregistration.v1.MutatingWebhookConfiguration ||
        resource instanceof k8s.admissionregistration.v1.ValidatingWebhookConfiguration
    ) {
        const { apiVersion, kind, metadata, webhooks } = resource;
        return [plain({ apiVersion, kind, metadata, spec: { webhooks } })];
    }
    return [];
}

interface ObjectInput {
    apiVersion: pulumi.Input<string>;
    kind: pulumi.Input<string>;
    metadata?: pulumi.Input<object> | undefined;
    spec: pulumi.Input<object> | undefined;
}

/** What a person declares of an object. */
function plain(object: ObjectInput): pulumi.Output<DeclaredObject> {
    return pulumi.output(object).apply(({ apiVersion, kind, metadata, spec = {} }) => {
        const { name, namespace = "", labels, annotations } = (metadata ?? {}) as DeclaredObject["metadata"];
        return {
            apiVersion,
            kind,
            metadata: { name, namespace, ...(labels && { labels }), ...(annotations && { annotations }) },
            spec: spec as Record<string, unknown>,
        };
    });
}
