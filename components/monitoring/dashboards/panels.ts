import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import {
    GraphGradientMode,
    LegendDisplayMode,
    LegendPlacement,
    ReduceDataOptionsBuilder,
    SortOrder,
    TooltipDisplayMode,
    VizLegendOptionsBuilder,
    VizTooltipOptionsBuilder,
} from "@grafana/grafana-foundation-sdk/common";
import { ThresholdsConfigBuilder, ThresholdsMode, type Panel } from "@grafana/grafana-foundation-sdk/dashboard";
import { DataqueryBuilder } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder as StatBuilder } from "@grafana/grafana-foundation-sdk/stat";
import { PanelBuilder as TimeSeriesBuilder } from "@grafana/grafana-foundation-sdk/timeseries";
import { dataSources } from "../../config/monitoring/data-sources";

/** A query of a panel, and what its series are called. */
export interface PanelQuery {
    /** PromQL; may use the dashboard's variables and `$__rate_interval`. */
    readonly expr: string;
    /** Name of a series: text with `{{label}}`. */
    readonly legend: string;
}

/** What a panel shows. Everything is said: a panel without unit or description leaves its reader to guess. */
export interface PanelSpec {
    readonly title: string;
    /** What is measured, and what a wrong value means: shown at the panel's corner. */
    readonly description: string;
    /** Unit as Grafana names it: `@grafana/grafana-foundation-sdk/units`. */
    readonly unit: string;
    readonly queries: readonly PanelQuery[];
    /** Values from which on the panel turns yellow and red. Default: none. */
    readonly thresholds?: { readonly warning: number; readonly critical: number; readonly bad: "above" | "below" };
    /** Lower end of the axis. Default: 0, so that small changes do not look like large ones. */
    readonly min?: number;
    /** Upper end of the axis. Default: that of the values. */
    readonly max?: number;
    /** Width in Grafana's grid of 24 columns. Default: 12 for a graph, 6 for a number. */
    readonly width?: number;
}

/** Heights in rows of Grafana's grid. */
const HEIGHT = { graph: 8, number: 5 } as const;

const prometheus = { type: "prometheus", uid: dataSources.prometheus.uid };

/** Values over time. */
export function graph(spec: PanelSpec): Builder<Panel> {
    const panel = new TimeSeriesBuilder()
        .lineWidth(1)
        .fillOpacity(8)
        .gradientMode(GraphGradientMode.Opacity)
        .legend(
            new VizLegendOptionsBuilder()
                .displayMode(LegendDisplayMode.Table)
                .placement(LegendPlacement.Bottom)
                .showLegend(true)
                .calcs(["lastNotNull", "max"]),
        )
        .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending))
        .span(spec.width ?? 12)
        .height(HEIGHT.graph);
    return describe(panel, spec);
}

/** The last value, large. */
export function number(spec: PanelSpec): Builder<Panel> {
    const panel = new StatBuilder()
        .reduceOptions(new ReduceDataOptionsBuilder().calcs(["lastNotNull"]).values(false))
        .span(spec.width ?? 6)
        .height(HEIGHT.number);
    return describe(panel, spec);
}

function describe<B extends TimeSeriesBuilder | StatBuilder>(panel: B, spec: PanelSpec): B {
    panel
        .title(spec.title)
        .description(spec.description)
        .unit(spec.unit)
        .datasource(prometheus)
        .min(spec.min ?? 0)
        .noValue("no data")
        .thresholds(thresholds(spec))
        .targets(
            spec.queries.map(({ expr, legend }, index) =>
                new DataqueryBuilder()
                    .datasource(prometheus)
                    .expr(expr)
                    .legendFormat(legend)
                    .range()
                    .refId(String.fromCharCode("A".charCodeAt(0) + index)),
            ),
        );
    if (spec.max !== undefined) panel.max(spec.max);
    return panel;
}

/** Grafana colours from the lowest step up: `null` is the beginning of the scale. */
function thresholds({ thresholds: limits }: PanelSpec): ThresholdsConfigBuilder {
    const builder = new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute);
    if (!limits) return builder.steps([{ value: null, color: "green" }]);
    const { warning, critical, bad } = limits;
    return builder.steps(
        bad === "above"
            ? [
                  { value: null, color: "green" },
                  { value: warning, color: "yellow" },
                  { value: critical, color: "red" },
              ]
            : [
                  { value: null, color: "red" },
                  { value: critical, color: "yellow" },
                  { value: warning, color: "green" },
              ],
    );
}
