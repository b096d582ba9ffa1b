import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

/** A namespace; `sidecars: true` has every new pod in it join the mesh (P8). */
export function createNamespace(
    name: string,
    { sidecars }: { sidecars: boolean },
    opts?: pulumi.CustomResourceOptions,
): k8s.core.v1.Namespace {
    const labels = sidecars ? { "istio-injection": "enabled" } : undefined;
    return new k8s.core.v1.Namespace(name, { metadata: { name, labels } }, opts);
}
