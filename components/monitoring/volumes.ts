import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { VolumeConfig } from "../config/monitoring/prometheus";
import { toolMetadata } from "./layout";

/** Where a tool keeps its data. */
export interface DataVolume {
    /** Name of the tool. */
    readonly tool: string;
    readonly namespace: string;
    /** The disk; without one the data are gone with the pod. */
    readonly config: VolumeConfig | undefined;
}

/** The claim to the disk of a tool; none where its data are gone with the pod. */
export function dataClaims({ tool, namespace, config }: DataVolume, opts: pulumi.CustomResourceOptions) {
    if (!config) return [];
    const { size, storageClass } = config;
    const spec = {
        accessModes: ["ReadWriteOnce"],
        resources: { requests: { storage: size } },
        ...(storageClass && { storageClassName: storageClass }),
    };
    // Some storage classes give no disk before a pod wants it: nobody waits for it here.
    const annotations = { "pulumi.com/skipAwait": "true" };
    const metadata = { ...toolMetadata(tool, namespace), annotations };
    return [new k8s.core.v1.PersistentVolumeClaim(tool, { metadata, spec }, opts)];
}

/** The volume `data` of a tool's pod. */
export function dataVolume({ tool, config }: Omit<DataVolume, "namespace">) {
    return config ? { name: "data", persistentVolumeClaim: { claimName: tool } } : { name: "data", emptyDir: {} };
}
