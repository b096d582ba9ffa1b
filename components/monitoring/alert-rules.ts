import type { RulesConfig } from "../config/monitoring/rules";
import type { PlatformConfig } from "../config/platform";
import { milliseconds } from "../config/units";
import { errorRatio } from "./recording-rules";
import { selector, type AlertRule, type RuleFiles, type RuleGroup } from "./rule";

/** The alerts of the documents (E12, C16), and those of a budget of errors, from the same values as the traffic they watch. */

/** What the alerts depend on. */
export type AlertedConfig = Pick<PlatformConfig, "egov" | "ecommerce">;

/** The alerts by the file that they are in; none for a system that is not deployed. */
export function alertFiles(config: AlertedConfig, rules: RulesConfig): RuleFiles {
    return {
        ...(config.egov.enabled && { "circuit-breaker-alerts.yaml": [circuitBreakerAlerts(config, rules)] }),
        ...(config.ecommerce.enabled && {
            "ecommerce-services.yaml": [ecommerceAlerts(config, rules)],
            "error-budget.yaml": [errorBudgetAlerts(rules)],
        }),
    };
}

/** Errors of egov-hello, as many as open its circuit breaker (E12). */
function circuitBreakerAlerts({ egov }: AlertedConfig, { circuitBreaker }: RulesConfig): RuleGroup {
    const { window, for: held, errors = egov.outlierDetection.consecutive5xxErrors } = circuitBreaker;
    const failed = selector({
        response_code: "~5.*",
        destination_service: `egov-hello.${egov.namespaces.app}.svc.cluster.local`,
    });
    return {
        name: "CircuitBreakerAlerts",
        rules: [
            {
                alert: "CircuitBreakerOpen",
                expr: `sum(increase(istio_requests_total${failed}[${window}])) by (destination_service) > ${errors}`,
                for: held,
                labels: { severity: "critical", service: "egov-hello" },
                annotations: {
                    summary: "Circuit Breaker Opened for egov-hello",
                    description: `${errors}회 이상 연속 오류 발생`,
                },
            },
        ],
    };
}

/**
 * The alerts of the e-commerce services (C16). `namespace` is where the proxy runs that tells of the request: what the gateway
 * alone sees, for example its own time-outs, is not in these expressions of the document.
 */
function ecommerceAlerts({ ecommerce }: AlertedConfig, rules: RulesConfig): RuleGroup {
    const { highErrorRate, highLatency, podDown, overflow } = rules;
    const { namespace } = ecommerce;
    const own = selector({ namespace });
    const byService = "by (destination_service_name)";
    const requests = (labels: Record<string, string>, window: string) =>
        `sum(rate(istio_requests_total${selector({ namespace, ...labels })}[${window}])) ${byService}`;
    const buckets = `sum(rate(istio_request_duration_milliseconds_bucket${own}[${highLatency.window}])) by (destination_service_name, le)`;
    const ofService = { service: "{{ $labels.destination_service_name }}" };
    const alerts: AlertRule[] = [
        {
            alert: "HighErrorRate",
            expr: `${requests({ response_code: "~5.." }, highErrorRate.window)} / ${requests({}, highErrorRate.window)} > ${number(highErrorRate.above / 100)}`,
            for: highErrorRate.for,
            labels: { severity: "critical", ...ofService },
            annotations: {
                summary: "High error rate on {{ $labels.destination_service_name }}",
                description: "Error rate is {{ $value | humanizePercentage }}",
            },
        },
        {
            alert: "HighLatency",
            expr: `histogram_quantile(0.95, ${buckets}) > ${number(milliseconds(highLatency.above))}`,
            for: highLatency.for,
            labels: { severity: "warning", ...ofService },
            annotations: {
                summary: "High latency on {{ $labels.destination_service_name }}",
                description: "P95 latency is {{ $value }}ms",
            },
        },
        {
            alert: "PodDown",
            expr: `kube_deployment_status_replicas_available${own} < kube_deployment_spec_replicas${own}`,
            for: podDown.for,
            labels: { severity: "critical", service: "{{ $labels.deployment }}" },
            annotations: {
                summary: "Pod down in {{ $labels.deployment }}",
                description: "Available: {{ $value }}",
            },
        },
        {
            alert: "CircuitBreakerOpen",
            expr: `${requests({ response_flags: "~.*UO.*" }, overflow.window)} > 0`,
            for: overflow.for,
            labels: { severity: "warning", ...ofService },
            annotations: { summary: "Circuit breaker open for {{ $labels.destination_service_name }}" },
        },
    ];
    return { name: "ecommerce-services", interval: rules.interval, rules: alerts };
}

/** The budget of errors of the e-commerce services is being used up too fast, seen over a long and a short window. */
function errorBudgetAlerts({ interval, objective }: RulesConfig): RuleGroup {
    const budget = 1 - objective.availability / 100;
    return {
        name: "error-budget",
        interval,
        rules: objective.burnRates.map(({ factor, long, short, for: held, severity }): AlertRule => {
            const tooMany = `> ${number(factor * budget)}`;
            return {
                alert: "ErrorBudgetBurn",
                expr: `${errorRatio(long)} ${tooMany} and ${errorRatio(short)} ${tooMany}`,
                for: held,
                labels: {
                    severity,
                    service: "{{ $labels.destination_service_name }}",
                    window: long,
                },
                annotations: {
                    summary: `{{ $labels.destination_service_name }} uses up its errors ${factor} times as fast as it may`,
                    description: `Of the last ${long}, {{ $value | humanizePercentage }} were errors; ${objective.availability} % of the requests shall be answered without one`,
                },
            };
        }),
    };
}

/** A number without the last digits that binary fractions add: 0.0144, not 0.014400000000000013. */
function number(value: number): string {
    return String(Number(value.toPrecision(12)));
}
