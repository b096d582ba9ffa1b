import http from "node:http";
import { defineSpec } from "../../spec";
import { proxyContainer } from "../../target/kubernetes";
import type { Pod, Target } from "../../target/target";
import { fail } from "../support/answers";
import { applicationPods } from "../support/names";
import {
    alertmanagerName,
    askPrometheus,
    jobs,
    monitoringEvidence,
    monitoringNamespace,
    prometheusName,
    query,
    remaining,
} from "../support/prometheus";

/** Milliseconds that Prometheus has to answer at its NodePort. */
const answerTime = 10_000;

export const prometheus = defineSpec({
    name: "prometheus",
    description:
        "Prometheus answers at its NodePort, scrapes every proxy, the control plane and itself, has loaded its rule files and knows Alertmanager.",
    needs: ["monitoring"],
    locks: () => [],
    checks: {
        nodePort: {
            ids: ["E11"],
            title: "E11 Prometheus: it answers at its NodePort",
            needs: ["node-ports"],
        },
        targets: {
            ids: ["E11"],
            title: "E11 Prometheus: every proxy by its pod, istiod, Prometheus and Alertmanager are scraped, and nothing else of these jobs",
        },
        rules: {
            ids: ["E11"],
            title: "E11 Prometheus: every rule file below /etc/prometheus/rules is loaded, and no rule fails",
        },
        alertmanager: { ids: ["E11"], title: "E11 Prometheus: it sends alerts to alertmanager:9093" },
    },
    evidence: async (target) => monitoringEvidence(target),
    async run({ target, config, signal, check, all }) {
        const namespace = monitoringNamespace(target);
        const action = `kubectl -n ${namespace} get pods,services,configmaps; kubectl -n ${namespace} logs deployment/${prometheusName}`;
        await all(
            () =>
                check("nodePort", async () => {
                    const { nodePort } = config.monitoring.prometheus;
                    const url = `http://${target.gateway.address}:${nodePort}/api/v1/query?query=vector(1)`;
                    const seen = await get(url);
                    if (/^200 .*"success"/.test(seen)) return;
                    fail({
                        expected: `an answer to a query at ${url}`,
                        seen,
                        cause: "Prometheus is not ready, or its Service has another NodePort or selector",
                        action,
                    });
                }),
            () =>
                check("targets", async () => {
                    const problems = await remaining(target, signal, () => targetProblems(target));
                    if (problems.length === 0) return;
                    fail({
                        expected: "exactly the declared targets, all of them up",
                        seen: problems.slice(0, 10).join("; "),
                        cause: "a job of Prometheus is missing or looks for another port, a NetworkPolicy keeps Prometheus away, or the target is broken",
                        action: `${action}; the pod's page /api/v1/targets says why a scrape failed`,
                    });
                }),
            () =>
                check("rules", async () => {
                    const problems = await remaining(target, signal, () => ruleProblems(target));
                    if (problems.length === 0) return;
                    fail({
                        expected:
                            "every file of the ConfigMap prometheus-rules loaded, and every rule evaluated without an error",
                        seen: problems.slice(0, 10).join("; "),
                        cause: "the ConfigMap is not mounted at /etc/prometheus/rules, Prometheus does not look there, or a rule is wrong",
                        action,
                    });
                }),
            () =>
                check("alertmanager", async () => {
                    const address = `http://${alertmanagerName}:9093/api/v2/alerts`;
                    const problems = await remaining(target, signal, async () => {
                        const { activeAlertmanagers: active } = await askPrometheus<{
                            activeAlertmanagers: { url: string }[];
                        }>(target, "alertmanagers");
                        const urls = active.map(({ url }) => url);
                        return urls.length === 1 && urls[0] === address ? [] : [urls.join(", ") || "none"];
                    });
                    if (problems.length === 0) return;
                    fail({
                        expected: `alerts go to ${address} alone`,
                        seen: problems.join("; "),
                        cause: "the section alerting of Prometheus' settings is not the declared one",
                        action,
                    });
                }),
        );
    },
});

/** Status and body of a GET, or why there was none. */
function get(url: string): Promise<string> {
    return new Promise((resolve) => {
        const request = http.get(url, { timeout: answerTime }, (response) => {
            let body = "";
            response.on("data", (chunk) => (body += chunk));
            response.on("end", () => resolve(`${response.statusCode} ${body.slice(0, 500)}`));
            response.on("error", (error) => resolve(error.message));
        });
        request.on("timeout", () => request.destroy(new Error(`no answer within ${answerTime / 1000} s`)));
        request.on("error", (error) => resolve(error.message));
    });
}

/** Targets that are missing or down, and such that nobody has declared: `job of namespace/pod`. */
async function targetProblems(target: Target): Promise<string[]> {
    const own = [...Object.values(jobs), prometheusName, alertmanagerName];
    const [wanted, samples] = await Promise.all([
        declaredTargets(target),
        query(target, `up{job=~"${own.join("|")}"}`),
    ]);
    const seen = new Map(
        samples.map(({ labels, value }) => {
            const where = labels["pod"] ? ` of ${labels["namespace"]}/${labels["pod"]}` : "";
            return [`${labels["job"]}${where}`, value];
        }),
    );
    return [
        ...wanted.filter((name) => !seen.has(name)).map((name) => `${name} is not scraped`),
        ...wanted.filter((name) => seen.get(name) === 0).map((name) => `${name} is down`),
        ...[...seen.keys()].filter((name) => !wanted.includes(name)).map((name) => `${name} is not declared`),
    ];
}

async function declaredTargets(target: Target): Promise<string[]> {
    const inIstio = await target.kubernetes.pods("istio-system");
    const pods = [...(await applicationPods(target)), ...inIstio];
    const named = (job: string, of: readonly Pod[]) =>
        of.map(({ namespace, name }) => `${job} of ${namespace}/${name}`);
    return [
        prometheusName,
        alertmanagerName,
        ...named(
            jobs.proxies,
            pods.filter(({ containers }) => containers.some(({ name }) => name === proxyContainer)),
        ),
        ...named(
            jobs.controlPlane,
            inIstio.filter(({ labels }) => labels["istio"] === "pilot"),
        ),
    ];
}

/** Files of the ConfigMap that are not loaded, and rules that are not well. */
async function ruleProblems(target: Target): Promise<string[]> {
    const declared = await target.kubernetes.object<{ metadata: { name: string }; data?: Record<string, string> }>({
        ...{ apiVersion: "v1", kind: "ConfigMap", namespace: monitoringNamespace(target) },
        name: "prometheus-rules",
    });
    const files = Object.keys(declared?.data ?? {}).map((name) => `/etc/prometheus/rules/${name}`);
    const { groups } = await askPrometheus<{
        groups: { file: string; rules: { name: string; health: string; lastError?: string }[] }[];
    }>(target, "rules");
    const loaded = new Set(groups.map(({ file }) => file));
    const sick = groups.flatMap(({ rules }) => rules).filter(({ health }) => health !== "ok");
    return [
        ...(files.length === 0 ? ["the ConfigMap prometheus-rules has no file"] : []),
        ...files.filter((file) => !loaded.has(file)).map((file) => `${file} is not loaded`),
        ...[...loaded].filter((file) => !files.includes(file)).map((file) => `${file} is not declared`),
        ...sick.map(({ name, health, lastError }) => `${name} is ${health}${lastError ? `: ${lastError}` : ""}`),
    ];
}
