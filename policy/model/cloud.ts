import type { Maybe } from "./unknown";

/** An EKS cluster of the stack. */
export interface EksCluster {
    readonly name: Maybe<string>;
    readonly source: string;
}

/** A security group that the stack makes for the cluster's nodes. */
export interface NodeSecurityGroup {
    readonly name: string;
    readonly id: Maybe<string>;
    readonly source: string;
}

/** Inbound traffic that a security group admits. */
export interface IngressRule {
    /** The group; unknown until it exists. */
    readonly securityGroupId: Maybe<string>;
    /** URN of the group when the rule is written inside it. */
    readonly securityGroupSource: string | undefined;
    /** `tcp`, `-1` (everything) ... */
    readonly protocol: Maybe<string>;
    readonly fromPort: Maybe<number>;
    readonly toPort: Maybe<number>;
    readonly source: string;
}

/** What lies under the cluster: only what a rule about the mesh needs (requirement P9). */
export interface Cloud {
    readonly eksClusters: readonly EksCluster[];
    readonly nodeSecurityGroups: readonly NodeSecurityGroup[];
    readonly ingressRules: readonly IngressRule[];
}

/** No cloud: embedded, kind or any other cluster. */
export const NO_CLOUD: Cloud = { eksClusters: [], nodeSecurityGroups: [], ingressRules: [] };
