import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { dataSources } from "../../config/monitoring/data-sources";
import type { DashboardsConfig } from "../../config/monitoring/dashboards";
import { GRAFANA, type GrafanaConfig } from "../../config/monitoring/grafana";

/** Where the tools are that Grafana asks: URLs inside of the cluster; undefined: not deployed. */
export interface GrafanaSources {
    readonly prometheus: string;
    readonly loki?: string | undefined;
    readonly jaeger?: string | undefined;
}

/** Grafana by its official chart. */
export interface GrafanaArgs {
    /** The stack's configuration under `istio-platform:monitoring.grafana`. */
    config: GrafanaConfig;
    /** How its sidecar finds the dashboards. */
    dashboards: DashboardsConfig;
    /** What it asks. */
    sources: GrafanaSources;
    /** Time between two scrapes: no rate over less than four of them means anything. */
    scrapeInterval: string;
    /** Namespace of the monitoring. */
    namespace: string;
}

/** Data sources under the uids that dashboards and links refer to, each with its links to the others. */
export function grafanaDataSources({ sources, scrapeInterval }: Pick<GrafanaArgs, "sources" | "scrapeInterval">) {
    const { prometheus, loki, jaeger } = dataSources;
    const source = (of: { uid: string; name: string; type: string }, url: string, jsonData: object = {}) => ({
        ...{ name: of.name, type: of.type, uid: of.uid, access: "proxy", url, editable: false, jsonData },
    });
    return [
        {
            ...source(prometheus, sources.prometheus, { httpMethod: "POST", timeInterval: scrapeInterval }),
            isDefault: true,
        },
        ...(sources.loki
            ? [
                  source(loki, sources.loki, {
                      // The proxies' access log says of every request which trace it belongs to.
                      ...(sources.jaeger && {
                          derivedFields: [
                              {
                                  ...{ name: "trace", datasourceUid: jaeger.uid, url: "$${__value.raw}" },
                                  matcherRegex: '"(?:traceparent":"00-|trace_id":")([0-9a-f]{32})',
                                  urlDisplayLabel: "Trace",
                              },
                          ],
                      }),
                  }),
              ]
            : []),
        ...(sources.jaeger
            ? [
                  source(jaeger, sources.jaeger, {
                      ...(sources.loki && {
                          tracesToLogsV2: {
                              ...{ datasourceUid: loki.uid, filterByTraceID: true },
                              ...{ spanStartTimeShift: "-1m", spanEndTimeShift: "1m" },
                          },
                      }),
                  }),
              ]
            : []),
    ];
}

/** Values of the chart. */
export function grafanaValues(args: GrafanaArgs) {
    const { config, dashboards } = args;
    const { publicUrl, imageRegistry, replicas, adminSecret, volume, resources } = config;
    return {
        fullnameOverride: GRAFANA.name,
        ...(imageRegistry && { global: { imageRegistry } }),
        replicas,
        // A disk belongs to one pod at a time: the old one lets go of it first.
        deploymentStrategy: { type: volume ? "Recreate" : "RollingUpdate" },
        ...(replicas > 1 && { podDisruptionBudget: { maxUnavailable: 1 } }),
        ...(adminSecret && { admin: { existingSecret: adminSecret } }),
        persistence: volume
            ? {
                  ...{ enabled: true, size: volume.size },
                  ...(volume.storageClass && { storageClassName: volume.storageClass }),
              }
            : { enabled: false },
        // fsGroup makes the disk writable; the chart's own way is a container with root's rights.
        initChownData: { enabled: false },
        resources,
        service: { port: GRAFANA.port },
        // Its sidecar reads the ConfigMaps of its own namespace, and no Secret anywhere.
        rbac: { namespaced: true, pspEnabled: false },
        sidecar: {
            resources: { requests: { cpu: "10m", memory: "96Mi" }, limits: { memory: "192Mi" } },
            dashboards: {
                ...{ enabled: true, resource: "configmap" },
                ...{ label: dashboards.label, labelValue: "1", folderAnnotation: "grafana_folder" },
                provider: { foldersFromFilesStructure: true },
            },
        },
        datasources: { "datasources.yaml": { apiVersion: 1, prune: true, datasources: grafanaDataSources(args) } },
        "grafana.ini": {
            ...(publicUrl && { server: { root_url: publicUrl, serve_from_sub_path: true } }),
            analytics: { reporting_enabled: false, check_for_updates: false, check_for_plugin_updates: false },
            "auth.anonymous": { enabled: false },
            users: { allow_sign_up: false },
            security: {
                ...{ disable_gravatar: true, strict_transport_security: false },
                // A cookie for HTTPS alone would keep people out who come by HTTP.
                cookie_secure: publicUrl?.startsWith("https:") ?? false,
            },
        },
        testFramework: { enabled: false },
    };
}

/** Grafana (S2): a Helm release, since its chart makes the administrator's password once and looks it up from then on. */
export class Grafana extends pulumi.ComponentResource {
    /** Everything that was deployed. */
    readonly resources: readonly pulumi.CustomResource[];

    constructor(name: string, args: GrafanaArgs, opts?: pulumi.ComponentResourceOptions) {
        super("istio-platform:monitoring:Grafana", name, {}, opts);
        const { repository, version } = args.config.chart;
        const release = new k8s.helm.v3.Release(
            name,
            {
                ...{ name: GRAFANA.name, namespace: args.namespace, chart: "grafana", version },
                repositoryOpts: { repo: repository },
                atomic: true,
                values: grafanaValues(args),
            },
            { parent: this },
        );
        this.resources = [release];
        this.registerOutputs({});
    }
}
