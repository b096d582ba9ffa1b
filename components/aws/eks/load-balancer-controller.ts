import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { EksLoadBalancerControllerConfig } from "../../config/eks-entrance";
import { PodRole } from "../role";
import { loadBalancerStatements, type LoadBalancerScope } from "./load-balancer-policy";

/** The AWS Load Balancer Controller. */
export interface LoadBalancerControllerArgs extends LoadBalancerScope {
    /** The stack's configuration under `istio-platform:cluster.loadBalancerController`. */
    config: EksLoadBalancerControllerConfig;
    /** What must be there before its pods start: nodes, names, roles for pods. */
    after: readonly pulumi.Resource[];
}

const NAME = "aws-load-balancer-controller";
const NAMESPACE = "kube-system";

/** What a Service names as its class to get a load balancer from this controller. */
export const LOAD_BALANCER_CLASS = "service.k8s.aws/nlb";

/**
 * Makes a network load balancer of each Service that asks for one by its class (P3), with a role that can do that and
 * nothing else. It must outlive these Services: it also removes their load balancers.
 */
export class LoadBalancerController extends pulumi.ComponentResource {
    /** Services with a load balancer wait for it. */
    readonly release: k8s.helm.v3.Release;

    constructor(name: string, args: LoadBalancerControllerArgs, opts?: pulumi.ComponentResourceOptions) {
        super("istio-platform:aws:LoadBalancerController", name, {}, opts);
        const { config, clusterName, after } = args;
        const role = new PodRole(
            `${name}-load-balancer-controller`,
            {
                clusterName,
                description: `Makes the network load balancers of ${clusterName}`,
                statements: loadBalancerStatements(args),
                pods: [{ namespace: NAMESPACE, serviceAccount: NAME }],
            },
            { parent: this },
        );
        this.release = new k8s.helm.v3.Release(
            NAME,
            {
                name: NAME,
                namespace: NAMESPACE,
                chart: NAME,
                version: config.chartVersion,
                repositoryOpts: { repo: config.repository },
                // A half installed controller would leave its webhook, which then refuses every Service.
                atomic: true,
                values: controllerValues(args),
            },
            { parent: this, dependsOn: [...role.resources, ...after] },
        );
        this.registerOutputs({});
    }
}

/** Values of the controller's chart. */
export function controllerValues({ config, clusterName, region, vpcId }: LoadBalancerControllerArgs) {
    return {
        clusterName,
        // Said here, for its pods do not reach the nodes' metadata.
        region,
        vpcId,
        replicaCount: config.replicas,
        image: { repository: config.image },
        serviceAccount: { create: true, name: NAME },
        podDisruptionBudget: { maxUnavailable: 1 },
        resources: { requests: { cpu: "50m", memory: "128Mi" }, limits: { memory: "256Mi" } },
        securityContext: {
            readOnlyRootFilesystem: true,
            runAsNonRoot: true,
            allowPrivilegeEscalation: false,
            capabilities: { drop: ["ALL"] },
            seccompProfile: { type: "RuntimeDefault" },
        },
        // Only what asks for it by its class gets a load balancer: other Services do not depend on the webhook.
        enableServiceMutatorWebhook: false,
        // There are no Ingresses, so no application load balancers and nothing in front of them.
        createIngressClassResource: false,
        ingressClassParams: { create: false },
        enableShield: false,
        enableWaf: false,
        enableWafv2: false,
    };
}
