import { stackFileConfig } from "../support/program";
import { platform } from "../../components/config/platform";
import { isAlert, type Rule } from "../../components/monitoring/rule";
import { rulesOf } from "../../components/monitoring/rule-files";
import { suites } from "../verification/specs";
import { ruleCases } from "./rule-cases";

/** docs/alerts.md: every rule with its source, its expression and what tests it, by the documents' own numbers. */

/** Where a group of rules comes from. */
const sources: Readonly<Record<string, string>> = {
    CircuitBreakerAlerts: "E12: the e-Government guide, 6.1",
    "ecommerce-services": "C16: the e-commerce report, phase 3, 3.2",
    "error-budget": "Google's SRE workbook, Alerting on SLOs",
    "golden-signals": "C15: the e-commerce report, phase 3, 3.1",
    "error-ratios": "what ErrorBudgetBurn compares",
};

/** The spec that gives an alert a real cause, or compares what is recorded with a load. */
const specs: Readonly<Record<string, string>> = {
    "CircuitBreakerAlerts/CircuitBreakerOpen": "alert-egov-circuit-breaker",
    "ecommerce-services/HighErrorRate": "alert-error-rate",
    "ecommerce-services/HighLatency": "alert-latency",
    "ecommerce-services/PodDown": "alert-pod-down",
    "ecommerce-services/CircuitBreakerOpen": "alert-overflow",
    "golden-signals": "golden-signals",
};

const head = `# Alerts and recorded series

Generated from the rules and their cases: \`npx tsx tests/alerts/docs.ts\`; a test compares. The numbers are the defaults, which are the
documents'; a stack changes them under \`monitoring.rules\`.

Every alert has cases for the real \`promtool test rules\` in which it fires, does not fire and ends, every recorded series one with and one
without a value (\`tests/alerts/rule-cases.ts\`, run by \`npm test\`), every route of Alertmanager one for \`amtool config routes test\`. On a running mesh
\`npm run alerts\` gives the alerts of the documents real causes, and the suite after a deployment sends the guide's TestAlert (E14).

`;

const tail = `
## Where the rules differ from the documents

- The alerts are the documents' expressions, word for word, with the configuration's namespaces and numbers. The e-commerce alerts have a label
  \`service\` beside the documents' own: Alertmanager groups by it and Slack shows it (E13).
- \`namespace\` in the expressions of C16 is where the proxy runs that tells of a request. What the gateway alone sees of the shop (its own time-outs, an
  overflow towards a service) is not in them; ErrorBudgetBurn and the recorded series are about what callers got, the gateway included.
- The documents' golden signals count a request twice, once for the caller's and once for the receiver's proxy, and a container's processor and memory twice, since cAdvisor
  has a series of the whole pod beside them. The recorded series count once.
- \`increase\` and \`rate\` know nothing of errors before the first scrape that has them: errors that all come between two scrapes, of a kind that
  the proxy has not counted before, are not seen. With a scrape every 15 s the guide's twenty requests in ten seconds may be such.
- CircuitBreakerOpen of egov-hello is about errors, not about the circuit breaker: it fires on any traffic to a deployment with the guide's error pod, after
  each of its returns.
- Slack's text is one line: the guide's YAML (\`>-\`) folds it so.

## What is not proved

ErrorBudgetBurn is proved by promtool alone: its windows are hours. That Slack, PagerDuty and a mail server take the messages is not proved: the
recorder of the test clusters answers as they do. It takes mail without TLS and without a password.
`;

/** How a case names its rule. */
function caseName(group: string, rule: Rule): string {
    if (!isAlert(rule)) return `${group}/${rule.record}`;
    return `${group}/${rule.alert}${rule.labels["window"] === undefined ? "" : `/${rule.labels["window"]}`}`;
}

export function alertsPage(): string {
    const config = platform.parse({ ...stackFileConfig("local"), monitoring: { enabled: true } });
    const cases = ruleCases(config, config.monitoring.rules);
    const all = Object.entries(rulesOf(config)).flatMap(([file, groups]) =>
        groups.flatMap(({ name, rules }) => rules.map((rule) => ({ file, group: name, rule }))),
    );
    const cell = (text: string) => text.replaceAll("|", "\\|");
    const tested = (group: string, rule: Rule) => {
        const own = cases.filter((one) => one.rule === caseName(group, rule));
        const kinds = [...new Set(own.map(({ kind }) => kind))].map(
            (kind) => `${kind} (${own.filter((one) => one.kind === kind).length})`,
        );
        const spec = specs[`${group}/${isAlert(rule) ? rule.alert : ""}`] ?? specs[group];
        return `${kinds.join(", ")}${spec === undefined ? "" : `; \`${spec}\``}`;
    };
    const alerts = all.flatMap(({ file, group, rule }) =>
        isAlert(rule)
            ? [
                  `| ${rule.alert}${rule.labels["window"] ? ` (${rule.labels["window"]})` : ""} | ${sources[group]} | \`${cell(rule.expr)}\` | ${rule.for} | ${rule.labels["severity"]} | ${tested(group, rule)} | ${file} |`,
              ]
            : [],
    );
    const recorded = all.flatMap(({ file, group, rule }) =>
        isAlert(rule)
            ? []
            : [
                  `| \`${rule.record}\` | ${sources[group]} | \`${cell(rule.expr)}\` | ${tested(group, rule)} | ${file} |`,
              ],
    );
    return [
        head,
        "## Alerts\n\n| Alert | Source | Condition | For | Severity | Tests: promtool; suite | File |\n| --- | --- | --- | --- | --- | --- | --- |\n",
        alerts.join("\n"),
        "\n\n## Recorded series\n\n| Series | Source | Expression | Tests: promtool; suite | File |\n| --- | --- | --- | --- | --- |\n",
        recorded.join("\n"),
        "\n",
        tail,
    ].join("");
}

/** Specs that the page names and that no suite has. */
export function unknownSpecs(): string[] {
    const known = new Set(
        Object.values(suites)
            .flat()
            .map(({ name }) => name),
    );
    return Object.values(specs).filter((name) => !known.has(name));
}
