import type { ReceiversConfig } from "../../components/config/monitoring/receivers";

/** Where alerts go, once more and without the configuration's own code: what `amtool config routes test` is asked. */
export interface RouteCase {
    readonly title: string;
    readonly labels: Readonly<Record<string, string>>;
    /** Receivers in the order of the branches that lead to them. */
    readonly receivers: readonly string[];
}

/** C16: Slack gets all, PagerDuty what is critical, the mail server what is a warning. */
export function routeCases({ pagerduty, email }: ReceiversConfig): RouteCase[] {
    const slack = "slack-notifications";
    return [
        {
            title: "C16 a critical alert",
            labels: { alertname: "HighErrorRate", service: "order-api", severity: "critical" },
            receivers: [slack, ...(pagerduty ? ["pagerduty-critical"] : [])],
        },
        {
            title: "C16 a warning",
            labels: { alertname: "HighLatency", service: "order-api", severity: "warning" },
            receivers: [slack, ...(email ? ["email-warning"] : [])],
        },
        {
            title: "E13 the circuit breaker of egov-hello",
            labels: { alertname: "CircuitBreakerOpen", service: "egov-hello", severity: "critical" },
            receivers: [slack, ...(pagerduty ? ["pagerduty-critical"] : [])],
        },
        {
            title: "E13 an alert of another severity",
            labels: { alertname: "Watchdog", severity: "info" },
            receivers: [slack],
        },
        { title: "E13 an alert without a severity", labels: { alertname: "Watchdog" }, receivers: [slack] },
    ];
}
