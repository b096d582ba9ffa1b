import http from "node:http";
import { defineSpec } from "../../spec";
import { proxyContainer } from "../../target/kubernetes";
import type { Pod, Target } from "../../target/target";
import { fail } from "../support/answers";
import { applicationPods } from "../support/names";
import {
    alertmanagerName,
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
    description: "Prometheus answers at its NodePort, scrapes every proxy, the control plane, Alertmanager and itself.",
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
