import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { MeshConfig } from "../config/mesh";
import type { RevisionTag } from "../config/revisions";
import type { ServiceReference } from "../traffic";
import { gatewayMetadata, gatewayProxies, PROXY_PORT, servicePort, type ServicePort } from "./gateway-proxies";
import { ISTIO_NAMESPACE } from "./values";

/** The ingress gateway (P10): the proxies that requests from outside come through. */
export interface IngressGatewayArgs {
    /** The stack's configuration under `istio-platform:mesh.ingressGateway`. */
    config: MeshConfig["ingressGateway"];
    /** The control plane's namespace. */
    namespace: k8s.core.v1.Namespace;
    /** What must be there before its pods start: the control plane fills in image and settings of the proxy. */
    mesh: readonly pulumi.Resource[];
    /**
     * How the Service asks for its load balancer (P3).
     * @default what the cluster makes of a Service by itself
     */
    loadBalancer?: GatewayLoadBalancer;
    /**
     * Priority class of its pods.
     * @default that of every pod
     */
    priorityClass?: string;
    /**
     * The tag by which its pods are on a revision of the control plane (S9).
     * @default no tag: they are on the revision without a name
     */
    revisionTag?: RevisionTag;
}

/** What the Service and the proxies of the gateway have to know of a load balancer. */
export interface GatewayLoadBalancer {
    readonly className: string;
    readonly annotations: Readonly<Record<string, pulumi.Input<string>>>;
    /** Whether every connection begins with a header that tells the client's address. */
    readonly proxyProtocol: boolean;
    /** Seconds that it still sends requests to a pod that is being removed. */
    readonly drainSeconds: number;
    /** What must be there before the Service, and longer than it. */
    readonly after: readonly pulumi.Resource[];
}

/** Where a gateway says whether it is ready. */
export const GATEWAY_HEALTH = { port: PROXY_PORT.status, path: "/healthz/ready" } as const;

export const INGRESS_GATEWAY = "istio-ingressgateway";

/** What Gateways select the proxies by (P10). */
export const INGRESS_GATEWAY_SELECTOR = { istio: "ingressgateway" } as const;

const metadata = gatewayMetadata({ name: INGRESS_GATEWAY, selector: INGRESS_GATEWAY_SELECTOR });

/** The gateway's Deployment. */
export function gatewayDeployment(
    { replicas, resources, autoscaling }: IngressGatewayArgs["config"],
    {
        loadBalancer,
        priorityClass,
        revisionTag,
    }: Pick<IngressGatewayArgs, "loadBalancer" | "priorityClass" | "revisionTag"> = {},
) {
    // An autoscaler owns the number of replicas.
    return gatewayProxies({
        name: INGRESS_GATEWAY,
        selector: INGRESS_GATEWAY_SELECTOR,
        resources,
        ...(autoscaling ? {} : { replicas }),
        proxyProtocol: loadBalancer?.proxyProtocol,
        drainSeconds: loadBalancer?.drainSeconds,
        priorityClass,
        revisionTag,
    });
}

/** The Services that lead to the gateway, by name: a NodePort has one Service, so two of them take two (P2, P10). */
export function gatewayServices(
    { serviceType, nodePorts }: IngressGatewayArgs["config"],
    loadBalancer?: GatewayLoadBalancer,
) {
    const status = servicePort("status-port", PROXY_PORT.status, PROXY_PORT.status);
    const http2 = (nodePort?: number) => servicePort("http2", 80, PROXY_PORT.http, nodePort);
    const https = (nodePort?: number) => servicePort("https", 443, PROXY_PORT.https, nodePort);
    const service = (name: string, ports: ServicePort[]) => ({
        metadata: { ...metadata, name },
        spec: { type: serviceType, selector: INGRESS_GATEWAY_SELECTOR, ports },
    });
    if (loadBalancer) {
        const { metadata, spec } = service(INGRESS_GATEWAY, [http2(), https()]);
        // The load balancer asks the pods' status port directly: it need not be open to the world.
        const { className, annotations } = loadBalancer;
        const balanced = { ...spec, loadBalancerClass: className, allocateLoadBalancerNodePorts: false };
        return [{ metadata: { ...metadata, annotations }, spec: balanced }];
    }
    return serviceType === "NodePort"
        ? [
              service(INGRESS_GATEWAY, [status, http2(nodePorts.egov)]),
              service(`${INGRESS_GATEWAY}-http`, [http2(nodePorts.http), https(nodePorts.https)]),
          ]
        : [service(INGRESS_GATEWAY, [status, http2(), https()])];
}

