import { strict as assert } from "node:assert";
import { platform } from "../../../components/config/platform";
import { grafanaDataSources, grafanaValues } from "../../../components/monitoring/charts/grafana";
import { kialiValues } from "../../../components/monitoring/charts/kiali";
import { grafana as grafanaSettings } from "../../../components/config/monitoring/grafana";
import { kiali as kialiSettings } from "../../../components/config/monitoring/kiali";
import { dashboards } from "../../../components/config/monitoring/dashboards";
import { runProgram, type RegisteredResource } from "../../support/program";

interface Release {
    chart: string;
    name: string;
    namespace: string;
    version: string;
    repositoryOpts: { repo: string };
    values: Record<string, never>;
}

const sources = {
    prometheus: "http://prometheus:9090",
    loki: "http://loki:3100",
    jaeger: "http://jaeger:16686/jaeger",
};
const grafanaArgs = (input: object) => ({
    ...{ config: grafanaSettings.parse(input), dashboards: dashboards.parse({}), sources },
    ...{ scrapeInterval: "15s", namespace: "egov-monitoring" },
});

describe("Monitoring: Grafana and Kiali by their charts (S2)", function () {
    this.timeout(120_000);
    let releases: Release[];
    before(async () => {
        const { resources } = await runProgram({
            config: { cluster: { kind: "kind" }, monitoring: { enabled: true, grafana: {}, kiali: {} } },
        });
        releases = resources
            .filter(({ type }: RegisteredResource) => type === "kubernetes:helm.sh/v3:Release")
            .map(({ inputs }) => inputs as unknown as Release);
    });

    it("are releases of pinned charts in the namespace of the monitoring", () => {
        assert.deepEqual(
            releases.map(({ chart, name, namespace, version, repositoryOpts: { repo } }) => [
                ...[chart, name, namespace, version, repo],
            ]),
            [
                ["grafana", "grafana", "egov-monitoring", "12.11.1", "https://grafana-community.github.io/helm-charts"],
                ["kiali-server", "kiali", "egov-monitoring", "2.26.0", "https://kiali.org/helm-charts"],
            ],
        );
    });

    it("Grafana has the data sources under the uids that the dashboards name, and links between them", () => {
        const found = grafanaDataSources({ sources, scrapeInterval: "15s" });
        assert.deepEqual(
            found.map(({ uid, type, url }) => [uid, type, url]),
            [
                ["prometheus", "prometheus", "http://prometheus:9090"],
                ["loki", "loki", "http://loki:3100"],
                ["jaeger", "jaeger", "http://jaeger:16686/jaeger"],
            ],
        );
        const [prometheus, loki, jaeger] = found.map(({ jsonData }) => jsonData as Record<string, unknown>);
        assert.equal(prometheus!["timeInterval"], "15s");
        assert.equal((loki!["derivedFields"] as { datasourceUid: string }[])[0]!.datasourceUid, "jaeger");
        assert.equal((jaeger!["tracesToLogsV2"] as { datasourceUid: string }).datasourceUid, "loki");
        assert.deepEqual(
            grafanaDataSources({ sources: { prometheus: "http://p" }, scrapeInterval: "15s" }).map(({ uid }) => uid),
            ["prometheus"],
        );
    });

    it("Grafana's sidecar finds the dashboards, and Grafana lets in nobody without a password", () => {
        const values = grafanaValues(grafanaArgs({}));
        assert.deepEqual(values.sidecar.dashboards, {
            ...{ enabled: true, resource: "configmap", label: "grafana_dashboard", labelValue: "1" },
            ...{ folderAnnotation: "grafana_folder", provider: { foldersFromFilesStructure: true } },
        });
        assert.equal(values["grafana.ini"]["auth.anonymous"].enabled, false);
        assert.equal(values["grafana.ini"].users.allow_sign_up, false);
        assert.doesNotMatch(JSON.stringify(values), /adminPassword/);
    });

    it("Grafana in prod: disk, two pods with a budget, a Secret of its own, a mirror, its address", () => {
        const values = grafanaValues(
            grafanaArgs({
                ...{ replicas: 2, adminSecret: "grafana-admin", imageRegistry: "registry.example" },
                ...{ volume: { size: "10Gi", storageClass: "gp3" } },
                publicUrl: "https://monitoring.buildingbite.com/grafana",
            }),
        );
        assert.deepEqual(values.persistence, { enabled: true, size: "10Gi", storageClassName: "gp3" });
        assert.deepEqual(values.podDisruptionBudget, { maxUnavailable: 1 });
        assert.deepEqual(values.admin, { existingSecret: "grafana-admin" });
        assert.deepEqual(values.global, { imageRegistry: "registry.example" });
        assert.deepEqual(values["grafana.ini"].server, {
            root_url: "https://monitoring.buildingbite.com/grafana",
            serve_from_sub_path: true,
        });
        assert.equal(values["grafana.ini"].security.cookie_secure, true);
    });

    it("Kiali asks Prometheus, Jaeger and Grafana, with Grafana's own Secret, and changes nothing", () => {
        const values = kialiValues({
            config: kialiSettings.parse({ publicUrl: "https://monitoring.buildingbite.com/kiali", replicas: 2 }),
            prometheus: sources.prometheus,
            jaeger: { url: sources.jaeger },
            grafana: { url: "http://grafana:80", adminSecret: "grafana", publicUrl: "https://x/grafana" },
            namespace: "egov-monitoring",
            istioNamespace: "istio-system",
        });
        const { external_services: services, auth, deployment, server } = values;
        assert.equal(services.prometheus.url, "http://prometheus:9090");
        assert.deepEqual(services.tracing, {
            ...{ enabled: true, provider: "jaeger", use_grpc: false },
            internal_url: "http://jaeger:16686/jaeger",
        });
        const { grafana } = services as { grafana: { external_url: string; auth: { password: string } } };
        assert.equal(grafana.external_url, "https://x/grafana");
        assert.equal(grafana.auth.password, "secret:grafana:admin-password");
        assert.equal(auth.strategy, "token");
        assert.equal(deployment.view_only_mode, true);
        assert.equal(deployment.image_version, "v2.26.0");
        assert.deepEqual(deployment.pod_disruption_budget, { spec: { maxUnavailable: 1 } });
        assert.deepEqual(server, {
            ...{ web_root: "/kiali", web_fqdn: "monitoring.buildingbite.com", web_schema: "https", web_port: "443" },
        });
    });

    it("on an embedded cluster, or without the monitoring, they are refused with the reason", () => {
        const problems = (kind: string, monitoring: object) => {
            const result = platform.safeParse({ cluster: { kind }, monitoring });
            return result.success ? [] : result.error.issues.map(({ path, message }) => [path.join("."), message]);
        };
        const [grafana, kiali] = problems("embedded", { enabled: true, grafana: {}, kiali: {} });
        assert.equal(grafana![0], "monitoring.grafana");
        assert.match(grafana![1]!, /reaches neither the chart nor the image of grafana/);
        assert.equal(kiali![0], "monitoring.kiali");
        assert.match(problems("kind", { grafana: {} })[0]![1]!, /set monitoring\.enabled to true/);
        assert.deepEqual(problems("kind", { enabled: true, grafana: {}, kiali: {} }), []);
    });
});
