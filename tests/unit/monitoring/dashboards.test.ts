import { strict as assert } from "node:assert";
import type { Dashboard, Panel } from "@grafana/grafana-foundation-sdk/dashboard";
import type { Dataquery } from "@grafana/grafana-foundation-sdk/prometheus";
import { dashboards } from "../../../components/monitoring/dashboards";
import { dashboardConfigMaps } from "../../../components/monitoring/dashboards/config-maps";
import { dashboards as settings } from "../../../components/config/monitoring/dashboards";
import { dashboardProblems } from "../../schemas/grafana-types";
import { syntaxErrors } from "../../support/promql";

/** The dashboards as they are deployed: read back from their ConfigMaps. */
const deployed = dashboardConfigMaps("monitoring", settings.parse({})).map(
    ({ data }) => JSON.parse(Object.values(data)[0]!) as Dashboard,
);

const panelsOf = ({ panels = [] }: Dashboard) => panels.filter((panel): panel is Panel => panel.type !== "row");
const targetsOf = ({ targets = [] }: Panel) => targets as Dataquery[];

/** An expression as Grafana sends it. */
const filled = (expr: string) => expr.replaceAll("$__rate_interval", "5m").replace(/\$\w+/g, ".+");

describe("monitoring: dashboards (C17)", () => {
    it("are the documents' four", () => {
        assert.deepEqual(
            deployed.map(({ uid, title }) => [uid, title]),
            [
                ["service-overview", "Service overview"],
                ["resource-usage", "Resource usage"],
                ["istio-metrics", "Istio metrics"],
                ["business-metrics", "Business metrics"],
            ],
        );
    });

    it("show what the documents list", () => {
        const titles: Record<string, (string | undefined)[]> = Object.fromEntries(
            deployed.map((dashboard) => [dashboard.uid!, panelsOf(dashboard).map(({ title }) => title)]),
        );
        const shows = (uid: string, ...wanted: RegExp[]) => {
            for (const one of wanted)
                assert.ok(
                    titles[uid]!.some((title) => one.test(title!)),
                    `${uid}: ${one}`,
                );
        };
        shows("service-overview", /^Requests per second/, /^P50 /, /^P95 /, /^P99 /, /^Error rate/, /^Success rate/);
        shows("resource-usage", /^CPU/, /^Memory/, /^Network/, /^Disk/);
        shows("istio-metrics", /volume/, /duration/, /request size/i, /response size/i, /circuit breakers/, /pool/);
        shows("business-metrics", /^Orders per hour/, /^Payment success/, /^Sign-ups/, /click rate/);
    });

    it("are valid by Grafana's schema, and the check notices mistakes", function () {
        this.timeout(120_000);
        const broken = (change: (panel: Record<string, never> & Panel) => void): Dashboard => {
            const dashboard = structuredClone(deployed[0]!);
            const panel = panelsOf(dashboard).find(({ type }) => type === "timeseries")!;
            change(panel as Record<string, never> & Panel);
            return { ...dashboard, uid: "broken", panels: [panel] };
        };
        const mistakes = [
            broken((panel) => Object.assign(panel, { descripton: "x" })),
            broken((panel) => Object.assign(panel.fieldConfig!.defaults, { unit: 5 })),
            broken((panel) => Object.assign(panel.fieldConfig!.defaults.custom as object, { lineWith: 2 })),
            broken((panel) => Object.assign(panel.options as object, { legend: { displayMode: "tabel" } })),
            broken((panel) => Object.assign(panel.targets![0]!, { expression: "up" })),
            broken((panel) => Object.assign(panel.gridPos!, { w: "12" })),
            { ...deployed[0]!, uid: "broken", panels: [], refreshes: "30s" } as Dashboard,
        ];
        const problems = dashboardProblems([...deployed, ...mistakes]);
        assert.deepEqual(
            problems.filter((problem) => !problem.startsWith("broken")),
            [],
        );
        for (const text of [
            /descripton/,
            /number.*string/,
            /lineWith/,
            /tabel/,
            /expression/,
            /string.*number/,
            /refreshes/,
        ])
            assert.ok(
                problems.some((problem) => text.test(problem)),
                `${text}:\n${problems.join("\n")}`,
            );
    });

    for (const dashboard of deployed) {
        describe(dashboard.title!, () => {
            it("says of every panel what it shows, in which unit, from where", () => {
                for (const panel of panelsOf(dashboard)) {
                    const { title, description, fieldConfig, datasource } = panel;
                    assert.ok(title && description && fieldConfig?.defaults.unit, `${title}`);
                    assert.deepEqual(datasource, { type: "prometheus", uid: "prometheus" }, title);
                    assert.ok(targetsOf(panel).length > 0, title);
                    for (const target of targetsOf(panel)) {
                        assert.ok(target.expr && target.legendFormat, title);
                        assert.deepEqual(target.datasource, datasource, title);
                    }
                    assert.equal(new Set(targetsOf(panel).map(({ refId }) => refId)).size, targetsOf(panel).length);
                }
                const titles = panelsOf(dashboard).map(({ title }) => title);
                assert.equal(new Set(titles).size, titles.length, "two panels have the same title");
            });

            it("asks in PromQL, and only for variables that it has", () => {
                const known = dashboard.templating.list?.map(({ name }) => name) ?? [];
                for (const panel of panelsOf(dashboard))
                    for (const { expr } of targetsOf(panel)) {
                        assert.deepEqual(syntaxErrors(filled(expr!)), [], `${panel.title}: ${expr}`);
                        const used = [...expr!.matchAll(/\$(?!__)(\w+)/g)].map(([, name]) => name!);
                        assert.deepEqual(
                            used.filter((name) => !known.includes(name)),
                            [],
                            `${panel.title}`,
                        );
                    }
            });

            it("has every panel on a place of its own, under a number of its own", () => {
                const cells = new Map<string, string>();
                for (const { title = "", gridPos } of panelsOf(dashboard)) {
                    const { x, y, w, h } = gridPos!;
                    assert.ok(x + w <= 24, title);
                    for (let column = x; column < x + w; column++)
                        for (let row = y; row < y + h; row++) {
                            const cell = `${column},${row}`;
                            assert.equal(cells.get(cell), undefined, `${title} lies on ${cells.get(cell)}`);
                            cells.set(cell, title);
                        }
                }
                const ids = dashboard.panels!.map(({ id }) => id);
                assert.equal(new Set(ids).size, ids.length);
            });
        });
    }

    it("the check of PromQL notices mistakes", () => {
        assert.deepEqual(syntaxErrors("sum by (pod) (rate(x[5m]))"), []);
        for (const wrong of ["sum by pod (rate(x[5m]))", "rate(x[5m]", "x{a=b}", "x[5"])
            assert.notDeepEqual(syntaxErrors(wrong), [], wrong);
    });

    it("are handed to Grafana as ConfigMaps that its sidecar finds, and come out as they went in", () => {
        const maps = dashboardConfigMaps("monitoring", settings.parse({ folder: "Other" }));
        assert.deepEqual(
            maps.map(({ metadata }) => metadata.name),
            deployed.map(({ uid }) => `dashboard-${uid}`),
        );
        for (const { metadata, data } of maps) {
            assert.equal(metadata.namespace, "monitoring");
            assert.equal((metadata.labels as Record<string, string>)["grafana_dashboard"], "1");
            assert.equal(metadata.annotations["grafana_folder"], "Other");
            // A ConfigMap is at most 1 MiB.
            assert.ok(JSON.stringify(data).length < 1_000_000);
        }
        assert.deepEqual(deployed, JSON.parse(JSON.stringify(dashboards())));
    });
});
