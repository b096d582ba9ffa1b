import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

/** A Kubernetes object as a chart renders it. */
export interface Manifest {
    apiVersion: string;
    kind: string;
    metadata: { name: string; namespace?: string; labels?: Record<string, string> };
    [field: string]: unknown;
}

type ResourceClass = new (name: string, args: object, opts?: pulumi.CustomResourceOptions) => pulumi.CustomResource;

/** The resource classes of what Istio's charts render; any other kind is registered as a custom resource. */
const resourceClasses: Record<string, unknown> = {
    "admissionregistration.k8s.io/v1/MutatingWebhookConfiguration":
        k8s.admissionregistration.v1.MutatingWebhookConfiguration,
    "admissionregistration.k8s.io/v1/ValidatingWebhookConfiguration":
        k8s.admissionregistration.v1.ValidatingWebhookConfiguration,
    "apiextensions.k8s.io/v1/CustomResourceDefinition": k8s.apiextensions.v1.CustomResourceDefinition,
    "apps/v1/DaemonSet": k8s.apps.v1.DaemonSet,
    "apps/v1/Deployment": k8s.apps.v1.Deployment,
    "autoscaling/v2/HorizontalPodAutoscaler": k8s.autoscaling.v2.HorizontalPodAutoscaler,
    "networking.k8s.io/v1/NetworkPolicy": k8s.networking.v1.NetworkPolicy,
    "policy/v1/PodDisruptionBudget": k8s.policy.v1.PodDisruptionBudget,
    "rbac.authorization.k8s.io/v1/ClusterRole": k8s.rbac.v1.ClusterRole,
    "rbac.authorization.k8s.io/v1/ClusterRoleBinding": k8s.rbac.v1.ClusterRoleBinding,
    "rbac.authorization.k8s.io/v1/Role": k8s.rbac.v1.Role,
    "rbac.authorization.k8s.io/v1/RoleBinding": k8s.rbac.v1.RoleBinding,
    "v1/ConfigMap": k8s.core.v1.ConfigMap,
    "v1/Service": k8s.core.v1.Service,
    "v1/ServiceAccount": k8s.core.v1.ServiceAccount,
};

/** Registers an object as a resource of its own, under its own name. */
export function registerManifest(manifest: Manifest, opts: pulumi.CustomResourceOptions): pulumi.CustomResource {
    const { apiVersion, kind, metadata } = manifest;
    const Class = (resourceClasses[`${apiVersion}/${kind}`] ?? k8s.apiextensions.CustomResource) as ResourceClass;
    return new Class(metadata.name, manifest, opts);
}
