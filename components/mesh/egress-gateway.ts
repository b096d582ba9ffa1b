import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { EgressGatewayConfig } from "../config/egress";
import type { RevisionTag } from "../config/revisions";
import type { EgressProxies } from "../traffic";
import { gatewayMetadata, gatewayProxies, PROXY_PORT, servicePort } from "./gateway-proxies";
import { ISTIO_NAMESPACE } from "./values";

/** The egress gateway (P11): the proxies that requests leave the mesh through. */
export interface EgressGatewayArgs {
    /** The stack's configuration under `istio-platform:mesh.egress.gateway`. */
    config: EgressGatewayConfig;
    /** The control plane's namespace. */
    namespace: k8s.core.v1.Namespace;
    /** What must be there before its pods start: the control plane fills in image and settings of the proxy. */
    mesh: readonly pulumi.Resource[];
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

export const EGRESS_GATEWAY = "istio-egressgateway";

/** What Gateways select the proxies by. */
export const EGRESS_GATEWAY_SELECTOR = { istio: "egressgateway" } as const;

const metadata = gatewayMetadata({ name: EGRESS_GATEWAY, selector: EGRESS_GATEWAY_SELECTOR });

/** Port of the Service: what sidecars send to. */
const PORT = 80;

/** The gateway's Deployment. */
export function egressGatewayDeployment(
    config: EgressGatewayConfig,
    { priorityClass, revisionTag }: Pick<EgressGatewayArgs, "priorityClass" | "revisionTag"> = {},
) {
    const args = { name: EGRESS_GATEWAY, selector: EGRESS_GATEWAY_SELECTOR, priorityClass, revisionTag };
    return gatewayProxies({ ...args, ...config });
}

/** Deployment and Service of the egress gateway; the Service is reached from inside the cluster only. */
export class EgressGateway extends pulumi.ComponentResource {
    /** How Gateways select the proxies, and how sidecars reach them. */
    readonly proxies: EgressProxies = {
        selector: EGRESS_GATEWAY_SELECTOR,
        service: { name: EGRESS_GATEWAY, namespace: ISTIO_NAMESPACE, port: PORT },
    };
    /** Everything that was deployed. */
    readonly resources: readonly pulumi.CustomResource[];

    constructor(name: string, args: EgressGatewayArgs, opts?: pulumi.ComponentResourceOptions) {
        super("istio-platform:mesh:EgressGateway", name, {}, opts);
        const { config, namespace, mesh, priorityClass, revisionTag } = args;
        const dependent = { parent: this, dependsOn: [namespace] };
        const account = new k8s.core.v1.ServiceAccount(EGRESS_GATEWAY, { metadata }, dependent);
        const deployment = new k8s.apps.v1.Deployment(
            EGRESS_GATEWAY,
            egressGatewayDeployment(config, { priorityClass, revisionTag }),
            { parent: this, dependsOn: [account, ...mesh] },
        );
        const ports = [servicePort("http2", PORT, PROXY_PORT.http)];
        const service = new k8s.core.v1.Service(
            EGRESS_GATEWAY,
            { metadata, spec: { selector: EGRESS_GATEWAY_SELECTOR, ports } },
            dependent,
        );
        this.resources = [account, deployment, service];
        this.registerOutputs({});
    }
}
