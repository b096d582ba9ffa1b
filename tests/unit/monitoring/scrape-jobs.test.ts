import { strict as assert } from "node:assert";
import { platform } from "../../../components/config/platform";
import { meshMetricsSpec } from "../../../components/monitoring/mesh-metrics";
import { prometheusSettings } from "../../../components/monitoring/prometheus-settings";
import { prometheusDeployment, prometheusService } from "../../../components/monitoring/prometheus";
import { JOBS, scrapeJobs } from "../../../components/monitoring/scrape-jobs";
import { declaredPolicies } from "../../../components/security";

const configOf = (monitoring: object = {}) =>
    platform.parse({
        cluster: { kind: "embedded", networkPolicies: true },
        mesh: { networkPolicies: {} },
        monitoring: { enabled: true, ...monitoring },
    });
const namespace = "egov-monitoring";

describe("Monitoring: Prometheus (E11)", () => {
    const config = configOf().monitoring.prometheus;
    const jobs = (proxies: "istio" | "vanilla-envoy") => scrapeJobs({ namespace, proxies });

    it("E11 has the guide's NodePort, rule files and Alertmanager", () => {
        const settings = prometheusSettings(config, []);
        assert.deepEqual(settings.rule_files, ["/etc/prometheus/rules/*.yaml"]);
        assert.deepEqual(settings.alerting.alertmanagers, [{ static_configs: [{ targets: ["alertmanager:9093"] }] }]);
        assert.equal(prometheusService({ config, namespace }).spec.ports[0]!.nodePort, 30004);
        const { containers, volumes } = prometheusDeployment({ config, namespace, rules: {}, jobs: [] }).spec.template
            .spec;
        assert.deepEqual(
            volumes.find(({ name }) => name === "rules"),
            { name: "rules", configMap: { name: "prometheus-rules" } },
        );
        const rules = containers[0]!.volumeMounts.find(({ name }) => name === "rules");
        assert.equal(rules?.mountPath, "/etc/prometheus/rules");
    });

    it("other settings or rules are another pod", () => {
        const annotation = (rules: Record<string, string>, given = jobs("istio")) =>
            prometheusDeployment({ config, namespace, rules, jobs: given }).spec.template.metadata.annotations;
        assert.deepEqual(annotation({}), annotation({}));
        assert.notDeepEqual(annotation({}), annotation({ "a.yaml": "groups: []" }));
        assert.notDeepEqual(annotation({}), annotation({}, jobs("vanilla-envoy")));
    });

    it("C15 gives Istio's labels to what vanilla Envoy counts, and leaves Istio's own proxies alone", () => {
        const rules = (proxies: "istio" | "vanilla-envoy") =>
            jobs(proxies).find(({ job_name: name }) => name === JOBS.proxies)!.metric_relabel_configs!.length;
        assert.equal(rules("istio"), 1);
        assert.ok(rules("vanilla-envoy") > 10);
        const contexts = meshMetricsSpec().configPatches.map(({ match }) => match.context);
        assert.deepEqual(contexts, ["GATEWAY", "SIDECAR_OUTBOUND", "SIDECAR_INBOUND"]);
    });

    it("S6 reaches every system's pods, and is reached at its own port alone from elsewhere", () => {
        const policies = declaredPolicies(configOf());
        const own = policies.filter((policy) => policy.namespace === namespace);
        assert.deepEqual(
            own.map(({ pods, from }) => [pods, from]),
            [
                [undefined, [{ peers: [{ namespace }] }]],
                [{ app: "prometheus" }, [{ ports: [{ port: 9090 }] }]],
            ],
        );
        const shop = policies.find((policy) => policy.namespace === "ecommerce")!;
        assert.ok(
            shop.from.some(({ peers, ports }) => !ports && JSON.stringify(peers) === `[{"namespace":"${namespace}"}]`),
        );
    });

    it("S6 declares nothing where nobody watches", () => {
        const policies = declaredPolicies(configOf({ enabled: false }));
        assert.ok(!policies.some((policy) => policy.namespace === namespace));
    });
});
