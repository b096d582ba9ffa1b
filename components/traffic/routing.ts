import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { Routing } from "../config/mesh";
import { DestinationRule, type DestinationRuleArgs } from "./destination-rule";
import { Gateway, type GatewayArgs } from "./gateway";
import { ApiGateway, HttpRoute, SubsetService, subsetService } from "./gateway-api";
import type { ServiceReference, Subset } from "./service";
import { VirtualService, type VirtualServiceArgs } from "./virtual-service";

/** The same traffic in the API that the stack chose (P12): Istio's own, or the Gateway API. */

/** Where requests from outside come in. */
export interface Entrance {
    /** API of Gateways and routes. */
    readonly routing: Routing;
    /** Labels of the proxies. */
    readonly selector: Readonly<Record<string, string>>;
    /** A Service that leads to them. */
    readonly service: ServiceReference;
}

/** A Gateway of either API; the routes bound to it are of the same. */
export type AnyGateway = Gateway | ApiGateway;

/** A Gateway at an entrance; one of the Gateway API is in the namespace of the entrance. */
export function createGateway(
    name: string,
    { entrance, ...args }: Omit<GatewayArgs, "selector"> & { entrance: Entrance },
    opts?: pulumi.CustomResourceOptions,
): AnyGateway {
    if (entrance.routing === "istio") return new Gateway(name, { ...args, selector: entrance.selector }, opts);
    if (args.tls) throw new RangeError("a Gateway of the Gateway API cannot say the oldest version of TLS");
    return new ApiGateway(name, { hosts: args.hosts, service: entrance.service }, opts);
}

/** Routes of requests that come in through a Gateway, of the Gateway's API. */
export function createRoutes(
    name: string,
    { gateway, ...args }: Omit<VirtualServiceArgs, "gateways"> & { gateway: AnyGateway },
    opts?: pulumi.CustomResourceOptions,
): k8s.apiextensions.CustomResource {
    return gateway.routing === "istio"
        ? new VirtualService(name, { ...args, gateways: [gateway] }, opts)
        : new HttpRoute(name, { ...args, gateways: [gateway] }, opts);
}

/** What routes to a Service may lead to, and all that was deployed for it. */
export interface Destinations<Name extends string> {
    readonly subsets: Readonly<Record<Name, Subset>>;
    readonly resources: readonly pulumi.CustomResource[];
}

/**
 * The clients' policy for a Service, and its subsets: a DestinationRule, and with the Gateway API, which knows no subsets, a
 * Service with a rule of its own for each. The first rule is the same with both, so that a running mesh can change from one
 * to the other: its former routes go on until the new ones are there.
 */
export function createDestinations<Name extends string = never>(
    routing: Routing,
    name: string,
    args: Omit<DestinationRuleArgs<Name>, "profiles">,
    opts?: pulumi.CustomResourceOptions,
): Destinations<Name> {
    const rule = new DestinationRule(name, args, opts);
    if (routing === "istio") return { subsets: rule.subsets, resources: [rule] };
    const { subsets = {}, ...policy } = args;
    const services = Object.entries<Readonly<Record<string, string>>>(subsets).flatMap(([subset, labels]) => {
        const one = rule.subsets[subset as Name];
        const service = subsetService(one);
        return [new SubsetService(one, labels, opts), new DestinationRule(service.name, { ...policy, service }, opts)];
    });
    return { subsets: rule.subsets, resources: [rule, ...services] };
}
