import { z } from "zod";

/** Grafana's dashboards (C17). */
export const dashboards = z.strictObject({});
export type DashboardsConfig = z.infer<typeof dashboards>;
