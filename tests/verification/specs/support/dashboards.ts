import type { KubernetesObject } from "../../target/target";

/** The dashboards as they lie in the cluster: read from their ConfigMaps, as Grafana's sidecar does. */

/** A query of a panel. */
export interface DashboardQuery {
    readonly panel: string;
    /** PromQL with the dashboard's variables. */
    readonly expr: string;
}

/** A dashboard, as far as it is asked of Prometheus. */
export interface DeployedDashboard {
    readonly uid: string;
    readonly title: string;
    /** Variable -> what stands for all of its values. */
    readonly variables: Readonly<Record<string, string>>;
    readonly queries: readonly DashboardQuery[];
}

interface Json {
    uid: string;
    title: string;
    templating?: { list?: { name: string; query?: unknown; allValue?: string }[] };
    panels?: { title?: string; targets?: { expr?: string }[] }[];
}

/** The dashboards in ConfigMaps with a label. */
export function dashboardsIn(maps: readonly KubernetesObject[], label: string): DeployedDashboard[] {
    return maps
        .filter(({ metadata }) => metadata.labels?.[label] === "1")
        .flatMap((map) => Object.values(map["data"] as Record<string, string>))
        .map((text) => dashboardOf(JSON.parse(text) as Json));
}

function dashboardOf({ uid, title, templating, panels = [] }: Json): DeployedDashboard {
    const list = templating?.list ?? [];
    return {
        uid,
        title,
        variables: Object.fromEntries(list.map(({ name, allValue = ".*" }) => [name, allValue])),
        queries: [
            ...list.map(({ name, query }) => ({ panel: `variable ${name}`, expr: valuesOf(String(query)) })),
            ...panels.flatMap((panel) =>
                (panel.targets ?? []).map(({ expr = "" }) => ({ panel: panel.title ?? "", expr })),
            ),
        ],
    };
}

/** `label_values(metric, label)` is Grafana's; Prometheus is asked for series that have the label. */
function valuesOf(query: string): string {
    const [, metric, label] = /^label_values\((.*), (\w+)\)$/.exec(query) ?? [];
    if (metric === undefined) throw new Error(`no query of a variable: ${query}`);
    return `count by (${label}) (${metric.endsWith("}") ? metric : `${metric}{${label}!=""}`})`;
}

/** An expression as Grafana sends it when all values of every variable are chosen. */
export function filledIn(expr: string, variables: DeployedDashboard["variables"], rateInterval: string): string {
    return expr
        .replaceAll("$__rate_interval", rateInterval)
        .replace(/\$(\w+)/g, (_, name: string) => variables[name] ?? `$${name}`);
}
