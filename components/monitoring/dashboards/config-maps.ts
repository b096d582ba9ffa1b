import { dashboards } from ".";
import type { DashboardsConfig } from "../../config/monitoring/dashboards";
import { toolLabels } from "../layout";

/** The dashboards, each in a ConfigMap of its own. Whoever installs Grafana elsewhere mounts or copies them. */
export function dashboardConfigMaps(namespace: string, { label, folder }: DashboardsConfig) {
    return dashboards().map((dashboard) => ({
        metadata: {
            name: `dashboard-${dashboard.uid}`,
            namespace,
            labels: { ...toolLabels("dashboards"), [label]: "1" },
            annotations: { grafana_folder: folder },
        },
        data: { [`${dashboard.uid}.json`]: `${JSON.stringify(dashboard, undefined, 1)}\n` },
    }));
}
