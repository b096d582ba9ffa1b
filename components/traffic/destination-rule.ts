import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { LocalityPolicy } from "../config/locality";
import type { ConnectionPool, LoadBalancer, OutlierDetection } from "../config/traffic";
import { NETWORKING_API } from "./api";
import { serviceHost, type ServiceReference, type Subset } from "./service";

/** How clients behave: load balancing, connection limits, circuit breaking. */
export interface TrafficPolicy {
    /**
     * Load-balancing algorithm (E4).
     * @default Istio's default, LEAST_REQUEST
     */
    loadBalancer?: LoadBalancer;

    /**
     * Which zones requests go to (T9): `failover` prefers the client's own zone and leaves it only when pods there are
     * ejected, so it wants outlier detection; or a share for each zone. Istio turns failover on by itself as soon as there
     * is outlier detection, which keeps a gateway in one zone from ever reaching the pods of the others.
     * @default requests spread over all pods of all zones
     */
    locality?: LocalityPolicy;

    /**
     * Limits of connections and requests under way (C4).
     * @default Istio's: practically unlimited
     */
    connectionPool?: ConnectionPool;

    /**
     * When a failing pod leaves the load-balancing pool (E5, E6, C4).
     * @default never
     */
    outlierDetection?: OutlierDetection;
}

/** How clients of a Service behave, and which subsets its pods fall into. */
export interface DestinationRuleArgs<Name extends string = never> extends TrafficPolicy {
    /** The Service whose clients obey the rule; the rule takes its name and namespace. */
    service: ServiceReference;

    /**
     * Subset name -> labels that its pods carry.
     * @default no subsets
     */
    subsets?: Readonly<Record<Name, Readonly<Record<string, string>>>>;

    /**
     * Subset name -> how its clients behave otherwise than the rest. Each proxy counts connections and ejects for every
     * subset by itself, also where two subsets have the same pods (T8, T9, T12, T13).
     * @default as the rest
     */
    profiles?: Readonly<Partial<Record<Name, TrafficPolicy>>>;
}

/** `spec` of the DestinationRule. */
export function destinationRuleSpec<Name extends string>(args: DestinationRuleArgs<Name>) {
    const { service, subsets, profiles = {} } = args;
    const policyOf = profiles as Readonly<Record<string, TrafficPolicy | undefined>>;
    return {
        host: serviceHost(service),
        trafficPolicy: trafficPolicySpec(args),
        ...(subsets && {
            subsets: Object.entries<Readonly<Record<string, string>>>(subsets).map(([name, labels]) => ({
                name,
                labels: { ...labels },
                ...(policyOf[name] && { trafficPolicy: trafficPolicySpec(policyOf[name]) }),
            })),
        }),
    };
}

function trafficPolicySpec(policy: TrafficPolicy) {
    const { loadBalancer, connectionPool, outlierDetection } = policy;
    return {
        loadBalancer: {
            ...(loadBalancer && { simple: loadBalancer }),
            localityLbSetting: localitySpec(policy),
        },
        ...(connectionPool && { connectionPool: connectionPoolSpec(connectionPool) }),
        ...(outlierDetection && { outlierDetection: { ...outlierDetection } }),
    };
}

/** @throws RangeError when shares are not 100 together, or nothing could ever fail over. */
function localitySpec({ locality, outlierDetection }: TrafficPolicy) {
    if (locality === undefined) return { enabled: false };
    if (locality === "failover") {
        if (!outlierDetection)
            throw new RangeError("failover wants outlierDetection: nothing else takes a failing pod away");
        return { enabled: true };
    }
    const distribute = Object.entries(locality.distribute).map(([from, to]) => {
        const total = Object.values(to).reduce((sum, share) => sum + share, 0);
        if (total !== 100) throw new RangeError(`the shares of ${from} add up to ${total}, they must add up to 100`);
        return { from, to: { ...to } };
    });
    return { enabled: true, distribute };
}

function connectionPoolSpec({ maxConnections, ...http }: ConnectionPool) {
    return { tcp: { maxConnections }, http };
}

/**
 * A DestinationRule.
 *
 * @example
 * const rule = new DestinationRule("egov-hello", {
 *     service: hello,
 *     loadBalancer: "ROUND_ROBIN",
 *     outlierDetection: outlierProfiles.test,
 *     subsets: { v1: { variant: "normal" }, v2: { variant: "error" } },
 * });
 * const destination = rule.subsets.v1; // typed: rule.subsets.v3 does not compile
 */
export class DestinationRule<Name extends string = never> extends k8s.apiextensions.CustomResource {
    /** The rule's subsets: the only values that a route accepts as part of a Service. */
    readonly subsets: Readonly<Record<Name, Subset>>;

    constructor(name: string, args: DestinationRuleArgs<Name>, opts?: pulumi.CustomResourceOptions) {
        super(
            name,
            {
                apiVersion: NETWORKING_API,
                kind: "DestinationRule",
                metadata: { name: args.service.name, namespace: args.service.namespace },
                spec: destinationRuleSpec(args),
            },
            opts,
        );
        const subsets = Object.keys(args.subsets ?? {}).map((subset) => [
            subset,
            { service: args.service, name: subset },
        ]);
        this.subsets = Object.fromEntries(subsets) as Record<Name, Subset>;
    }
}
