import { strict as assert } from "node:assert";
import { platform, type PlatformConfig } from "../../../components/config/platform";
import {
    isAlert,
    type AlertRule,
    type Rule,
    type RuleFiles,
    type RuleGroup,
} from "../../../components/monitoring/rule";
import { rulesOf } from "../../../components/monitoring/rule-files";
import { ruleCases } from "../../alerts/rule-cases";

const configOf = (input: object = {}): PlatformConfig =>
    platform.parse({ cluster: { kind: "embedded" }, study: { enabled: true }, ...input });
const groupsOf = (files: RuleFiles): RuleGroup[] => Object.values(files).flat();

/** The only alert of a name in a group. */
function alertOf(config: PlatformConfig, group: string, name: string): AlertRule {
    const found = groupsOf(rulesOf(config))
        .filter((one) => one.name === group)
        .flatMap(({ rules }) => rules)
        .filter((rule) => isAlert(rule) && rule.alert === name);
    assert.equal(found.length, 1, `${found.length} alerts ${group}/${name}`);
    return found[0] as AlertRule;
}

/** An expression without the spaces that only make it readable. */
const packed = (expr: string) => expr.replace(/\s+/g, "");

/** How a case names its rule. */
function ruleName(group: string, rule: Rule): string {
    if (!isAlert(rule)) return `${group}/${rule.record}`;
    return `${group}/${rule.alert}${rule.labels["window"] === undefined ? "" : `/${rule.labels["window"]}`}`;
}

describe("Monitoring: rules", () => {
    it("E12 CircuitBreakerOpen is the guide's rule, word for word", () => {
        const { expr, ...rest } = alertOf(configOf(), "CircuitBreakerAlerts", "CircuitBreakerOpen");
        assert.equal(
            packed(expr),
            packed(`sum(increase(istio_requests_total{
                response_code=~"5.*",
                destination_service="egov-hello.egov-app.svc.cluster.local"
            }[5m])) by (destination_service) > 3`),
        );
        assert.deepEqual(rest, {
            alert: "CircuitBreakerOpen",
            for: "10s",
            labels: { severity: "critical", service: "egov-hello" },
            annotations: {
                summary: "Circuit Breaker Opened for egov-hello",
                description: "3회 이상 연속 오류 발생",
            },
        });
    });

    it("E12, E6 its threshold is the circuit breaker's own, and its host is where the pods are", () => {
        const production = configOf({
            egov: { outlierDetection: "production", namespaces: { app: "hello" } },
        });
        const { expr } = alertOf(production, "CircuitBreakerAlerts", "CircuitBreakerOpen");
        assert.match(expr, /egov-hello\.hello\.svc\.cluster\.local/);
        assert.match(expr, /> 5$/);
    });

    it("C16 the alerts of the e-commerce services are the document's", () => {
        const documented = {
            HighErrorRate: [
                `sum(rate(istio_requests_total{namespace="ecommerce", response_code=~"5.."}[5m])) by (destination_service_name)
                 / sum(rate(istio_requests_total{namespace="ecommerce"}[5m])) by (destination_service_name) > 0.01`,
                "5m",
                "critical",
            ],
            HighLatency: [
                `histogram_quantile(0.95, sum(rate(istio_request_duration_milliseconds_bucket{namespace="ecommerce"}[5m]))
                 by (destination_service_name, le)) > 1000`,
                "5m",
                "warning",
            ],
            PodDown: [
                `kube_deployment_status_replicas_available{namespace="ecommerce"} < kube_deployment_spec_replicas{namespace="ecommerce"}`,
                "5m",
                "critical",
            ],
            CircuitBreakerOpen: [
                `sum(rate(istio_requests_total{namespace="ecommerce", response_flags=~".*UO.*"}[5m])) by (destination_service_name) > 0`,
                "2m",
                "warning",
            ],
        } as const;
        for (const [name, [expr, held, severity]] of Object.entries(documented)) {
            const alert = alertOf(configOf(), "ecommerce-services", name);
            assert.equal(packed(alert.expr), packed(expr), name);
            assert.equal(alert.for, held, name);
            assert.equal(alert.labels["severity"], severity, name);
        }
        const [group] = rulesOf(configOf())["ecommerce-services.yaml"]!;
        assert.equal(group!.interval, "30s");
    });

    it("the budget of errors is the promise's, 14.4 times as fast in an hour by default", () => {
        const [first] = rulesOf(configOf())["error-budget.yaml"]![0]!.rules as AlertRule[];
        assert.equal(
            first!.expr,
            "service:istio_requests:error_ratio_rate1h > 0.0144 and service:istio_requests:error_ratio_rate5m > 0.0144",
        );
    });

    it("a system that is not deployed has no rules", () => {
        const none = configOf({ egov: { enabled: false }, ecommerce: { enabled: false }, study: { enabled: false } });
        assert.deepEqual(rulesOf(none), {});
        const files = Object.keys(rulesOf(configOf({ ecommerce: { enabled: false } })));
        assert.deepEqual(files, ["circuit-breaker-alerts.yaml", "golden-signals.yaml"]);
    });

    it("the names of the rules tell them apart", () => {
        const names = groupsOf(rulesOf(configOf())).flatMap(({ name, rules }) =>
            rules.map((rule) => ruleName(name, rule)),
        );
        assert.deepEqual(names, [...new Set(names)]);
    });

    it("every alert has cases in which it fires, does not fire and ends; every recorded series one with and one without a value", () => {
        const config = configOf();
        const cases = ruleCases(config, config.monitoring.rules);
        const wanted = groupsOf(rulesOf(config)).flatMap(({ name, rules }) =>
            rules.flatMap((rule) =>
                (isAlert(rule) ? ["fires", "is quiet", "resolves"] : ["records", "records nothing"]).map(
                    (kind) => `${ruleName(name, rule)} ${kind}`,
                ),
            ),
        );
        const made = new Set(cases.map(({ rule, kind }) => `${rule} ${kind}`));
        assert.deepEqual([...made].sort(), wanted.sort());
    });
});