/** Deployment and Services of the ingress gateway; a disruption budget and an autoscaler where they mean something. */
export class IngressGateway extends pulumi.ComponentResource {
    /** Labels of the proxies: what a Gateway selects. */
    readonly selector: Readonly<Record<string, string>> = INGRESS_GATEWAY_SELECTOR;
    /** The Service by which pods of the cluster reach it. */
    readonly service: ServiceReference = { name: INGRESS_GATEWAY, namespace: ISTIO_NAMESPACE, port: 80 };
    /** Everything that was deployed. */
    readonly resources: readonly pulumi.CustomResource[];
    /** Name of the load balancer, known once it is there; empty where the Service has none, or one without a name. */
    readonly loadBalancer: pulumi.Output<string>;

    constructor(name: string, args: IngressGatewayArgs, opts?: pulumi.ComponentResourceOptions) {
        super("istio-platform:mesh:IngressGateway", name, {}, opts);
        const { config, namespace, mesh, loadBalancer } = args;
        const dependent = { parent: this, dependsOn: [namespace] };
        const account = new k8s.core.v1.ServiceAccount(INGRESS_GATEWAY, { metadata }, dependent);
        const role = this.allowReadingCertificates(account, dependent);
        const deployment = new k8s.apps.v1.Deployment(INGRESS_GATEWAY, gatewayDeployment(config, args), {
            parent: this,
            dependsOn: [account, ...mesh],
        });
        const services = gatewayServices(config, loadBalancer).map(
            (service) =>
                new k8s.core.v1.Service(service.metadata.name, service, {
                    parent: this,
                    dependsOn: [namespace, ...(loadBalancer?.after ?? [])],
                }),
        );
        this.loadBalancer = services[0]!.status.apply((status) => status?.loadBalancer?.ingress?.[0]?.hostname ?? "");
        this.resources = [account, ...role, deployment, ...services, ...this.keepAvailable(config, dependent)];
        this.registerOutputs({});
    }

    /** The gateway serves TLS with Secrets of its own namespace (P5): istiod asks whether its ServiceAccount may. */
    private allowReadingCertificates(account: k8s.core.v1.ServiceAccount, opts: pulumi.CustomResourceOptions) {
        const roleMetadata = { ...metadata, name: `${INGRESS_GATEWAY}-sds` };
        const role = new k8s.rbac.v1.Role(
            roleMetadata.name,
            {
                metadata: roleMetadata,
                rules: [{ apiGroups: [""], resources: ["secrets"], verbs: ["get", "watch", "list"] }],
            },
            opts,
        );
        const binding = new k8s.rbac.v1.RoleBinding(
            roleMetadata.name,
            {
                metadata: roleMetadata,
                roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: roleMetadata.name },
                subjects: [{ kind: "ServiceAccount", name: INGRESS_GATEWAY, namespace: ISTIO_NAMESPACE }],
            },
            { ...opts, dependsOn: [role, account] },
        );
        return [role, binding];
    }

    private keepAvailable({ replicas, autoscaling }: IngressGatewayArgs["config"], opts: pulumi.CustomResourceOptions) {
        const resources: pulumi.CustomResource[] = [];
        // With one replica a budget would forbid every node to be drained.
        if ((autoscaling?.minReplicas ?? replicas) > 1)
            resources.push(
                new k8s.policy.v1.PodDisruptionBudget(
                    INGRESS_GATEWAY,
                    { metadata, spec: { minAvailable: 1, selector: { matchLabels: INGRESS_GATEWAY_SELECTOR } } },
                    opts,
                ),
            );
        if (autoscaling)
            resources.push(
                new k8s.autoscaling.v2.HorizontalPodAutoscaler(
                    INGRESS_GATEWAY,
                    {
                        metadata,
                        spec: {
                            scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: INGRESS_GATEWAY },
                            minReplicas: autoscaling.minReplicas,
                            maxReplicas: autoscaling.maxReplicas,
                            metrics: [
                                {
                                    type: "Resource",
                                    resource: {
                                        name: "cpu",
                                        target: {
                                            type: "Utilization",
                                            averageUtilization: autoscaling.cpuUtilization,
                                        },
                                    },
                                },
                            ],
                        },
                    },
                    opts,
                ),
            );
        return resources;
    }
}
