import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { NETWORKING_API } from "./api";
import { serviceHost, type ServiceReference } from "./service";

/** A host outside of the mesh that its proxies know (T7). */
export interface ServiceEntryArgs {
    /** Namespace of the ServiceEntry; every other namespace sees it too. */
    namespace: string;
    /** DNS name. */
    host: string;
    /** Port of plain HTTP. */
    port: number;
    /**
     * The Service to which requests for the host go.
     * @default the addresses that the DNS has for the host
     */
    leadsTo?: ServiceReference;
}

/** `spec` of a ServiceEntry. */
export function serviceEntrySpec({ host, port, leadsTo }: ServiceEntryArgs) {
    return {
        hosts: [host],
        location: "MESH_EXTERNAL",
        resolution: "DNS",
        ports: [{ number: port, name: "http", protocol: "HTTP" }],
        ...(leadsTo && { endpoints: [{ address: serviceHost(leadsTo), ports: { http: leadsTo.port } }] }),
    };
}

/** A ServiceEntry. */
export class ServiceEntry extends k8s.apiextensions.CustomResource {
    constructor(name: string, args: ServiceEntryArgs, opts?: pulumi.CustomResourceOptions) {
        super(
            name,
            {
                apiVersion: NETWORKING_API,
                kind: "ServiceEntry",
                metadata: { name, namespace: args.namespace },
                spec: serviceEntrySpec(args),
            },
            opts,
        );
    }
}
