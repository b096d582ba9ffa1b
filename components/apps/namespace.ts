import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { injectionLabel, type RevisionTag } from "../config/revisions";

/** What has sidecars injected into the pods of a namespace. */
export interface Injection {
    /** The control plane. */
    readonly mesh: readonly pulumi.Resource[];
    /**
     * The tag by which the namespace is on a revision of it (S9).
     * @default no tag: it is on the revision without a name
     */
    readonly revisionTag?: RevisionTag;
}

/** A namespace; with `sidecars` every new pod in it joins the mesh (P8). */
export function createNamespace(
    name: string,
    { sidecars }: { sidecars: Injection | false },
    opts?: pulumi.CustomResourceOptions,
): k8s.core.v1.Namespace {
    if (!sidecars) return new k8s.core.v1.Namespace(name, { metadata: { name, labels: undefined } }, opts);
    const { mesh, revisionTag } = sidecars;
    const labels = injectionLabel(revisionTag, name);
    return new k8s.core.v1.Namespace(
        name,
        { metadata: { name, labels } },
        // Nobody answers for a tag before it is there: a pod that started meanwhile would have no sidecar.
        { ...opts, ...(revisionTag && { dependsOn: [...mesh] }) },
    );
}
