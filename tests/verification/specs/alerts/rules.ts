import { ALERTMANAGER } from "../../../../components/config/monitoring/prometheus";
import { defineSpec } from "../../spec";
import { fail } from "../support/answers";
import { Alerting, alertingEvidence, type LoadedRule } from "../support/alerting";
import { documentedAlerts, packed } from "../support/declared-alerts";
import { settled } from "../support/settled";

/** Where Prometheus finds its rules (E11). */
const ruleFolder = "/etc/prometheus/rules/";
/** Milliseconds in which every rule has been evaluated at least once. */
const firstEvaluation = 35_000;
/** Milliseconds in which Prometheus has found its Alertmanager: it looks every five seconds. */
const discovery = 10_000;

/** Names of what is recorded of every service (C15). */
const goldenSignals = [
    "service:istio_request_duration_milliseconds:p95",
    "service:istio_requests:rate",
    "service:istio_requests:error_ratio",
    "workload:container_cpu:request_utilization",
    "workload:container_memory:limit_utilization",
];

export const alertRules = defineSpec({
    name: "alert-rules",
    description:
        "Prometheus has loaded the declared rules from the files of E11, each with the declared condition, time and severity, evaluates all of them without an error, and sends what fires to Alertmanager.",
    needs: ["monitoring"],
    locks: () => [],
    checks: {
        alerts: {
            ids: ["E12", "C16"],
            title: "E12 C16 rules: every alert of the documents is loaded with its condition, time and severity",
        },
        signals: { ids: ["C15"], title: "C15 rules: the four golden signals are recorded" },
        evaluated: {
            ids: ["E11"],
            title: "E11 rules: Prometheus evaluates every rule of its rule files without an error",
        },
        alertmanager: { ids: ["E11", "E13"], title: "E11 E13 Alertmanager: Prometheus sends what fires to it" },
    },
    evidence: alertingEvidence,
    async run({ target, config, check, all, signal }) {
        const alerting = new Alerting(target);
        const namespace = config.egov.namespaces.monitoring;
        const action = `kubectl -n ${namespace} get configmap prometheus-rules -o yaml; the pod of Prometheus mounts it at ${ruleFolder}`;

        await all(
            () =>
                check("alerts", async () => {
                    const loaded = (await alerting.groups()).flatMap(({ name, rules }) =>
                        rules.map((rule) => ({ ...rule, group: name })),
                    );
                    const problems = documentedAlerts(config).flatMap(({ group, name, severity, held, condition }) => {
                        const rule = loaded.find((one) => one.group === group && one.name === name);
                        const what = `${group}/${name}`;
                        if (!rule) return [`${what} is missing`];
                        const seen = `${what}: ${packed(rule.query)} for ${rule.duration} s, severity ${rule.labels?.["severity"]}`;
                        const wanted = `${what}: ${packed(condition)} for ${held} s, severity ${severity}`;
                        return seen === wanted ? [] : [`${seen}, not ${wanted}`];
                    });
                    if (problems.length === 0) return;
                    fail({
                        expected: "the alerts of E12 and C16 with the numbers of monitoring.rules",
                        seen: problems.join("; "),
                        cause: "the ConfigMap prometheus-rules was changed, or Prometheus does not mount it",
                        action,
                    });
                }),
            () =>
                check("signals", async () => {
                    const names = (await alerting.groups()).flatMap(({ rules }) => rules.map(({ name }) => name));
                    const missing = goldenSignals.filter((name) => !names.includes(name));
                    if (missing.length === 0) return;
                    fail({
                        expected: goldenSignals.join(", "),
                        seen: `not recorded: ${missing.join(", ")}`,
                        cause: "the ConfigMap prometheus-rules was changed, or Prometheus does not mount it",
                        action,
                    });
                }),
            () =>
                check("evaluated", async () => {
                    const problems = await settled(() => evaluationProblems(alerting), signal, firstEvaluation);
                    if (problems.length === 0) return;
                    fail({
                        expected: `every rule of ${ruleFolder}*.yaml is evaluated without an error`,
                        seen: problems.join("; "),
                        cause: "an expression fails on the series that are there, for example because two of them have the same labels, or no rule is loaded",
                        action,
                    });
                }),
            () =>
                check("alertmanager", async () => {
                    const wanted = `http://${ALERTMANAGER.name}:${ALERTMANAGER.port}/api/v2/alerts`;
                    let known: string[] = [];
                    const problems = async () => {
                        known = await alerting.alertmanagers();
                        return known.join() === wanted ? [] : [known];
                    };
                    if ((await settled(problems, signal, discovery)).length === 0) return;
                    fail({
                        expected: `alerts are sent to ${wanted}`,
                        seen: known.join(", ") || "Prometheus knows no Alertmanager",
                        cause: "alerting.alertmanagers in Prometheus' settings was changed",
                        action: `kubectl -n ${namespace} get configmap prometheus -o yaml`,
                    });
                }),
        );
    },
});

async function evaluationProblems(alerting: Alerting): Promise<string[]> {
    const groups = await alerting.groups();
    if (groups.length === 0) return ["no rule is loaded"];
    return groups.flatMap(({ name, file, rules }) => [
        ...(file.startsWith(ruleFolder) ? [] : [`${name} comes from ${file}`]),
        ...rules
            .filter((rule) => rule.health !== "ok")
            .map((rule: LoadedRule) => `${name}/${rule.name}: ${rule.health} ${rule.lastError ?? ""}`.trim()),
    ]);
}
