import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { createNamespace } from "../apps/namespace";
import { publicUrls } from "../config/monitoring/access";
import { recordsMessages, type AlertingSecret } from "../config/monitoring/secrets";
import type { PlatformConfig } from "../config/platform";
import { jaegerUrl } from "../config/monitoring/tracing";
import { Alertmanager } from "./alertmanager";
import { alertmanagerSettings } from "./alertmanager-settings";
import { chartTools } from "./charts";
import { clusterScrapeJobs, KubeStateMetrics, NodeExporter } from "./cluster-metrics";
import { Dashboards } from "./dashboards/dashboards";
import { Jaeger } from "./jaeger";
import { MessageRecorder, recorderAddresses } from "./message-recorder";
import { MeshMetrics } from "./mesh-metrics";
import { Prometheus } from "./prometheus";
import { ruleFiles } from "./rule-files";
import { scrapeJobs } from "./scrape-jobs";

/** What watches the mesh. */
export interface MonitoringArgs {
    /** The stack's configuration: `istio-platform:monitoring`, and the systems that the rules watch. */
    config: PlatformConfig;
    /** Image of the sample app, of which the recorder of messages is a mode. */
    sampleApp: string;
    /** Name of the namespace (E1). */
    namespaceName: string;
    /**
     * The namespace, where another part of the platform has made it.
     * @default one is made
     */
    namespace?: k8s.core.v1.Namespace;
    /** Whose Envoy the proxies are: vanilla ones are told to count requests as Istio's own do. */
    proxies: "istio" | "vanilla-envoy";
    /** What must be there before Istio's objects: the control plane. */
    mesh: readonly pulumi.Resource[];
}

/** The monitoring (S2), one component a tool. Its namespace is outside the mesh: it scrapes pods directly (E1). */
export class Monitoring extends pulumi.ComponentResource {
    /** Everything that was deployed. */
    readonly resources: readonly pulumi.CustomResource[];
    /** Name of the namespace. */
    readonly namespace: string;

    constructor(name: string, args: MonitoringArgs, opts?: pulumi.ComponentResourceOptions) {
        super("istio-platform:monitoring:Monitoring", name, {}, opts);
        const { namespaceName, sampleApp, proxies, mesh } = args;
        const { monitoring: config } = args.config;
        const urls = publicUrls(args.config);
        const namespace = args.namespace ?? createNamespace(namespaceName, { sidecars: false }, { parent: this });
        // Of a component every part waits for the namespace.
        const inNamespace = { parent: this, dependsOn: [namespace] };
        const recorder = recordsMessages(args.config)
            ? new MessageRecorder("message-recorder", { image: sampleApp, namespace: namespaceName }, inNamespace)
            : undefined;
        const alertmanager = new Alertmanager(
            "alertmanager",
            {
                config: config.alertmanager,
                settings: alertmanagerSettings(
                    config.receivers,
                    Object.keys(args.config.alertingSecrets ?? {}) as AlertingSecret[],
                    recorder && recorderAddresses(namespaceName),
                ),
                namespace: namespaceName,
                externalUrl: urls["alertmanager"],
            },
            inNamespace,
        );
        const prometheus = new Prometheus(
            "prometheus",
            {
                config: config.prometheus,
                rules: ruleFiles(args.config),
                namespace: namespaceName,
                jobs: [
                    ...scrapeJobs({ namespace: namespaceName, proxies }),
                    ...clusterScrapeJobs(config.clusterMetrics, namespaceName),
                ],
                externalUrl: urls["prometheus"],
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
        const jaeger = config.tracing && [
            new Jaeger("jaeger", { config: config.tracing, namespace: namespaceName }, inNamespace),
        ];
        this.namespace = namespaceName;
        const meshMetrics =
            proxies === "vanilla-envoy"
                ? [new MeshMetrics("standard-metrics", { parent: this, dependsOn: [...mesh] })]
                : [];
        const published = {
            ...config,
            grafana: config.grafana && { publicUrl: urls["grafana"], ...config.grafana },
            kiali: config.kiali && { publicUrl: urls["kiali"], ...config.kiali },
        };
        const sources = config.tracing ? { jaeger: jaegerUrl(namespaceName) } : {};
        const charts = chartTools(published, namespaceName, sources, inNamespace);
        this.resources = [
            ...(args.namespace ? [] : [namespace]),
            ...meshMetrics,
            ...[
                alertmanager,
                prometheus,
                ...clusterMetrics,
                dashboards,
                ...charts,
                ...(recorder ? [recorder] : []),
                ...(jaeger ?? []),
            ].flatMap(({ resources }) => resources),
        ];
        this.registerOutputs({});
    }
}
