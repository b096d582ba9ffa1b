import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { NETWORKING_API } from "./api";
import { serviceHost, type ServiceReference } from "./service";

/** A host as a Sidecar finds it: in the namespace of the Service or ServiceEntry that declares it. */
export interface KnownHost {
    /** Namespace of the declaring object. */
    readonly namespace: string;
    /** DNS name. */
    readonly host: string;
}

/** What the sidecars of a namespace know. */
export interface SidecarScopeArgs {
    /** Namespace of the sidecars: all of them. */
    namespace: string;
    /** Services of the mesh that the pods call. */
    services: readonly ServiceReference[];
    /**
     * Further hosts that the pods call.
     * @default none
     */
    others?: readonly KnownHost[];
}

/**
 * `spec` of a Sidecar.
 *
 * @throws RangeError when nothing is named: Istio would take that for everything.
 */
export function sidecarScopeSpec({ namespace, services, others = [] }: SidecarScopeArgs) {
    const known = [...services.map((one) => ({ namespace: one.namespace, host: serviceHost(one) })), ...others];
    if (known.length === 0) throw new RangeError(`the sidecars of ${namespace} would know everything: name a service`);
    const hosts = known.map((one) => `${one.namespace === namespace ? "." : one.namespace}/${one.host}`);
    return { egress: [{ hosts }] };
}

/**
 * A Sidecar: narrows what the sidecars of a namespace know, and with it what they can reach where only known hosts are
 * reached, to what the pods call.
 */
export class SidecarScope extends k8s.apiextensions.CustomResource {
    constructor(name: string, args: SidecarScopeArgs, opts?: pulumi.CustomResourceOptions) {
        super(
            name,
            {
                apiVersion: NETWORKING_API,
                kind: "Sidecar",
                metadata: { name, namespace: args.namespace },
                spec: sidecarScopeSpec(args),
            },
            opts,
        );
    }
}
