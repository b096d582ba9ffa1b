import { milliseconds } from "../../../../components/config/units";
import type { PlatformConfig } from "../../../../components/config/platform";
import { defineSpec, exclusive } from "../../spec";
import type { OutsideRequest, Target } from "../../target/target";
import { fail } from "../support/answers";
import { dashboardsIn, filledIn, type DashboardQuery, type DeployedDashboard } from "../support/dashboards";
import { businessEvents, ecommerceHost } from "../support/names";
import { monitoringEvidence, monitoringNamespace, NoPrometheus, query, type Sample } from "../support/prometheus";
import { settled } from "../support/settled";

/** The documents' dashboards (C17): key of the check -> uid. */
const documented = {
    services: "service-overview",
    resources: "resource-usage",
    istio: "istio-metrics",
    business: "business-metrics",
} as const;
type Key = keyof typeof documented;

/** Window of rates: of minutes, as a person looks at a dashboard, so that the load of the suite's other specs is in it. */
const RATE_INTERVAL = "5m";

/** Milliseconds beyond some scrapes that a busy machine may take. */
const PATIENCE = 45_000;

/** What is no PromQL, or meets no Prometheus, returns nothing either. */
function unanswered(error: unknown): Sample[] {
    if (error instanceof NoPrometheus) return [];
    throw error;
}

/** What the dashboards show happens at least a little: requests that customers send (C1, C17). */
async function shop(target: Target, config: PlatformConfig): Promise<void> {
    const host = ecommerceHost(config);
    const send = (service: string, method: OutsideRequest["method"]) => {
        const path = config.ecommerce.services[service]?.path;
        return path === undefined ? undefined : target.request({ path, host, method });
    };
    await Promise.all([
        send("customer-api", "POST"),
        send("order-api", "POST"),
        send("payment-api", "POST"),
        send("recommendation-api", "GET"),
        send("recommendation-api", "POST"),
    ]);
}

export const dashboards = defineSpec({
    name: "dashboards",
    description:
        "The dashboards are read from the cluster as Grafana's sidecar reads them, and what each of their panels and variables asks is asked of Prometheus, with all values of every variable: it has to answer with series that have a value. Customers' requests are sent meanwhile, and the other specs are the load.",
    needs: ["monitoring"],
    locks: () => exclusive(businessEvents),
    checks: {
        provisioned: {
            ids: ["C17"],
            title: "C17 dashboards: the documents' four are where Grafana's sidecar looks for them",
        },
        services: { ids: ["C17"], title: "C17 service overview: every query returns series" },
        resources: {
            ids: ["C17"],
            title: "C17 resource usage: every query returns series",
            needs: ["cluster-metrics"],
        },
        istio: { ids: ["C17"], title: "C17 Istio metrics: every query returns series" },
        business: {
            ids: ["C17"],
            title: "C17 business metrics: every query returns series",
            needs: ["ecommerce", "sample-app"],
        },
    },
    evidence: async (target) => monitoringEvidence(target),
    async run({ target, config, check, all, wanted, signal }) {
        const namespace = monitoringNamespace(target);
        const { label } = config.monitoring.dashboards;
        const maps = await target.kubernetes.objects({ apiVersion: "v1", kind: "ConfigMap", namespace, name: "" });
        const deployed = dashboardsIn(maps, label);
        const time = 4 * milliseconds(config.monitoring.prometheus.scrapeInterval) + PATIENCE;

        /** The queries that have not returned series yet. */
        const silent = async (dashboard: DeployedDashboard, queries: Set<DashboardQuery>) => {
            if (config.ecommerce.enabled) await shop(target, config);
            for (const one of queries) {
                const expr = filledIn(one.expr, dashboard.variables, RATE_INTERVAL);
                const series = await query(target, expr).catch(unanswered);
                if (series.some(({ value }) => Number.isFinite(value))) queries.delete(one);
            }
            return [...queries].map(({ panel, expr }) => `${panel}: ${expr}`);
        };

        await all(
            () =>
                check("provisioned", async () => {
                    const found = deployed.map(({ uid }) => uid).sort();
                    const missing = Object.values(documented).filter((uid) => !found.includes(uid));
                    if (missing.length === 0 && new Set(found).size === found.length) return;
                    fail({
                        expected: `one ConfigMap with the label ${label}=1 for each of ${Object.values(documented).join(", ")}`,
                        seen: found.join(", ") || "no dashboard",
                        cause: "a ConfigMap is missing, was changed, or has lost its label",
                        action: `kubectl -n ${namespace} get configmap -l ${label}=1`,
                    });
                }),
            ...(Object.keys(documented) as Key[])
                .filter((key) => wanted(key))
                .map(
                    (key) => () =>
                        check(key, async () => {
                            const dashboard = deployed.find(({ uid }) => uid === documented[key]);
                            const queries = new Set(dashboard?.queries);
                            const problems = dashboard
                                ? await settled(() => silent(dashboard, queries), signal, time)
                                : ["there is no such dashboard"];
                            if (dashboard && dashboard.queries.length === 0) problems.push("it asks nothing");
                            if (problems.length === 0) return;
                            fail({
                                expected: `every query of the dashboard ${documented[key]} returns series`,
                                seen: problems.join("; "),
                                cause: "the query names a metric or a label that nobody tells, or Prometheus does not scrape who tells it",
                                action: `ask Prometheus: kubectl -n ${namespace} port-forward service/prometheus 9090, then http://127.0.0.1:9090/targets`,
                            });
                        }),
                ),
        );
    },
});
