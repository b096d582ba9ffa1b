import type { PlatformConfig } from "../../../../components/config/platform";
import { milliseconds } from "../../../../components/config/units";

/** The alerts that the configuration declares, in the suite's own words: the program's rules are not asked. */

export interface DeclaredAlert {
    readonly group: string;
    readonly name: string;
    readonly severity: "critical" | "warning";
    /** Seconds for which the condition must hold. */
    readonly held: number;
    /** The condition, without spaces. */
    readonly condition: string;
}

/** The alerts of the documents. */
export function documentedAlerts({ egov, ecommerce, monitoring: { rules } }: PlatformConfig): DeclaredAlert[] {
    const { circuitBreaker, highErrorRate, highLatency, podDown, overflow } = rules;
    const errors = circuitBreaker.errors ?? egov.outlierDetection.consecutive5xxErrors;
    const seconds = (duration: string) => milliseconds(duration) / 1000;
    const shop = `namespace="${ecommerce.namespace}"`;
    const rate = (labels: string, window: string) =>
        `sum(rate(istio_requests_total{${shop}${labels}}[${window}]))by(destination_service_name)`;
    const own = "ecommerce-services";
    return [
        ...(egov.enabled
            ? [
                  {
                      group: "CircuitBreakerAlerts",
                      name: "CircuitBreakerOpen",
                      severity: "critical" as const,
                      held: seconds(circuitBreaker.for),
                      condition: `sum(increase(istio_requests_total{response_code=~"5.*",destination_service="egov-hello.${egov.namespaces.app}.svc.cluster.local"}[${circuitBreaker.window}]))by(destination_service)>${errors}`,
                  },
              ]
            : []),
        ...(ecommerce.enabled
            ? ([
                  {
                      ...{ group: own, name: "HighErrorRate", severity: "critical", held: seconds(highErrorRate.for) },
                      condition: `${rate(',response_code=~"5.."', highErrorRate.window)}/${rate("", highErrorRate.window)}>${Number((highErrorRate.above / 100).toPrecision(12))}`,
                  },
                  {
                      ...{ group: own, name: "HighLatency", severity: "warning", held: seconds(highLatency.for) },
                      condition: `histogram_quantile(0.95,sum(rate(istio_request_duration_milliseconds_bucket{${shop}}[${highLatency.window}]))by(destination_service_name,le))>${milliseconds(highLatency.above)}`,
                  },
                  {
                      ...{ group: own, name: "PodDown", severity: "critical", held: seconds(podDown.for) },
                      condition: `kube_deployment_status_replicas_available{${shop}}<kube_deployment_spec_replicas{${shop}}`,
                  },
                  {
                      ...{ group: own, name: "CircuitBreakerOpen", severity: "warning", held: seconds(overflow.for) },
                      condition: `${rate(',response_flags=~".*UO.*"', overflow.window)}>0`,
                  },
              ] satisfies DeclaredAlert[])
            : []),
    ];
}

/** An expression as Prometheus or a person writes it, without what makes it readable: `sumby(x)(...)` becomes `sum(...)by(x)`. */
export function packed(expression: string): string {
    const text = expression.replace(/\s+/g, "").replace(/\{([^}]*)\}/g, (_, labels: string) => {
        // Prometheus sorts what a selector compares.
        return `{${labels.split(",").sort().join()}}`;
    });
    // Prometheus prints the grouping before what is summed.
    let moved = "";
    for (let at = 0; at < text.length;) {
        const match = /^(sumby\([^)]*\))\(/.exec(text.slice(at));
        if (!match) {
            moved += text[at++];
            continue;
        }
        const grouping = match[1]!.slice("sum".length);
        const begin = at + match[0].length;
        const end = closing(text, begin);
        moved += `sum(${packed(text.slice(begin, end))})${grouping}`;
        at = end + 1;
    }
    return moved;
}

/** Where the parenthesis ends that was opened just before a position. */
function closing(text: string, from: number): number {
    let depth = 1;
    for (let at = from; at < text.length; at++) {
        if (text[at] === "(") depth++;
        if (text[at] === ")" && --depth === 0) return at;
    }
    return text.length;
}
