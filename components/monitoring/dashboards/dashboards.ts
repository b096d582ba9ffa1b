import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { DashboardsConfig } from "../../config/monitoring/dashboards";
import { dashboardConfigMaps } from "./config-maps";

/** The dashboards in the cluster. */
export interface DashboardsArgs {
    /** The stack's configuration under `istio-platform:monitoring.dashboards`. */
    config: DashboardsConfig;
    /** Namespace of the monitoring. */
    namespace: string;
}

/**
 * The four dashboards (C17) as ConfigMaps: Grafana's sidecar loads them by their label. They are there without Grafana, too: the suite
 * asks Prometheus what each of their panels asks.
 */
export class Dashboards extends pulumi.ComponentResource {
    /** Everything that was deployed. */
    readonly resources: readonly pulumi.CustomResource[];

    constructor(name: string, { config, namespace }: DashboardsArgs, opts?: pulumi.ComponentResourceOptions) {
        super("istio-platform:monitoring:Dashboards", name, {}, opts);
        this.resources = dashboardConfigMaps(namespace, config).map(
            (map) => new k8s.core.v1.ConfigMap(map.metadata.name, map, { parent: this }),
        );
        this.registerOutputs({});
    }
}
