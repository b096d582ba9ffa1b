import { z } from "zod";
import { access } from "./access";
import { alertmanager } from "./alertmanager";
import { clusterMetrics } from "./cluster-metrics";
import { dashboards } from "./dashboards";
import { grafana } from "./grafana";
import { kiali } from "./kiali";
import { logs } from "./logs";
import { prometheus } from "./prometheus";
import { receivers } from "./receivers";
import { rules } from "./rules";
import { tracing } from "./tracing";

/**
 * What watches the mesh: metrics, alerts, traces, logs, dashboards (S2). Its namespace is that of the e-Government layout,
 * `egov.namespaces.monitoring` (E1), whether or not that system is deployed.
 */
export const monitoring = z.strictObject({
    enabled: z.boolean().default(false).describe("Whether the monitoring is deployed"),
    prometheus: prometheus
        .prefault({})
        .describe("Prometheus: what is measured, how often, for how long it is kept (E11)"),
    alertmanager: alertmanager.prefault({}).describe("Alertmanager: groups alerts and sends them on (E13)"),
    rules: rules.prefault({}).describe("Recording rules and alerts (C15, C16, E12)"),
    receivers: receivers.prefault({}).describe("Who is told about alerts, and how (E13, C16)"),
    access: access
        .optional()
        .describe(
            "The tools behind one domain, for those with a token (S1). Default: they are reached inside of the cluster only",
        ),
    tracing: tracing.optional().describe("Traces of requests (P14, E16). Default: none"),
    logs: logs.prefault({}).describe("Logs of all pods (S2)"),
    dashboards: dashboards.prefault({}).describe("Grafana's dashboards (C17)"),
    grafana: grafana
        .optional()
        .describe(
            "Grafana by its official chart, on kind and EKS (S2). Default: none; the dashboards are there as ConfigMaps",
        ),
    kiali: kiali.optional().describe("Kiali by its official chart, on kind and EKS (S2, E16). Default: none"),
    clusterMetrics: clusterMetrics.prefault({}).describe("Metrics of Kubernetes' objects and of the nodes (C16, C17)"),
});
export type MonitoringConfig = z.infer<typeof monitoring>;

/** Images of all tools that are deployed, as the configuration names them. */
export function monitoringImages(config: MonitoringConfig): string[] {
    if (!config.enabled) return [];
    const { prometheus, alertmanager, clusterMetrics, tracing } = config;
    const { kubeStateMetrics, nodeExporter } = clusterMetrics;
    return [
        prometheus.image,
        alertmanager.image,
        ...(clusterMetrics.enabled ? [kubeStateMetrics.image, nodeExporter.image] : []),
        ...(tracing ? [tracing.image] : []),
    ];
}
