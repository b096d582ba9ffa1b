import { dashboards } from ".";

/** How Grafana's sidecar finds the dashboards, as its chart's values say. */
export interface DashboardProvisioning {
    /** Label of the ConfigMaps, with the value "1". */
    readonly label: string;
    /** Folder in Grafana. */
    readonly folder: string;
}

/** The chart's own label, and the platform's folder. */
export const defaultProvisioning: DashboardProvisioning = { label: "grafana_dashboard", folder: "Istio platform" };

/** The dashboards, each in a ConfigMap of its own. Whoever installs Grafana elsewhere mounts or copies them. */
export function dashboardConfigMaps(namespace: string, { label, folder } = defaultProvisioning) {
    return dashboards().map((dashboard) => ({
        metadata: {
            name: `dashboard-${dashboard.uid}`,
            namespace,
            labels: { app: "dashboards", [label]: "1" },
            annotations: { grafana_folder: folder },
        },
        data: { [`${dashboard.uid}.json`]: `${JSON.stringify(dashboard, undefined, 1)}\n` },
    }));
}
