import { z } from "zod";

/** Grafana's dashboards (C17). */
export const dashboards = z.strictObject({
    label: z
        .string()
        .regex(/^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/, "the name of a label")
        .default("grafana_dashboard")
        .describe('Label of their ConfigMaps, with the value "1": how the sidecar of Grafana\'s chart finds them'),
    folder: z.string().min(1).default("Istio platform").describe("Folder that they are shown in"),
});
export type DashboardsConfig = z.infer<typeof dashboards>;
