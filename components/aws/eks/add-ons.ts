import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { EksAddOnsConfig } from "../../config/eks";
import { PodRole } from "../role";

/** What EKS runs inside a cluster. */
export interface AddOnsArgs {
    /** Versions: the stack's configuration under `istio-platform:cluster.addOns`. */
    config: EksAddOnsConfig;
    clusterName: pulumi.Input<string>;
}

/** Pods of the add-ons, by their service accounts, and the policy of AWS that each needs. */
const NETWORK_PODS = { namespace: "kube-system", serviceAccount: "aws-node" };
const VOLUME_PODS = { namespace: "kube-system", serviceAccount: "ebs-csi-controller-sa" };

/** An add-on in exactly the version that is configured. */
function createAddOn(
    name: string,
    clusterName: pulumi.Input<string>,
    addOn: { name: string; version: string; configuration?: object },
    opts: pulumi.CustomResourceOptions,
): aws.eks.Addon {
    const { configuration } = addOn;
    return new aws.eks.Addon(
        `${name}-${addOn.name}`,
        {
            clusterName,
            addonName: addOn.name,
            addonVersion: addOn.version,
            ...(configuration && { configurationValues: JSON.stringify(configuration) }),
            resolveConflictsOnCreate: "OVERWRITE",
            resolveConflictsOnUpdate: "OVERWRITE",
        },
        opts,
    );
}

/** What a node needs to become Ready: roles for pods, addresses and NetworkPolicies (S6), Services. */
export class NodeAddOns extends pulumi.ComponentResource {
    readonly resources: readonly pulumi.CustomResource[];

    constructor(name: string, { config, clusterName }: AddOnsArgs, opts?: pulumi.ComponentResourceOptions) {
        super("istio-platform:aws:NodeAddOns", name, {}, opts);
        const child = { parent: this };
        const identities = createAddOn(
            name,
            clusterName,
            { name: "eks-pod-identity-agent", version: config.podIdentityAgent },
            child,
        );
        const role = new PodRole(
            `${name}-vpc-cni`,
            {
                clusterName,
                description: "Gives pods their addresses",
                managedPolicies: ["AmazonEKS_CNI_Policy"],
                pods: [NETWORK_PODS],
            },
            child,
        );
        const network = createAddOn(
            name,
            clusterName,
            {
                name: "vpc-cni",
                version: config.vpcCni,
                configuration: {
                    enableNetworkPolicy: "true",
                    // Addresses by the block: a node takes more pods than it has single addresses for.
                    env: { ENABLE_PREFIX_DELEGATION: "true", WARM_PREFIX_TARGET: "1" },
                },
            },
            { ...child, dependsOn: [identities, ...role.resources] },
        );
        const proxy = createAddOn(name, clusterName, { name: "kube-proxy", version: config.kubeProxy }, child);
        this.resources = [identities, ...role.resources, network, proxy];
        this.registerOutputs({});
    }
}

/** What runs on nodes as ordinary pods: names, volumes, metrics. */
export class ClusterAddOns extends pulumi.ComponentResource {
    readonly resources: readonly pulumi.CustomResource[];

    constructor(
        name: string,
        { config, clusterName, nodes }: AddOnsArgs & { nodes: readonly pulumi.Resource[] },
        opts?: pulumi.ComponentResourceOptions,
    ) {
        super("istio-platform:aws:ClusterAddOns", name, {}, opts);
        const onNodes = { parent: this, dependsOn: [...nodes] };
        const role = new PodRole(
            `${name}-ebs-csi`,
            {
                clusterName,
                description: "Makes volumes for pods",
                managedPolicies: ["service-role/AmazonEBSCSIDriverPolicy"],
                pods: [VOLUME_PODS],
            },
            { parent: this },
        );
        this.resources = [
            createAddOn(name, clusterName, { name: "coredns", version: config.coreDns }, onNodes),
            createAddOn(
                name,
                clusterName,
                { name: "aws-ebs-csi-driver", version: config.ebsCsiDriver },
                { ...onNodes, dependsOn: [...nodes, ...role.resources] },
            ),
            createAddOn(name, clusterName, { name: "metrics-server", version: config.metricsServer }, onNodes),
        ];
        this.registerOutputs({});
    }
}
