import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import {
    DashboardBuilder,
    DashboardCursorSync,
    DashboardLinkBuilder,
    DashboardLinkType,
    QueryVariableBuilder,
    RowBuilder,
    VariableRefresh,
    VariableSort,
    type Dashboard,
    type Panel,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { dataSources } from "../../config/monitoring/data-sources";

/** A value that the reader of a dashboard chooses. */
export interface VariableSpec {
    /** Name in queries, without `$`. */
    readonly name: string;
    readonly label: string;
    /** Label whose values are offered, and a metric, with a selector, that has it. */
    readonly offers: readonly [metric: string, label: string];
}

/** A dashboard before it is Grafana's. */
export interface DashboardSpec {
    /** Part of its address: stays as it is when the title changes. */
    readonly uid: string;
    readonly title: string;
    readonly description: string;
    readonly variables: readonly VariableSpec[];
    /** Titles of the rows with their panels. */
    readonly rows: readonly (readonly [title: string, panels: readonly Builder<Panel>[]])[];
}

/** Tag of all dashboards: each links to the others by it. */
export const TAG = "istio-platform";

/** The dashboard as Grafana reads it. */
export function build(spec: DashboardSpec): Dashboard {
    const builder = new DashboardBuilder(spec.title)
        .uid(spec.uid)
        .description(spec.description)
        .tags([TAG])
        .timezone("browser")
        .time({ from: "now-1h", to: "now" })
        .refresh("30s")
        .tooltip(DashboardCursorSync.Crosshair)
        .link(
            new DashboardLinkBuilder("Dashboards")
                .type(DashboardLinkType.Dashboards)
                .tags([TAG])
                .asDropdown(true)
                .includeVars(true)
                .keepTime(true),
        )
        .variables(spec.variables.map(variable));
    for (const [title, panels] of spec.rows) {
        builder.withRow(new RowBuilder(title));
        for (const panel of panels) builder.withPanel(panel);
    }
    return numbered(builder.build());
}

/** Panels are told apart by a number; without one Grafana gives each a new one, and links to a panel break. */
function numbered(dashboard: Dashboard): Dashboard {
    return { ...dashboard, panels: dashboard.panels!.map((panel, index) => ({ ...panel, id: index + 1 })) };
}

/** All values of a label, of which all are chosen at first. */
function variable({ name, label, offers: [metric, key] }: VariableSpec): QueryVariableBuilder {
    return new QueryVariableBuilder(name)
        .label(label)
        .datasource({ type: "prometheus", uid: dataSources.prometheus.uid })
        .query(`label_values(${metric}, ${key})`)
        .refresh(VariableRefresh.OnTimeRangeChanged)
        .sort(VariableSort.AlphabeticalAsc)
        .multi(true)
        .includeAll(true)
        .allValue(".+")
        .current({ selected: true, text: ["All"], value: ["$__all"] });
}

/** The variables of dashboards about services. */
export const serviceVariables: readonly VariableSpec[] = [
    { name: "namespace", label: "Namespace", offers: ["istio_requests_total", "destination_service_namespace"] },
    {
        name: "service",
        label: "Service",
        offers: ['istio_requests_total{destination_service_namespace=~"$namespace"}', "destination_service_name"],
    },
];

/** The variables of dashboards about pods. */
export const podVariables: readonly VariableSpec[] = [
    { name: "namespace", label: "Namespace", offers: ["kube_pod_info", "namespace"] },
    { name: "pod", label: "Pod", offers: ['kube_pod_info{namespace=~"$namespace"}', "pod"] },
];
