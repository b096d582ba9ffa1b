import { z } from "zod";
import { resources } from "../resources";

/** Metrics of Kubernetes' objects and of the nodes (C16, C17). */
export const clusterMetrics = z.strictObject({
    enabled: z
        .boolean()
        .default(true)
        .describe(
            "Whether Kubernetes' objects and the nodes are measured; without it the alert PodDown (C16) and half of the resource dashboard (C17) have nothing to look at",
        ),
    kubeStateMetrics: z
        .strictObject({
            image: z
                .string()
                .min(1)
                .default("registry.k8s.io/kube-state-metrics/kube-state-metrics:v2.18.0")
                .describe("Image; where its registry cannot be reached, one of this name is built"),
            resources: resources
                .default({ requests: { cpu: "10m", memory: "48Mi" }, limits: { memory: "192Mi" } })
                .describe("Of its container"),
        })
        .prefault({})
        .describe("kube-state-metrics: what Kubernetes' API says of its objects"),
    nodeExporter: z
        .strictObject({
            image: z
                .string()
                .min(1)
                .default("quay.io/prometheus/node-exporter:v1.12.1")
                .describe("Image; where its registry cannot be reached, one of this name is built"),
            resources: resources
                .default({ requests: { cpu: "10m", memory: "24Mi" }, limits: { memory: "64Mi" } })
                .describe("Of its container on every node"),
        })
        .prefault({})
        .describe("Node exporter: processors, memory, load and disks of every node, as its kernel counts them"),
});
export type ClusterMetricsConfig = z.infer<typeof clusterMetrics>;

/** Names and ports of what measures the cluster. */
export const KUBE_STATE_METRICS = { name: "kube-state-metrics", port: 8080, telemetryPort: 8081 } as const;
export const NODE_EXPORTER = { name: "node-exporter", port: 9100 } as const;
