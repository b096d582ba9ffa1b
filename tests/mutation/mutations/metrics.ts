import { parse, stringify } from "yaml";
import type { PlainObject } from "../cluster/api";
import { objects, type Mesh } from "../cluster/mesh";
import type { CheckSet, Mutation } from "../mutation";
import { otherFiles, type Told } from "./alerts";
import { inGatewayListeners, inListeners, inPods, isReady } from "./look";
import { gatewayFilters, otherObjects, sidecarFilters, union } from "./red";

/** Mistakes on the way from a request to Prometheus. */

const product = "product-api";

/** Nothing, or something else, is counted of the requests. */
const wrongCounts: CheckSet = { "mesh-metrics": ["requests", "retried", "durations"] };

/** A job of Prometheus, as far as it is changed. */
interface Job {
    job_name: string;
    relabel_configs: object[];
    metric_relabel_configs: { target_label?: string; replacement?: string }[];
}

/** Changes the job of the proxies. */
function proxiesJob(mutation: Told, change: (job: Job) => void): Mutation {
    return otherFiles(
        "settings",
        mutation,
        (files) => {
            const file = "prometheus.yml";
            const settings = parse(files[file]!) as { scrape_configs: Job[] };
            change(settings.scrape_configs.find(({ job_name: name }) => name === "istio-proxies")!);
            files[file] = stringify(settings);
        },
        ["ecommerce", "sample-app"],
    );
}

/** Changes the pods of an e-commerce service, which are replaced. */
function shopPods(
    mutation: Pick<Mutation, "name" | "ids" | "description" | "expectRed" | "mayRed">,
    service: string,
    change: (template: PlainObject) => void,
    is: (pod: PlainObject) => boolean,
): Mutation {
    return {
        ...mutation,
        needs: ["monitoring", "ecommerce", "sample-app", "business-services"],
        apply: (changes, { config }) =>
            changes.edit(objects.shop("Deployment", config, service), ({ spec }) => change(spec.template)),
        traces: (mesh) => inPods(mesh, mesh.config.ecommerce.namespace, service, (pod) => is(pod) && isReady(pod)),
    };
}

const scrape = "prometheus.io/scrape";
const environment = (pod: PlainObject, service: string) =>
    (pod.spec.containers as { name: string; env: { name: string }[] }[]).find(({ name }) => name === service)!;
const knowsBusiness = (pod: PlainObject, service: string) =>
    environment(pod, service).env.some(({ name }) => name === "BUSINESS");

const prometheus = ({ config }: Mesh, kind: "Deployment" | "Service") =>
    ({ kind, namespace: config.egov.namespaces.monitoring, name: "prometheus" }) as const;

/** A NodePort that nothing has: those next to Prometheus' own are the gateway's (P2). */
const otherNodePort = (mesh: Mesh): number => mesh.config.monitoring.prometheus.nodePort + 50;

export const metrics: readonly Mutation[] = [
    proxiesJob(
        {
            name: "metrics-proxy-not-scraped",
            ids: ["E11", "C15"],
            description: `Prometheus does not scrape the proxies of ${product}.`,
            expectRed: union({ prometheus: ["targets"] }, wrongCounts),
        },
        (job) =>
            job.relabel_configs.push({
                source_labels: ["__meta_kubernetes_pod_label_app"],
                regex: product,
                action: "drop",
            }),
    ),
    proxiesJob(
        {
            name: "metrics-label-wrong",
            ids: ["C15"],
            description: "Prometheus gives every request's service another name.",
            expectRed: wrongCounts,
        },
        (job) => job.metric_relabel_configs.push({ target_label: "destination_service_name", replacement: "somebody" }),
    ),
    {
        name: "metrics-filter-removed",
        ids: ["C15"],
        description: "The proxies do not count their requests (vanilla Envoy only).",
        needs: ["monitoring", "ecommerce", "sample-app"],
        apply: (changes) =>
            changes.remove({ kind: "EnvoyFilter", namespace: "istio-system", name: "standard-metrics" }),
        traces: async (mesh) => {
            const none = (listeners: string) => !listeners.includes("envoy.access_loggers.stats");
            return [...(await inGatewayListeners(mesh, none)), ...(await inListeners(mesh, product, none))];
        },
        expectRed: union(wrongCounts, otherObjects("proxies"), gatewayFilters, sidecarFilters),
        // Series of the time before are still within the windows of some queries.
        mayRed: { dashboards: ["services", "istio"] },
    },
    shopPods(
        {
            name: "metrics-app-not-scraped",
            ids: ["C17"],
            description: "The sidecars of payment-api do not show what the service counts.",
            expectRed: { "business-metrics": ["counts"] },
            // Its payments of the time before are still within the window.
            mayRed: { dashboards: ["business"] },
        },
        "payment-api",
        ({ metadata }) => {
            metadata.annotations = { ...metadata.annotations, [scrape]: "false" };
        },
        ({ metadata }) => metadata.annotations?.[scrape] === "false",
    ),
    shopPods(
        {
            name: "metrics-business-unknown",
            ids: ["C17"],
            description: "order-api does not count orders.",
            expectRed: { "business-metrics": ["counts"] },
        },
        "order-api",
        (template) => {
            const container = environment(template, "order-api");
            container.env = container.env.filter(({ name }) => name !== "BUSINESS");
        },
        (pod) => !knowsBusiness(pod, "order-api"),
    ),
    {
        name: "metrics-node-port",
        ids: ["E11"],
        description: "Prometheus has another NodePort.",
        needs: ["monitoring", "node-ports"],
        apply: (changes, mesh) =>
            changes.edit(prometheus(mesh, "Service"), ({ spec }) => {
                spec.ports[0].nodePort = otherNodePort(mesh);
            }),
        traces: async (mesh) => {
            const service = await mesh.api.get(prometheus(mesh, "Service"));
            return [service!.spec.ports[0].nodePort === otherNodePort(mesh)];
        },
        expectRed: { prometheus: ["nodePort"] },
    },
    {
        name: "metrics-prometheus-down",
        ids: ["E11", "C15", "C17"],
        description: "No Prometheus runs.",
        needs: ["monitoring", "ecommerce", "sample-app"],
        apply: (changes, mesh) =>
            changes.edit(prometheus(mesh, "Deployment"), ({ spec }) => {
                spec.replicas = 0;
            }),
        traces: async (mesh) => {
            const { namespace } = prometheus(mesh, "Deployment");
            const pods = await mesh.api.list("Pod", namespace, { app: "prometheus" });
            return [pods.length === 0];
        },
        expectRed: union(wrongCounts, {
            prometheus: ["nodePort", "targets"],
            "business-metrics": ["counts"],
            "alert-rules": ["alerts", "signals", "evaluated", "alertmanager"],
        }),
    },
];
