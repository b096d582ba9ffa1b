import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { NETWORKING_API } from "./api";
import { httpRouteSpec, type HttpRouteArgs } from "./http-route";
import { serviceHost, type Destination, type ServiceReference } from "./service";

/** Routes of requests from inside the mesh to one Service, deep in the call graph (T3). */
export interface MeshVirtualServiceArgs {
    /**
     * The Service that callers ask for. Name, namespace and host are its own: a second VirtualService for the same
     * Service would be ignored, and one for another host would never be used.
     */
    service: ServiceReference;

    /** The first rule that matches decides; a request that none matches is answered with 404 by the caller's sidecar. */
    routes: readonly [HttpRouteArgs, ...HttpRouteArgs[]];
}

/**
 * `spec` of the VirtualService.
 *
 * @throws RangeError when a route leads to another Service: callers would get answers of somebody they did not ask.
 */
export function meshVirtualServiceSpec({ service, routes }: MeshVirtualServiceArgs) {
    const own = serviceHost(service);
    for (const destination of routes.flatMap(destinations)) {
        const host = serviceHost("service" in destination ? destination.service : destination);
        if (host !== own) throw new RangeError(`a route of ${own} inside the mesh leads to ${host}`);
    }
    return { hosts: [own], gateways: ["mesh"], http: routes.map(httpRouteSpec) };
}

function destinations({ to, mirror }: HttpRouteArgs): Destination[] {
    const targets = Array.isArray(to) ? to.map(({ destination }) => destination as Destination) : [to as Destination];
    return [...targets, ...(mirror ? [mirror.to] : [])];
}

/**
 * A VirtualService of the sidecars.
 *
 * @example
 * new MeshVirtualService("catalog", {
 *     service: catalog,
 *     routes: [{ prefix: "/", to: split(rule.subsets, { v1: 90, v2: 10 }) }],
 * });
 */
export class MeshVirtualService extends k8s.apiextensions.CustomResource {
    constructor(name: string, args: MeshVirtualServiceArgs, opts?: pulumi.CustomResourceOptions) {
        super(
            name,
            {
                apiVersion: NETWORKING_API,
                kind: "VirtualService",
                metadata: { name: args.service.name, namespace: args.service.namespace },
                spec: meshVirtualServiceSpec(args),
            },
            opts,
        );
    }
}
