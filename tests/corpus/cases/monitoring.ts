import type { Mistake, System } from "../corpus";
import { type Short, toMistake } from "./routes";

const PROMETHEUS = "ConfigMap/monitoring/prometheus";
const ALERTMANAGER = "ConfigMap/monitoring/alertmanager";
const METRICS = "https://istio.io/latest/docs/reference/config/metrics/";
const CONFIG = "https://prometheus.io/docs/prometheus/latest/configuration/configuration/";
const RULES = "https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/";
const ALERTS = "https://prometheus.io/docs/alerting/latest/configuration/";
const edit = (key: string, from: string, to: string) => (system: System) => system.edit(PROMETHEUS, key, from, to);
const receivers = (from: string, to: string) => (system: System) =>
    system.edit(ALERTMANAGER, "alertmanager.yml", from, to);

/** Mistakes in the configuration of Prometheus and Alertmanager. */
export const monitoringMistakes: readonly Mistake[] = [
    ...(
        [
            [
                "metric-typo",
                "a metric that Istio does not have",
                METRICS,
                "prometheus-rule",
                edit("rules.yml", "istio_requests_total", "istio_request_total"),
                /istio_requests_total/,
            ],
            [
                "metric-label",
                "a label that Istio's metrics do not have",
                METRICS,
                "prometheus-rule",
                edit("rules.yml", "response_code", "respons_code"),
            ],
            [
                "sum-label",
                "a sum by a label that does not exist",
                METRICS,
                "prometheus-rule",
                edit("rules.yml", "by (destination_service)", "by (destination_servce)"),
            ],
            [
                "quantile-without-le",
                "a quantile of a sum without le",
                RULES,
                "prometheus-rule",
                edit("rules.yml", "by (le, destination_service)", "by (destination_service)"),
            ],
            [
                "quantile-percent",
                "a quantile in percent",
                RULES,
                "prometheus-rule",
                edit("rules.yml", "histogram_quantile(0.99", "histogram_quantile(99"),
            ],
            [
                "parenthesis",
                "a parenthesis too few",
                RULES,
                "prometheus-rule",
                edit("rules.yml", "[5m])) by (destination_service)", "[5m]) by (destination_service)"),
            ],
            [
                "for-duration",
                "5 minutes in the place of 5m",
                RULES,
                "prometheus-rule",
                edit("rules.yml", "for: 5m", "for: 5 minutes"),
            ],
            [
                "rate-without-range",
                "a rate without a range",
                RULES,
                "prometheus-rule",
                edit("rules.yml", "_bucket[5m]", "_bucket"),
            ],
            [
                "expression",
                "expression in the place of expr",
                RULES,
                "prometheus-rule",
                edit("rules.yml", "expr: sum", "expression: sum"),
            ],
            ["template", "a template with $label", RULES, "prometheus-rule", edit("rules.yml", "$labels.", "$label.")],
            [
                "function",
                "a function that does not exist",
                RULES,
                "prometheus-rule",
                edit("rules.yml", "histogram_quantile(", "histogram_quantil("),
            ],
            [
                "scrape-target",
                "a target that is not there",
                CONFIG,
                "prometheus-config",
                edit("prometheus.yml", "istiod.istio-system.svc", "istio-pilot.istio-system.svc"),
            ],
            [
                "scrape-port",
                "a port that the target lacks",
                CONFIG,
                "prometheus-config",
                edit("prometheus.yml", "15012", "15013"),
            ],
            [
                "scrape-role",
                "a role that does not exist",
                CONFIG,
                "prometheus-config",
                edit("prometheus.yml", "role: pod", "role: pods"),
            ],
            [
                "relabel-action",
                "an action that does not exist",
                CONFIG,
                "prometheus-config",
                edit("prometheus.yml", "action: keep", "action: kept"),
            ],
            [
                "relabel-label",
                "a label of pods that does not exist",
                CONFIG,
                "prometheus-config",
                edit("prometheus.yml", "container_port_name", "container_ports_name"),
            ],
            [
                "scrape-key",
                "scrape_config in the place of scrape_configs",
                CONFIG,
                "prometheus-config",
                edit("prometheus.yml", "scrape_configs", "scrape_config"),
            ],
            [
                "job-twice",
                "two jobs of one name",
                CONFIG,
                "prometheus-config",
                edit("prometheus.yml", "job_name: pods", "job_name: istiod"),
            ],
            [
                "no-yaml",
                "a configuration that is no YAML",
                CONFIG,
                "prometheus-config",
                edit("prometheus.yml", "- job_name: pods", "job_name: pods"),
            ],
        ] satisfies Short[]
    ).map(toMistake(PROMETHEUS)),
    ...(
        [
            [
                "receiver-missing",
                "a route to a receiver that is not defined",
                ALERTS,
                "alertmanager-config",
                receivers("receiver: pager", "receiver: pagers"),
            ],
            [
                "receiver-root",
                "the root route's receiver is not defined",
                ALERTS,
                "alertmanager-config",
                receivers("receiver: mail", "receiver: team"),
            ],
            [
                "receiver-twice",
                "two receivers of one name",
                ALERTS,
                "alertmanager-config",
                receivers("{ name: pager }", "{ name: mail }"),
            ],
            ["matcher", "a matcher that is none", ALERTS, "alertmanager-config", receivers("severity=", "severity:")],
            [
                "group-wait",
                "a duration without a unit",
                ALERTS,
                "alertmanager-config",
                receivers("group_wait: 30s", "group_wait: 30"),
            ],
            [
                "route-key",
                "a setting that routes do not have",
                ALERTS,
                "alertmanager-config",
                receivers("group_wait", "group_delay"),
            ],
        ] satisfies Short[]
    ).map(toMistake(ALERTMANAGER)),
];
