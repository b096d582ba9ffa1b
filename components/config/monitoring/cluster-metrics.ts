import { z } from "zod";

/** Metrics of Kubernetes' objects and of the nodes (C16, C17). */
export const clusterMetrics = z.strictObject({});
export type ClusterMetricsConfig = z.infer<typeof clusterMetrics>;
