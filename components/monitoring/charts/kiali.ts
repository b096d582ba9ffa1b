import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { GRAFANA } from "../../config/monitoring/grafana";
import { KIALI, type KialiConfig } from "../../config/monitoring/kiali";

/** Kiali by its official chart. */
export interface KialiArgs {
    /** The stack's configuration under `istio-platform:monitoring.kiali`. */
    config: KialiConfig;
    /** URL of Prometheus inside of the cluster. */
    prometheus: string;
    /** URL of Jaeger's API inside of the cluster, and where people find it; undefined: not deployed. */
    jaeger?: { readonly url: string; readonly publicUrl?: string | undefined } | undefined;
    /** Grafana, and where people find it; undefined: not deployed. */
    grafana?:
        { readonly url: string; readonly publicUrl?: string | undefined; readonly adminSecret: string } | undefined;
    /** Namespace of the monitoring. */
    namespace: string;
    /** Namespace of Istio's control plane. */
    istioNamespace: string;
}

/** Dashboards that Kiali links to, by title, with the variables that it fills in. */
const LINKED = [
    { name: "Service overview", variables: { namespace: "var-namespace", service: "var-service" } },
    { name: "Istio metrics", variables: { namespace: "var-namespace", service: "var-service" } },
    { name: "Resource usage", variables: { namespace: "var-namespace" } },
];

/** Values of the chart. */
export function kialiValues(args: KialiArgs) {
    const { config, prometheus, jaeger, grafana, istioNamespace } = args;
    const { image, chart, auth, publicUrl, viewOnly, replicas, resources } = config;
    const url = publicUrl === undefined ? undefined : new URL(publicUrl);
    return {
        auth: { strategy: auth },
        deployment: {
            ...{
                instance_name: KIALI.name,
                image_name: image,
                image_version: `v${chart.version}`,
                replicas,
                resources,
            },
            image_pull_policy: "IfNotPresent",
            view_only_mode: viewOnly,
            network_policy: { enabled: true },
            ...(replicas > 1 && { pod_disruption_budget: { spec: { maxUnavailable: 1 } } }),
            // Outside the mesh, as the whole namespace is: Prometheus answers plain HTTP.
            pod_labels: { "sidecar.istio.io/inject": "false" },
            ingress: { enabled: false },
        },
        external_services: {
            istio: { root_namespace: istioNamespace },
            prometheus: { url: prometheus },
            tracing: jaeger
                ? {
                      ...{ enabled: true, provider: "jaeger", internal_url: jaeger.url, use_grpc: false },
                      ...(jaeger.publicUrl && { external_url: jaeger.publicUrl }),
                  }
                : { enabled: false },
            grafana: grafana
                ? {
                      ...{ enabled: true, internal_url: grafana.url, dashboards: LINKED },
                      ...(grafana.publicUrl && { external_url: grafana.publicUrl }),
                      // The chart mounts the Secret's keys for Kiali.
                      auth: {
                          ...{ type: "basic", username: `secret:${grafana.adminSecret}:admin-user` },
                          password: `secret:${grafana.adminSecret}:admin-password`,
                      },
                  }
                : { enabled: false },
        },
        server: {
            ...(url && { web_root: url.pathname, web_fqdn: url.hostname, web_schema: url.protocol.slice(0, -1) }),
            ...(url && { web_port: url.port || (url.protocol === "https:" ? "443" : "80") }),
        },
    };
}

/** Name of the Secret with Grafana's administrator. */
export const grafanaAdminSecret = (existing: string | undefined) => existing ?? GRAFANA.name;

/** Kiali (S2, E16): a Helm release. Its chart makes a new key of the sessions with every upgrade: people log in again. */
export class Kiali extends pulumi.ComponentResource {
    /** Everything that was deployed. */
    readonly resources: readonly pulumi.CustomResource[];

    constructor(name: string, args: KialiArgs, opts?: pulumi.ComponentResourceOptions) {
        super("istio-platform:monitoring:Kiali", name, {}, opts);
        const { repository, version } = args.config.chart;
        const release = new k8s.helm.v3.Release(
            name,
            {
                ...{ name: KIALI.name, namespace: args.namespace, chart: "kiali-server", version },
                repositoryOpts: { repo: repository },
                atomic: true,
                values: kialiValues(args),
            },
            { parent: this },
        );
        this.resources = [release];
        this.registerOutputs({});
    }
}
