/** Prometheus' rules as typed values: what `promtool` reads, nothing more. */

/** An expression that is computed ahead of time and kept as a series. */
export interface RecordingRule {
    /** Name of the series: `level:metric:operation`. */
    readonly record: string;
    readonly expr: string;
}

/** A condition that somebody is told of. */
export interface AlertRule {
    readonly alert: string;
    /** Every series that it gives is one alert. */
    readonly expr: string;
    /** Time for which it must hold before the alert fires. */
    readonly for: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
}

export type Rule = RecordingRule | AlertRule;

/** Rules that are evaluated one after the other, at the same moment. */
export interface RuleGroup {
    readonly name: string;
    /** Time between two evaluations. Default: Prometheus' own. */
    readonly interval?: string;
    readonly rules: readonly Rule[];
}

/** Name of the file -> its groups. */
export type RuleFiles = Readonly<Record<string, readonly RuleGroup[]>>;

/** Whether a rule tells somebody. */
export function isAlert(rule: Rule): rule is AlertRule {
    return "alert" in rule;
}

/** `{name="value", name=~"value"}`: the values are compared as they are, or as a regular expression by a leading `~`. */
export function selector(labels: Readonly<Record<string, string>>): string {
    const matchers = Object.entries(labels).map(([name, value]) =>
        value.startsWith("~") ? `${name}=~"${value.slice(1)}"` : `${name}="${value}"`,
    );
    return `{${matchers.join(", ")}}`;
}
