import { strict as assert } from "node:assert";
import { clusterMetrics } from "../../../components/config/monitoring/cluster-metrics";
import {
    clusterScrapeJobs,
    kubeStateMetricsDeployment,
    nodeExporterDaemonSet,
} from "../../../components/monitoring/cluster-metrics";
import type { Manifest } from "../../../components/mesh/manifest";
import { dashboards } from "../../../components/monitoring/dashboards";
import { schemaProblems } from "../../schemas/validate";
import { runProgram } from "../../support/program";

const config = clusterMetrics.parse({});
const namespace = "egov-monitoring";

describe("Monitoring: metrics of the cluster (C16, C17)", function () {
    this.timeout(120_000);
    let manifests: Manifest[];
    const named = (kind: string, name: RegExp) =>
        manifests.filter((manifest) => manifest.kind === kind && name.test(manifest.metadata.name));
    before(async () => {
        ({ manifests } = await runProgram({
            config: { cluster: { kind: "embedded" }, monitoring: { enabled: true } },
        }));
    });

    it("every object of the monitoring is valid by Kubernetes' schemas", () => {
        const own = manifests.filter(({ metadata }) => metadata.namespace === namespace);
        assert.ok(own.length > 15, `${own.length}`);
        assert.deepEqual(
            own.flatMap((manifest) => schemaProblems(manifest, manifests)),
            [],
        );
    });

    it("kube-state-metrics may list exactly what it is told to tell, and no Secret", () => {
        const [role] = named("ClusterRole", /kube-state-metrics/);
        const { rules } = role as unknown as { rules: { resources: string[]; verbs: string[] }[] };
        const { args } = kubeStateMetricsDeployment({ config: config.kubeStateMetrics, namespace }).spec.template.spec
            .containers[0]!;
        const told = args.find((arg) => arg.startsWith("--resources="))!.slice("--resources=".length);
        assert.deepEqual(rules.flatMap(({ resources }) => resources).sort(), told.split(",").sort());
        assert.ok(rules.every(({ verbs }) => verbs.join() === "list,watch"));
        assert.ok(!told.includes("secrets"));
    });

    it("the node exporter has no privilege and nothing of its host", () => {
        const { spec } = nodeExporterDaemonSet({ config: config.nodeExporter, namespace }).spec.template;
        const text = JSON.stringify(spec);
        assert.doesNotMatch(text, /hostNetwork|hostPID|hostPath|volumes/);
        assert.equal(spec.containers[0]!.securityContext.runAsNonRoot, true);
        assert.equal(spec.automountServiceAccountToken, false);
    });

    it("Prometheus reads the kubelets' measurements, and cannot run commands through them", () => {
        const [role] = named("ClusterRole", /-prometheus$/);
        const { rules } = role as unknown as { rules: { resources: string[] }[] };
        const resources = rules.flatMap((rule) => rule.resources);
        assert.ok(resources.includes("nodes/metrics"));
        assert.ok(!resources.includes("nodes/proxy"));
    });

    it("what the dashboards ask of the kubelets is kept", () => {
        const [settings] = named("ConfigMap", /^prometheus$/) as unknown as [{ data: Record<string, string> }];
        const { scrape_configs: jobs } = JSON.parse(settings.data["prometheus.yml"]!) as {
            scrape_configs: { job_name: string; metric_relabel_configs?: { regex: string }[] }[];
        };
        const kept = jobs.find(({ job_name: job }) => job === "kubelet-cadvisor")!.metric_relabel_configs![0]!.regex;
        const asked = new Set(JSON.stringify(dashboards()).match(/\bcontainer_[a-z_]+/g));
        assert.ok(asked.size >= 4);
        for (const metric of asked) assert.match(metric, new RegExp(`^(${kept})$`));
    });

    it("can be left out", async () => {
        assert.deepEqual(clusterScrapeJobs(clusterMetrics.parse({ enabled: false }), namespace), []);
        const monitoring = { enabled: true, clusterMetrics: { enabled: false } };
        const run = await runProgram({ config: { cluster: { kind: "embedded" }, monitoring } });
        const names = run.manifests.map(({ metadata }) => metadata.name);
        assert.ok(names.includes("prometheus"));
        assert.ok(!names.some((name) => /kube-state-metrics|node-exporter/.test(name)));
    });
});
