import { strict as assert } from "node:assert";
import { dashboardConfigMaps } from "../../../components/monitoring/dashboards/config-maps";
import { dashboards } from "../../../components/config/monitoring/dashboards";
import { syntaxErrors } from "../../support/promql";
import { dashboardsIn, filledIn } from "../../verification/specs/support/dashboards";
import type { KubernetesObject } from "../../verification/target/target";

describe("Suite: dashboards as Grafana's sidecar reads them (C17)", () => {
    const maps = dashboardConfigMaps("m", dashboards.parse({})) as unknown as KubernetesObject[];

    it("finds them by their label alone", () => {
        assert.deepEqual(
            dashboardsIn(maps, "grafana_dashboard").map(({ uid }) => uid),
            ["service-overview", "resource-usage", "istio-metrics", "business-metrics"],
        );
        assert.deepEqual(dashboardsIn(maps, "other"), []);
    });

    it("asks what every panel and every variable asks, with all values of each variable", () => {
        for (const { title, queries, variables } of dashboardsIn(maps, "grafana_dashboard")) {
            assert.ok(queries.length >= 8, title);
            for (const { panel, expr } of queries) {
                const asked = filledIn(expr, variables, "5m");
                assert.doesNotMatch(asked, /\$/, `${title}: ${panel}`);
                assert.deepEqual(syntaxErrors(asked), [], `${title}: ${panel}`);
            }
        }
        const [services] = dashboardsIn(maps, "grafana_dashboard");
        assert.deepEqual(services!.variables, { namespace: ".+", service: ".+" });
        assert.equal(
            services!.queries[1]!.expr,
            'count by (destination_service_name) (istio_requests_total{destination_service_namespace=~"$namespace"})',
        );
    });
});
