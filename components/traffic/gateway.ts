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

    /**
     * HTTPS on port 443 beside HTTP on port 80 (P5): the Secret with the certificate, in the namespace of the proxies, and
     * the oldest version of TLS that is accepted.
     * @default HTTP only
     */
    tls?: {
        secretName: string;
        minimumVersion: "1.2" | "1.3";
        /** Further hosts that are let in over HTTPS only: plain HTTP is answered with a redirect to HTTPS. */
        httpsOnlyHosts?: readonly string[];
    };
}

/** The port of every HTTP Gateway: what the ingress gateway's Service calls 80 (P10). */
const HTTP_PORT = 80;

/** The port of every HTTPS Gateway: what the ingress gateway's Service calls 443 (P5). */
const HTTPS_PORT = 443;

/** `spec` of a Gateway for plain HTTP, and for HTTPS where it is asked for. */
export function gatewaySpec({ selector, hosts, tls }: GatewayArgs) {
    const http = { port: { number: HTTP_PORT, name: "http", protocol: "HTTP" }, hosts: [...hosts] };
    return { selector: { ...selector }, servers: [http, ...(tls ? httpsServers(hosts, tls) : [])] };
}

function httpsServers(hosts: readonly string[], tls: NonNullable<GatewayArgs["tls"]>) {
    const { httpsOnlyHosts = [] } = tls;
    const https = { ...httpsServer(tls), hosts: [...hosts, ...httpsOnlyHosts] };
    const redirect = {
        port: { number: HTTP_PORT, name: "http-redirect", protocol: "HTTP" },
        tls: { httpsRedirect: true },
        hosts: [...httpsOnlyHosts],
    };
    return [https, ...(httpsOnlyHosts.length > 0 ? [redirect] : [])];
}

function httpsServer({ secretName, minimumVersion }: NonNullable<GatewayArgs["tls"]>) {
    return {
        port: { number: HTTPS_PORT, name: "https", protocol: "HTTPS" },
        tls: {
            mode: "SIMPLE",
            credentialName: secretName,
            minProtocolVersion: { "1.2": "TLSV1_2", "1.3": "TLSV1_3" }[minimumVersion],
        },
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

/** A Gateway for HTTP, and HTTPS where it is asked for: VirtualServices take it as a value, never by name. */
export class Gateway extends k8s.apiextensions.CustomResource implements GatewayReference {
    readonly routing = "istio";
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
        this.hosts = [...args.hosts, ...(args.tls?.httpsOnlyHosts ?? [])];
    }
}
