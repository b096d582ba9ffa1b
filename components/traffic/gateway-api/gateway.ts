import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { GATEWAY_API } from "../api";
import { serviceHost, type ServiceReference } from "../service";

/** What a Gateway of the Gateway API lets into the mesh (P12). */
export interface ApiGatewayArgs {
    /**
     * The Service of the proxies that open the port: those of an {@link IngressGateway}. Without it istiod would deploy
     * proxies of its own for the Gateway. The Gateway is in the Service's namespace: istiod looks nowhere else for it.
     */
    service: ServiceReference;

    /** Hosts that are let in: DNS names, `*.name` or `*`. */
    hosts: readonly string[];
}

/** The class of the Gateways that istiod serves. */
const CLASS = "istio";

/** `spec` of a Gateway: a listener a host, since each has one; the one for every host names none. */
export function apiGatewaySpec({ service, hosts }: ApiGatewayArgs) {
    return {
        gatewayClassName: CLASS,
        addresses: [{ type: "Hostname", value: serviceHost(service) }],
        listeners: hosts.map((host, index) => ({
            name: index === 0 ? "http" : `http-${index + 1}`,
            port: service.port,
            protocol: "HTTP",
            ...(host !== "*" && { hostname: host }),
            // As an Istio Gateway does: routes of every namespace may refer to it.
            allowedRoutes: { namespaces: { from: "All" } },
        })),
    };
}

/** A Gateway of the Gateway API. */
export class ApiGateway extends k8s.apiextensions.CustomResource {
    readonly routing = "gateway-api";
    readonly gatewayName: string;
    readonly namespace: string;
    readonly hosts: readonly string[];

    constructor(name: string, args: ApiGatewayArgs, opts?: pulumi.CustomResourceOptions) {
        const { namespace } = args.service;
        super(
            name,
            {
                apiVersion: GATEWAY_API,
                kind: "Gateway",
                metadata: { name, namespace },
                spec: apiGatewaySpec(args),
            },
            opts,
        );
        this.gatewayName = name;
        this.namespace = namespace;
        this.hosts = [...args.hosts];
    }
}
