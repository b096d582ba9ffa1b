import { z } from "zod";
import { resources } from "../resources";
import { dnsLabel, duration, nodePort, quantity } from "../units";

/** A time as Prometheus writes long ones. */
export const retentionTime = z
    .string()
    .regex(/^[1-9]\d*(h|d|w|y)$/, 'a whole number with a unit: "12h", "15d", "4w" or "1y"')
    .meta({ title: "Retention", examples: ["15d"] });

/** A disk for what a tool keeps. */
export const volume = z.strictObject({
    size: quantity.describe("Size of the disk"),
    storageClass: dnsLabel.optional().describe("Kubernetes' storage class. Default: the cluster's own default"),
});
export type VolumeConfig = z.infer<typeof volume>;

/** Prometheus of the e-Government layout (E11): Deployment and Service `prometheus`. */
export const prometheus = z.strictObject({
    image: z
        .string()
        .min(1)
        .default("docker.io/prom/prometheus:v3.13.5")
        .describe("Image of Prometheus; where its registry cannot be reached, one of this name is built"),
    nodePort: nodePort.default(30004).describe("Port on every node (E11)"),
    scrapeInterval: duration
        .default("15s")
        .describe("Time between two scrapes of a target; Istio's own sample has 15 s"),
    scrapeTimeout: duration.default("10s").describe("Time that a target has to answer; not longer than the interval"),
    evaluationInterval: duration.default("15s").describe("Time between two evaluations of a rule"),
    retention: retentionTime.default("15d").describe("For how long measurements are kept; Prometheus' own default"),
    retentionSize: quantity
        .optional()
        .describe("Room of the measurements above which the oldest are given up. Default: no limit"),
    volume: volume.optional().describe("Disk of the measurements. Default: none, they are gone with the pod"),
    resources: resources
        .default({ requests: { cpu: "100m", memory: "256Mi" }, limits: { memory: "1Gi" } })
        .describe("Of Prometheus' container"),
});
export type PrometheusConfig = z.infer<typeof prometheus>;

/** Ports and names of the e-Government layout (E11, E13). */
export const PROMETHEUS = { name: "prometheus", port: 9090 } as const;
export const ALERTMANAGER = { name: "alertmanager", port: 9093 } as const;
