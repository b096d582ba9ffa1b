import type { Dashboard } from "@grafana/grafana-foundation-sdk/dashboard";
import { businessMetrics } from "./business";
import { build, type DashboardSpec } from "./dashboard";
import { istioMetrics } from "./istio";
import { resourceUsage } from "./resource-usage";
import { serviceOverview } from "./service-overview";

/** The four dashboards of the documents (C17), in their order. */
export const dashboardSpecs: readonly DashboardSpec[] = [serviceOverview, resourceUsage, istioMetrics, businessMetrics];

/** All dashboards, as Grafana reads them. */
export function dashboards(): readonly Dashboard[] {
    return dashboardSpecs.map(build);
}
