/** A Kubernetes Service as traffic policy sees it: where requests go, known before anything is deployed. */
export interface ServiceReference {
    /** Name of the Service. */
    readonly name: string;
    /** Namespace of the Service. */
    readonly namespace: string;
    /** Port of the Service (not of the container). */
    readonly port: number;
}

/**
 * The Service's full DNS name. Istio resolves short names against the namespace of the *rule*, so only the full name
 * means the same in every namespace.
 */
export function serviceHost({ name, namespace }: ServiceReference): string {
    return `${name}.${namespace}.svc.cluster.local`;
}

/** Part of a Service's pods, as its DestinationRule names them. Made by {@link DestinationRule.subsets} only. */
export interface Subset {
    readonly service: ServiceReference;
    readonly name: string;
}

/** Where a route may lead: all pods of a Service, or one of its subsets. */
export type Destination = ServiceReference | Subset;

/** A share of a route's requests. Made by {@link split}, which checks that the shares add up to 100. */
export interface WeightedDestination {
    readonly destination: Destination;
    /** Share of the requests in percent. */
    readonly weight: number;
}

/** `destination` of a VirtualService's route. */
export function destinationSpec(destination: Destination) {
    const [service, subset] =
        "service" in destination ? [destination.service, destination.name] : [destination, undefined];
    return { host: serviceHost(service), ...(subset && { subset }), port: { number: service.port } };
}

/**
 * Splits a route's requests over subsets of one Service (E8).
 *
 * @param subsets The subsets of the Service's DestinationRule: a weight can only be given to one of them.
 * @param weights Subset name -> whole percentage; the others get nothing.
 * @throws RangeError when a weight is not a whole percentage, or together they are not 100.
 *
 * @example
 * split(helloRule.subsets, { v1: 90, v2: 10 })
 */
export function split<Name extends string>(
    subsets: Readonly<Record<Name, Subset>>,
    weights: Partial<Record<NoInfer<Name>, number>>,
): WeightedDestination[] {
    const shares = Object.entries(weights) as [Name, number][];
    const total = shares.reduce((sum, [, weight]) => sum + weight, 0);
    if (total !== 100) throw new RangeError(`the weights of a route add up to ${total}, they must add up to 100`);
    return shares.map(([name, weight]) => {
        const destination = subsets[name];
        if (!destination)
            throw new RangeError(`no subset "${name}"; the DestinationRule has: ${Object.keys(subsets).join(", ")}`);
        if (!Number.isInteger(weight) || weight < 0)
            throw new RangeError(`the weight of "${name}" is ${weight}, it must be a whole percentage`);
        return { destination, weight };
    });
}
