import { stringify } from "yaml";

/** Cases of rules as typed values, and the file that `promtool test rules` reads. */

/** A series of the input: every value stands for one step. */
export interface InputSeries {
    /** `name{label="value"}` */
    readonly series: string;
    /** promtool's notation: `0+10x20` is 0, 10, ... 200. */
    readonly values: string;
}

/** What an alert has beside its name. */
export interface ExpectedAlert {
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
}

/** What an expression gives at a moment. */
export interface ExpectedSamples {
    readonly expr: string;
    /** `name{label="value"}` and the value; none: the expression gives nothing. */
    readonly samples: readonly { readonly labels: string; readonly value: number }[];
}

/** What a case proves of its rule: an alert fires, does not fire, or ends; a recorded series has its value, or is not there. */
export type CaseKind = "fires" | "is quiet" | "resolves" | "records" | "records nothing";

/** One case of one rule. */
export interface RuleCase {
    /** `<group>/<alert or record>`, and for several alerts of a name in a group `/<window>`. */
    readonly rule: string;
    readonly kind: CaseKind;
    /** Milliseconds between two samples and two evaluations. */
    readonly step: number;
    readonly input: readonly InputSeries[];
    /** Step after which it is looked at. */
    readonly at: number;
    /** The alerts of a name that fire then; compared with labels and annotations. */
    readonly alerts?: { readonly name: string; readonly expected: readonly ExpectedAlert[] };
    /** Further expressions. */
    readonly expressions?: readonly ExpectedSamples[];
}

/** A counter that grows by so much a step, for so many steps, and then in another way. */
export function counter(...phases: readonly (readonly [perStep: number, steps: number])[]): string {
    let value = 0;
    return phases
        .map(([perStep, steps]) => {
            const from = value;
            value += perStep * steps;
            // `a+bxn` is n + 1 values: the last one of a phase is the first one of the next.
            return `${from}+${perStep}x${steps - 1}`;
        })
        .join(" ");
}

/** A gauge that has a value for so many steps, and then another one. */
export function gauge(...phases: readonly (readonly [value: number, steps: number])[]): string {
    return phases.map(([value, steps]) => `${value}x${steps - 1}`).join(" ");
}

/** `name{label="value"}` */
export function series(name: string, labels: Readonly<Record<string, string>>): string {
    const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
    return `${name}{${pairs.join(", ")}}`;
}

/** What `promtool test rules` reads for one case. */
export function promtoolFile(
    { rule, kind, step, input, at, alerts, expressions = [] }: RuleCase,
    files: readonly string[],
    groups: readonly string[],
): string {
    const evalTime = `${at * step}ms`;
    return stringify(
        {
            rule_files: files,
            evaluation_interval: `${step}ms`,
            fuzzy_compare: true,
            group_eval_order: groups,
            tests: [
                {
                    name: `${rule} ${kind}`,
                    interval: `${step}ms`,
                    input_series: input,
                    ...(alerts && {
                        alert_rule_test: [
                            {
                                eval_time: evalTime,
                                alertname: alerts.name,
                                exp_alerts: alerts.expected.map(({ labels, annotations }) => ({
                                    exp_labels: labels,
                                    exp_annotations: annotations,
                                })),
                            },
                        ],
                    }),
                    promql_expr_test: expressions.map(({ expr, samples }) => ({
                        expr,
                        eval_time: evalTime,
                        exp_samples: samples,
                    })),
                },
            ],
        },
        { lineWidth: 0 },
    );
}
