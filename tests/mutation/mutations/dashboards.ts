import { apiVersionOf, type PlainObject, type Reference } from "../cluster/api";
import type { Mesh } from "../cluster/mesh";
import type { Mutation } from "../mutation";
import { inPods, isReady } from "./look";
import { union } from "./red";

/** Mistakes in what is measured of the cluster, and in the dashboards that show it. */

const inMonitoring = (mesh: Pick<Mesh, "config">, kind: Reference["kind"], name: string): Reference => ({
    kind,
    namespace: mesh.config.egov.namespaces.monitoring,
    name,
});

const dataOf = (object: PlainObject | undefined) => (object?.["data"] ?? {}) as Record<string, string>;

/** A query of a dashboard asks for what nobody tells: its panel would stay empty. */
function misspelled(
    { uid, right, wrong }: { uid: string; right: string; wrong: string },
    mutation: Pick<Mutation, "name" | "description" | "needs" | "expectRed">,
): Mutation {
    const map = (mesh: Pick<Mesh, "config">) => inMonitoring(mesh, "ConfigMap", `dashboard-${uid}`);
    return {
        ...mutation,
        ids: ["C17"],
        apply: (changes, mesh) =>
            changes.edit(map(mesh), (object) => {
                const data = Object.entries(dataOf(object));
                if (!data.some(([, text]) => text.includes(right))) throw new Error(`${uid} does not ask for ${right}`);
                object["data"] = Object.fromEntries(data.map(([file, text]) => [file, text.replaceAll(right, wrong)]));
            }),
        traces: async (mesh) => [
            Object.values(dataOf(await mesh.api.get(map(mesh)))).some((text) => text.includes(wrong)),
        ],
    };
}

/** What half of the resource dashboard asks for is not told. */
const resourcesSilent = { dashboards: ["resources"] };

const kubeStateMetrics = "kube-state-metrics";
const nodeExporter = "node-exporter";
const prometheus = "prometheus";
const changedSettings = `${prometheus}-changed`;

/** The settings that a pod of Prometheus has mounted. */
const settingsOf = ({ spec }: PlainObject) =>
    (spec.volumes as { name: string; configMap?: { name: string } }[]).find(({ name }) => name === "settings")!
        .configMap!;

export const dashboards: readonly Mutation[] = [
    misspelled(
        {
            uid: "service-overview",
            right: "istio_request_duration_milliseconds_bucket",
            wrong: "istio_request_duration_seconds_bucket",
        },
        {
            name: "dashboard-services-other-metric",
            description: "The service overview asks for latencies under a name that no proxy uses.",
            needs: ["monitoring"],
            expectRed: { dashboards: ["services"] },
        },
    ),
    misspelled(
        {
            uid: "resource-usage",
            right: "container_memory_working_set_bytes",
            wrong: "container_memory_working_set",
        },
        {
            name: "dashboard-resources-other-metric",
            description: "The resource dashboard asks for memory under a name that no kubelet uses.",
            needs: ["monitoring", "cluster-metrics"],
            expectRed: resourcesSilent,
        },
    ),
    misspelled(
        { uid: "istio-metrics", right: "source_workload, ", wrong: "source_workload_of, source_deployment=" },
        {
            name: "dashboard-istio-not-promql",
            description: "A query of the Istio dashboard is no PromQL.",
            needs: ["monitoring"],
            expectRed: { dashboards: ["istio"] },
        },
    ),
    misspelled(
        { uid: "business-metrics", right: "orders_created_total", wrong: "orders_total" },
        {
            name: "dashboard-business-other-metric",
            description: "The business dashboard asks for orders under a name that the service does not use.",
            needs: ["monitoring", "ecommerce", "sample-app"],
            expectRed: { dashboards: ["business"] },
        },
    ),
    {
        name: "dashboard-without-label",
        ids: ["C17"],
        description: "A dashboard has lost the label by which Grafana's sidecar finds it.",
        needs: ["monitoring"],
        apply: (changes, mesh) =>
            changes.edit(inMonitoring(mesh, "ConfigMap", "dashboard-service-overview"), ({ metadata }) => {
                delete metadata.labels?.[mesh.config.monitoring.dashboards.label];
            }),
        traces: async (mesh) => {
            const map = await mesh.api.get(inMonitoring(mesh, "ConfigMap", "dashboard-service-overview"));
            return [!map?.metadata.labels?.[mesh.config.monitoring.dashboards.label]];
        },
        expectRed: { dashboards: ["provisioned", "services"] },
    },
    {
        name: "pods-not-told",
        ids: ["C16"],
        description: "kube-state-metrics tells nothing of pods: PodDown would never fire.",
        needs: ["monitoring", "cluster-metrics"],
        apply: (changes, mesh) =>
            changes.edit(inMonitoring(mesh, "Deployment", kubeStateMetrics), ({ spec }) => {
                const [container] = spec.template.spec.containers as { args: string[] }[];
                container!.args = container!.args.map((arg) => arg.replace("--resources=pods,", "--resources="));
            }),
        traces: (mesh) =>
            inPods(
                mesh,
                mesh.config.egov.namespaces.monitoring,
                kubeStateMetrics,
                (pod) => isReady(pod) && !JSON.stringify(pod.spec.containers).includes("=pods,"),
            ),
        expectRed: union({ "cluster-metrics": ["pods", "ready"] }, resourcesSilent),
    },
    {
        name: "nodes-not-measured",
        ids: ["C17"],
        description: "The node exporter runs on no node.",
        needs: ["monitoring", "cluster-metrics"],
        apply: (changes, mesh) =>
            changes.edit(inMonitoring(mesh, "DaemonSet", nodeExporter), ({ spec }) => {
                spec.template.spec.nodeSelector = { "istio-platform/nowhere": "true" };
            }),
        traces: async (mesh) => [
            (await mesh.api.list("Pod", mesh.config.egov.namespaces.monitoring, { app: nodeExporter })).length === 0,
        ],
        expectRed: union({ "cluster-metrics": ["nodes"] }, resourcesSilent),
    },
    {
        name: "kubelets-not-scraped",
        alone: true,
        ids: ["C17", "S8"],
        description: "Prometheus does not scrape the kubelets: nobody knows what containers use.",
        needs: ["monitoring", "cluster-metrics"],
        // A second ConfigMap, since the kubelet takes its time to bring a changed one to a running pod.
        apply: async (changes, mesh) => {
            const original = dataOf(await mesh.api.get(inMonitoring(mesh, "ConfigMap", prometheus)));
            const settings = JSON.parse(original["prometheus.yml"]!) as { scrape_configs: { job_name: string }[] };
            settings.scrape_configs = settings.scrape_configs.filter(({ job_name: job }) => job !== "kubelet-cadvisor");
            await changes.create({
                apiVersion: apiVersionOf("ConfigMap"),
                kind: "ConfigMap",
                metadata: { name: changedSettings, namespace: mesh.config.egov.namespaces.monitoring },
                data: { "prometheus.yml": JSON.stringify(settings) },
            } as unknown as PlainObject);
            await changes.edit(inMonitoring(mesh, "Deployment", prometheus), ({ spec }) => {
                settingsOf(spec.template as PlainObject).name = changedSettings;
            });
        },
        traces: (mesh) =>
            inPods(
                mesh,
                mesh.config.egov.namespaces.monitoring,
                prometheus,
                (pod) => isReady(pod) && settingsOf(pod).name === changedSettings,
            ),
        expectRed: union({ "cluster-metrics": ["containers"] }, resourcesSilent),
    },
];
