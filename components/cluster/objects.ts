import * as pulumi from "@pulumi/pulumi";

/** What runs on a cluster goes with it: destroying a stack removes the cluster, not each object on it first. */
export function deleteObjectsWith(cluster: pulumi.CustomResource): void {
    pulumi.runtime.registerStackTransformation(({ type, props, opts }) =>
        type.startsWith("kubernetes:") ? { props, opts: { ...opts, deletedWith: cluster } } : undefined,
    );
}
