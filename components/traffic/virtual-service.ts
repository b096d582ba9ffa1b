import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { NETWORKING_API } from "./api";
import { admits, type Gateway, type GatewayReference } from "./gateway";
import { covers } from "./host";
import { httpRouteSpec, type HttpRouteArgs } from "./http-route";

/** Routes of requests that come in through Gateways. */
export interface VirtualServiceArgs<G extends GatewayReference = Gateway> {
    /** Namespace of the VirtualService. */
    namespace: string;

    /** The Gateways whose requests are routed. Requests inside the mesh are not (E7). */
    gateways: readonly [G, ...G[]];

    /**
     * Hosts of the requests; each must be one that a Gateway admits. One that another of them covers is left out: Istio
     * refuses `api.c4ang.com` beside `*` as a duplicate.
     * @default every host that the Gateways admit
     */
    hosts?: readonly string[];

    /** The first rule that matches decides; a request that none matches is answered with 404 (C2). */
    routes: readonly [HttpRouteArgs, ...HttpRouteArgs[]];
}

/**
 * `spec` of a VirtualService.
 *
 * @throws RangeError when no Gateway admits one of the hosts: its requests would never arrive.
 */
export function virtualServiceSpec(args: VirtualServiceArgs<GatewayReference>) {
    const { namespace, gateways, routes } = args;
    return {
        hosts: routedHosts(args),
        gateways: gateways.map((gateway) =>
            gateway.namespace === namespace ? gateway.gatewayName : `${gateway.namespace}/${gateway.gatewayName}`,
        ),
        http: routes.map(httpRouteSpec),
    };
}

/**
 * The hosts that routes are for, without those that another of them covers.
 *
 * @throws RangeError when no Gateway admits one of the hosts.
 */
export function routedHosts(args: Pick<VirtualServiceArgs<GatewayReference>, "gateways" | "hosts">): string[] {
    const { gateways } = args;
    const hosts = args.hosts ?? [...new Set(gateways.flatMap((gateway) => gateway.hosts))];
    for (const host of hosts)
        if (!gateways.some((gateway) => admits(gateway, host)))
            throw new RangeError(
                `no gateway admits the host "${host}": ${gateways.map((gateway) => `${gateway.gatewayName} admits ${gateway.hosts.join(", ")}`).join("; ")}`,
            );
    return withoutCovered(hosts);
}

function withoutCovered(hosts: readonly string[]): string[] {
    const unique = [...new Set(hosts)];
    return unique.filter((host) => !unique.some((other) => other !== host && covers(other, host)));
}

/**
 * A VirtualService.
 *
 * @example
 * new VirtualService("order-api", {
 *     namespace: "ecommerce",
 *     gateways: [gateway],
 *     routes: [{ prefix: "/api/v1/orders", to: orders, timeout: "30s" }],
 * });
 */
export class VirtualService extends k8s.apiextensions.CustomResource {
    constructor(name: string, args: VirtualServiceArgs, opts?: pulumi.CustomResourceOptions) {
        super(
            name,
            {
                apiVersion: NETWORKING_API,
                kind: "VirtualService",
                metadata: { name, namespace: args.namespace },
                spec: virtualServiceSpec(args),
            },
            opts,
        );
    }
}
