import type * as pulumi from "@pulumi/pulumi";

/** Where a data store lives and who reaches it. */
export interface DataStorePlace {
    /** Name of the cluster: beginning of names. */
    readonly clusterName: string;
    readonly vpcId: pulumi.Input<string>;
    /** Subnets without a way out, one a zone. */
    readonly subnetIds: readonly pulumi.Input<string>[];
    /** Security group of the pods. */
    readonly clients: pulumi.Input<string>;
    /** Key of the data. */
    readonly keyArn: pulumi.Input<string>;
    /** Whether Pulumi and AWS refuse to delete it. */
    readonly protect: boolean;
}
