import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { NETWORKING_API } from "./api";
import { covers } from "./host";

/** What a Gateway lets into the mesh. */
export interface GatewayArgs {
    /** Namespace of the Gateway. */
    namespace: string;

    /**
     * Labels of the proxies that open the port: those of an {@link IngressGateway}.
     * A selector that matches no proxy opens nothing, without any error.
     */
    selector: Readonly<Record<string, string>>;

    /** Hosts that are let in: DNS names, `*.name` or `*`. */
    hosts: readonly string[];
}

/** The port of every HTTP Gateway: what the ingress gateway's Service calls 80 (P10). */
const HTTP_PORT = 80;

/** `spec` of a Gateway for plain HTTP. */
export function gatewaySpec({ selector, hosts }: GatewayArgs) {
    return {
        selector: { ...selector },
        servers: [{ port: { number: HTTP_PORT, name: "http", protocol: "HTTP" }, hosts: [...hosts] }],
    };
}

/** What a VirtualService needs to know of a Gateway. */
export interface GatewayReference {
    readonly gatewayName: string;
    readonly namespace: string;
    readonly hosts: readonly string[];
}

/**
 * Whether a Gateway lets requests for a VirtualService's host in. Istio drops routes for other hosts without an error:
 * the fourth problem of C8. With a wildcard on either side, the narrower of the two is what gets through.
 */
export function admits(gateway: GatewayReference, host: string): boolean {
    return gateway.hosts.some((admitted) => covers(admitted, host) || covers(host, admitted));
}

/** A Gateway for plain HTTP: VirtualServices take it as a value, never by name. */
export class Gateway extends k8s.apiextensions.CustomResource implements GatewayReference {
    readonly gatewayName: string;
    readonly namespace: string;
    readonly hosts: readonly string[];

    constructor(name: string, args: GatewayArgs, opts?: pulumi.CustomResourceOptions) {
        super(
            name,
            {
                apiVersion: NETWORKING_API,
                kind: "Gateway",
                metadata: { name, namespace: args.namespace },
                spec: gatewaySpec(args),
            },
            opts,
        );
        this.gatewayName = name;
        this.namespace = args.namespace;
        this.hosts = args.hosts;
    }
}
