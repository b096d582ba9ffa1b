import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { NETWORKING_API } from "./api";

/** A data store outside of the mesh (P6). */
export interface StoreEntryArgs {
    /** Namespace of the ServiceEntry; every other namespace sees it too. */
    namespace: string;
    /** DNS name, known once the data store is there. */
    host: pulumi.Input<string>;
    port: number;
    /**
     * TLS: connections begin with TLS, and the proxies know by its server name where they go. TCP: they do not, and every
     * connection to the port goes there.
     */
    protocol: "TLS" | "TCP";
}

/** Makes a data store known to the mesh: without it REGISTRY_ONLY refuses the connection (T7). Applications encrypt it themselves. */
export class StoreEntry extends k8s.apiextensions.CustomResource {
    constructor(
        name: string,
        { namespace, host, port, protocol }: StoreEntryArgs,
        opts?: pulumi.CustomResourceOptions,
    ) {
        super(
            name,
            {
                apiVersion: NETWORKING_API,
                kind: "ServiceEntry",
                metadata: { name, namespace },
                spec: {
                    hosts: [host],
                    location: "MESH_EXTERNAL",
                    resolution: "DNS",
                    ports: [{ number: port, name: protocol.toLowerCase(), protocol }],
                },
            },
            opts,
        );
    }
}
