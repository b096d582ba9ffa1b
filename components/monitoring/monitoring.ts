import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { createNamespace } from "../apps/namespace";
import type { MonitoringConfig } from "../config/monitoring/monitoring";
import { Alertmanager } from "./alertmanager";
import { alertmanagerSettings } from "./alertmanager-settings";
import { clusterScrapeJobs, KubeStateMetrics, NodeExporter } from "./cluster-metrics";
import { Dashboards } from "./dashboards/dashboards";
import { Prometheus } from "./prometheus";
import { ruleFiles } from "./rule-files";

/** What watches the mesh. */
export interface MonitoringArgs {
    /** The stack's configuration under `istio-platform:monitoring`. */
    config: MonitoringConfig;
    /** Name of the namespace (E1). */
    namespaceName: string;
    /**
     * The namespace, where another part of the platform has made it.
     * @default one is made
     */
    namespace?: k8s.core.v1.Namespace;
    /** What must be there before Istio's objects: the control plane. */
    mesh: readonly pulumi.Resource[];
}

/** The monitoring (S2), one component a tool. Its namespace is outside the mesh: it scrapes pods directly (E1). */
export class Monitoring extends pulumi.ComponentResource {
    /** Everything that was deployed. */
    readonly resources: readonly pulumi.CustomResource[];

    constructor(name: string, args: MonitoringArgs, opts?: pulumi.ComponentResourceOptions) {
        super("istio-platform:monitoring:Monitoring", name, {}, opts);
        const { config, namespaceName } = args;
        const namespace = args.namespace ?? createNamespace(namespaceName, { sidecars: false }, { parent: this });
        // Of a component every part waits for the namespace.
        const inNamespace = { parent: this, dependsOn: [namespace] };
        const alertmanager = new Alertmanager(
            "alertmanager",
            {
                config: config.alertmanager,
                settings: alertmanagerSettings(config.receivers),
                namespace: namespaceName,
            },
            inNamespace,
        );
        const prometheus = new Prometheus(
            "prometheus",
            {
                config: config.prometheus,
                rules: ruleFiles(config.rules),
                namespace: namespaceName,
                furtherJobs: clusterScrapeJobs(config.clusterMetrics, namespaceName),
            },
            inNamespace,
        );
        const { kubeStateMetrics, nodeExporter } = config.clusterMetrics;
        const clusterMetrics = config.clusterMetrics.enabled
            ? [
                  new KubeStateMetrics(
                      "kube-state-metrics",
                      { config: kubeStateMetrics, namespace: namespaceName },
                      inNamespace,
                  ),
                  new NodeExporter("node-exporter", { config: nodeExporter, namespace: namespaceName }, inNamespace),
              ]
            : [];
        const dashboards = new Dashboards(
            "dashboards",
            { config: config.dashboards, namespace: namespaceName },
            inNamespace,
        );
        this.resources = [
            ...(args.namespace ? [] : [namespace]),
            ...[alertmanager, prometheus, ...clusterMetrics, dashboards].flatMap(({ resources }) => resources),
        ];
        this.registerOutputs({});
    }
}
