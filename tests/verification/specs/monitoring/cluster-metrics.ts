import { milliseconds } from "../../../../components/config/units";
import { defineSpec } from "../../spec";
import { fail } from "../support/answers";
import { monitoringEvidence, monitoringNamespace, query } from "../support/prometheus";
import { settled } from "../support/settled";

/** Milliseconds beyond some scrapes that a busy machine may take; a kubelet measures a new container within half a minute. */
const PATIENCE = 45_000;

interface PodObject {
    metadata: { name: string; namespace?: string; deletionTimestamp?: string };
    status?: { phase?: string; conditions?: { type: string; status: string }[] };
    spec?: Record<string, unknown>;
    [field: string]: unknown;
}

/** What is in one list and not in the other. */
function difference(told: readonly string[], actual: readonly string[]): string[] {
    return [
        ...actual.filter((one) => !told.includes(one)).map((one) => `${one} is not measured`),
        ...told.filter((one) => !actual.includes(one)).map((one) => `${one} is measured and not there`),
    ];
}

export const clusterMetrics = defineSpec({
    name: "cluster-metrics",
    description:
        "What Prometheus says of Kubernetes is compared with Kubernetes itself: the pods, which of them are ready, the nodes, and the containers whose use the kubelets measure. Names are compared, not numbers of them.",
    needs: ["monitoring", "cluster-metrics"],
    locks: () => [],
    checks: {
        pods: {
            ids: ["C16"],
            title: "C16 pods: Prometheus knows exactly the pods of the cluster",
        },
        ready: {
            ids: ["C16"],
            title: "C16 readiness: Prometheus takes exactly those pods for ready that are, which PodDown depends on",
        },
        nodes: { ids: ["C17"], title: "C17 nodes: processors and memory of every node are measured, and nothing else" },
        containers: {
            ids: ["C17", "S8"],
            title: "C17 S8 containers: processor and memory of every container that runs are measured",
        },
    },
    evidence: async (target) => monitoringEvidence(target),
    async run({ target, config, check, all, signal }) {
        const namespace = monitoringNamespace(target);
        const time = 4 * milliseconds(config.monitoring.prometheus.scrapeInterval) + PATIENCE;
        const cluster = (kind: string) =>
            target.kubernetes.objects<PodObject>({ apiVersion: "v1", kind, namespace: "", name: "" });
        const pods = async () =>
            (await cluster("Pod")).filter(
                ({ metadata, status }) => !metadata.deletionTimestamp && status?.phase === "Running",
            );
        const id = (...parts: (string | undefined)[]) => parts.join("/");
        const told = async (expr: string, ...labels: string[]) =>
            (await query(target, expr)).map((series) => id(...labels.map((label) => series.labels[label])));
        const compare = async (what: string, problems: () => Promise<string[]>, action: string) => {
            const left = await settled(problems, signal, time);
            if (left.length === 0) return;
            fail({
                expected: `${what} as the API server has them`,
                seen: left.join("; "),
                cause: "Prometheus does not scrape who tells it, or that one may not list them",
                action,
            });
        };
        const logs = (name: string) => `kubectl -n ${namespace} logs ${name}`;

        await all(
            () =>
                check("pods", () =>
                    compare(
                        "the pods",
                        async () =>
                            difference(
                                await told('kube_pod_status_phase{phase="Running"} == 1', "namespace", "pod"),
                                (await pods()).map(({ metadata }) => id(metadata.namespace, metadata.name)),
                            ),
                        logs("deployment/kube-state-metrics"),
                    ),
                ),
            () =>
                check("ready", () =>
                    compare(
                        "the ready pods",
                        async () =>
                            difference(
                                await told(
                                    'kube_pod_status_ready{condition="true"} == 1 and on (namespace, pod) kube_pod_status_phase{phase="Running"} == 1',
                                    ...["namespace", "pod"],
                                ),
                                (await pods())
                                    .filter(({ status }) =>
                                        status?.conditions?.some(
                                            ({ type, status: is }) => type === "Ready" && is === "True",
                                        ),
                                    )
                                    .map(({ metadata }) => id(metadata.namespace, metadata.name)),
                            ),
                        logs("deployment/kube-state-metrics"),
                    ),
                ),
            () =>
                check("nodes", () =>
                    compare(
                        "the nodes",
                        async () => {
                            const nodes = (await cluster("Node")).map(({ metadata }) => metadata.name);
                            return [
                                ...difference(await told("node_memory_MemTotal_bytes > 0", "instance"), nodes),
                                ...difference(
                                    await told("count by (instance) (node_cpu_seconds_total)", "instance"),
                                    nodes,
                                ),
                            ];
                        },
                        logs("daemonset/node-exporter"),
                    ),
                ),
            () =>
                check("containers", () =>
                    compare(
                        "the containers",
                        async () => {
                            const running = (await pods()).flatMap(({ metadata, status }) =>
                                runningContainers(status).map((name) => id(metadata.namespace, metadata.name, name)),
                            );
                            const measured = async (metric: string) => {
                                const by = ["namespace", "pod", "container"];
                                const expr = `count by (${by.join(", ")}) (${metric}{container!="", pod!=""})`;
                                const names = await told(expr, ...by);
                                // Those that have just ended are still told of for some minutes.
                                return running
                                    .filter((name) => !names.includes(name))
                                    .map((name) => `${name}: no ${metric}`);
                            };
                            return [
                                ...(await measured("container_memory_working_set_bytes")),
                                ...(await measured("container_cpu_usage_seconds_total")),
                            ];
                        },
                        "http://127.0.0.1:9090/targets of Prometheus shows whether the job kubelet-cadvisor is up",
                    ),
                ),
        );
    },
});

/** Containers and sidecars that run. */
function runningContainers(status: PodObject["status"]): string[] {
    const { containerStatuses = [], initContainerStatuses = [] } = (status ?? {}) as {
        containerStatuses?: { name: string; state?: { running?: object } }[];
        initContainerStatuses?: { name: string; state?: { running?: object } }[];
    };
    return [...containerStatuses, ...initContainerStatuses].flatMap(({ name, state }) =>
        state?.running ? [name] : [],
    );
}
