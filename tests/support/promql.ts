import { parser } from "@prometheus-io/lezer-promql";

/** What Prometheus' own grammar cannot read in an expression: the texts of the places, none where it is PromQL. */
export function syntaxErrors(expr: string): string[] {
    const errors: string[] = [];
    parser.parse(expr).iterate({
        enter: ({ type, from, to }) => {
            if (type.isError) errors.push(`at ${from}: ${JSON.stringify(expr.slice(Math.max(0, from - 20), to + 20))}`);
        },
    });
    return errors;
}
