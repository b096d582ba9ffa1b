import type * as pulumi from "@pulumi/pulumi";
import { GRAFANA } from "../../config/monitoring/grafana";
import type { MonitoringConfig } from "../../config/monitoring/monitoring";
import { PROMETHEUS } from "../../config/monitoring/prometheus";
import { ISTIO_NAMESPACE } from "../../mesh";
import { Grafana, type GrafanaSources } from "./grafana";
import { grafanaAdminSecret, Kiali } from "./kiali";

export { Grafana, Kiali };

/** Grafana and Kiali, where they are wanted: Kiali after Grafana, whose Secret it reads. */
export function chartTools(
    { grafana, kiali, dashboards, prometheus }: MonitoringConfig,
    namespace: string,
    others: Omit<GrafanaSources, "prometheus">,
    opts: { readonly parent: pulumi.Resource; readonly dependsOn: readonly pulumi.Resource[] },
): (Grafana | Kiali)[] {
    const url = (name: string, port: number) => `http://${name}.${namespace}.svc.cluster.local:${port}`;
    const sources = { prometheus: url(PROMETHEUS.name, PROMETHEUS.port), ...others };
    const { scrapeInterval } = prometheus;
    const own = { parent: opts.parent, dependsOn: [...opts.dependsOn] };
    const shown = grafana
        ? [new Grafana(GRAFANA.name, { config: grafana, dashboards, sources, scrapeInterval, namespace }, own)]
        : [];
    if (!kiali) return shown;
    const args = {
        ...{ config: kiali, prometheus: sources.prometheus, namespace, istioNamespace: ISTIO_NAMESPACE },
        jaeger: sources.jaeger === undefined ? undefined : { url: sources.jaeger },
        grafana: grafana && {
            ...{ url: url(GRAFANA.name, GRAFANA.port), publicUrl: grafana.publicUrl },
            adminSecret: grafanaAdminSecret(grafana.adminSecret),
        },
    };
    return [...shown, new Kiali("kiali", args, { ...own, dependsOn: [...own.dependsOn, ...shown] })];
}
