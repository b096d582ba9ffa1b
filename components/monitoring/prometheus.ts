import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { PROMETHEUS, type PrometheusConfig } from "../config/monitoring/prometheus";
import { unprivileged } from "../pods";
import { MONITORING_USER, publishedAt, toolLabels, toolMetadata } from "./layout";
import { prometheusSettings } from "./prometheus-settings";
import type { ScrapeJob } from "./scrape-jobs";
import { digestOf, toolDeployment } from "./tool-deployment";
import { dataClaims, dataVolume } from "./volumes";

/** What measures the mesh. */
export interface PrometheusArgs {
    /** The stack's configuration under `istio-platform:monitoring.prometheus`. */
    config: PrometheusConfig;
    /** Rule files: name -> text. */
    rules: Readonly<Record<string, string>>;
    /** Namespace of the monitoring. */
    namespace: string;
    /** What is scraped. */
    jobs: readonly ScrapeJob[];
    /**
     * Where people find it, for the links that it writes (S1).
     * @default nowhere
     */
    externalUrl?: string;
}

const { name, port } = PROMETHEUS;

/** ConfigMaps of the settings and of the rules, and where the pod finds them (E11). */
const SETTINGS = { configMap: name, directory: "/etc/prometheus" } as const;
const RULES = { configMap: "prometheus-rules", directory: "/etc/prometheus/rules" } as const;

/** Deployment of Prometheus: one pod, as the e-Government guide has it. */
export function prometheusDeployment({ config, namespace, rules, jobs, externalUrl }: PrometheusArgs) {
    const health = (path: string) => ({ httpGet: { path: `/-/${path}`, port: "http" } });
    const container = {
        name,
        image: config.image,
        imagePullPolicy: "IfNotPresent",
        args: [
            `--config.file=${SETTINGS.directory}/prometheus.yml`,
            "--storage.tsdb.path=/prometheus",
            `--storage.tsdb.retention.time=${config.retention}`,
            ...(externalUrl ? publishedAt(externalUrl) : []),
            ...(config.retentionSize ? [`--storage.tsdb.retention.size=${inBytes(config.retentionSize)}`] : []),
        ],
        ports: [{ name: "http", containerPort: port }],
        startupProbe: { ...health("ready"), periodSeconds: 1, timeoutSeconds: 2, failureThreshold: 120 },
        readinessProbe: { ...health("ready"), periodSeconds: 5, timeoutSeconds: 10, failureThreshold: 3 },
        livenessProbe: { ...health("healthy"), periodSeconds: 15, timeoutSeconds: 15, failureThreshold: 4 },
        resources: config.resources,
        securityContext: unprivileged(MONITORING_USER),
        volumeMounts: [
            { name: "settings", mountPath: SETTINGS.directory, readOnly: true },
            { name: "rules", mountPath: RULES.directory, readOnly: true },
            { name: "data", mountPath: "/prometheus" },
        ],
    };
    return toolDeployment({
        ...{ name, namespace, container },
        digest: digestOf(JSON.stringify([prometheusSettings(config, jobs), rules])),
        volumes: [
            { name: "settings", configMap: { name: SETTINGS.configMap } },
            { name: "rules", configMap: { name: RULES.configMap } },
            dataVolume({ tool: name, config: config.volume }),
        ],
        pod: { securityContext: { fsGroup: MONITORING_USER } },
    });
}

/** Prometheus' own spelling of a quantity: `10Gi` of Kubernetes is `10GB` there. */
function inBytes(quantity: string): string {
    return quantity.replace(
        /^([\d.]+)([kMGT])i?$/,
        (_, number: string, unit: string) => `${number}${unit.toUpperCase()}B`,
    );
}

/** The Service, with the e-Government guide's NodePort (E11). */
export function prometheusService({ config, namespace }: Pick<PrometheusArgs, "config" | "namespace">) {
    return {
        metadata: toolMetadata(name, namespace),
        spec: {
            type: "NodePort",
            selector: toolLabels(name),
            ports: [{ name: "http", port, targetPort: "http", nodePort: config.nodePort }],
        },
    };
}

/** What Prometheus reads of the cluster: where its pods and nodes are, and what the kubelets have measured. */
const READS = [
    { apiGroups: [""], resources: ["pods", "nodes", "services", "endpoints"], verbs: ["get", "list", "watch"] },
    { apiGroups: [""], resources: ["nodes/metrics"], verbs: ["get"] },
];

/** Prometheus (E11): it scrapes proxies, control plane, applications and Kubernetes, and evaluates the rules. */
export class Prometheus extends pulumi.ComponentResource {
    /** Everything that was deployed. */
    readonly resources: readonly pulumi.CustomResource[];

    constructor(resource: string, args: PrometheusArgs, opts?: pulumi.ComponentResourceOptions) {
        super("istio-platform:monitoring:Prometheus", resource, {}, opts);
        const { config, namespace, rules, jobs } = args;
        const own = { parent: this };
        const metadata = toolMetadata(name, namespace);
        const account = new k8s.core.v1.ServiceAccount(name, { metadata }, own);
        const access = this.createAccess(namespace);
        const settings = new k8s.core.v1.ConfigMap(
            SETTINGS.configMap,
            { metadata, data: { "prometheus.yml": asText(prometheusSettings(config, jobs)) } },
            own,
        );
        const ruleFiles = new k8s.core.v1.ConfigMap(
            RULES.configMap,
            { metadata: { ...metadata, name: RULES.configMap }, data: { ...rules } },
            own,
        );
        const service = new k8s.core.v1.Service(name, prometheusService(args), own);
        const claims = dataClaims({ tool: name, namespace, config: config.volume }, own);
        const deployment = new k8s.apps.v1.Deployment(name, prometheusDeployment(args), {
            parent: this,
            dependsOn: [account, ...access, settings, ruleFiles, ...claims],
        });
        this.resources = [account, ...access, settings, ruleFiles, service, ...claims, deployment];
        this.registerOutputs({});
    }

    /** Cluster-wide: the names say whose they are. */
    private createAccess(namespace: string) {
        const own = { parent: this };
        const metadata = { name: `${namespace}-${name}`, labels: toolLabels(name) };
        const role = new k8s.rbac.v1.ClusterRole(metadata.name, { metadata, rules: READS }, own);
        const binding = new k8s.rbac.v1.ClusterRoleBinding(
            metadata.name,
            {
                metadata,
                roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: metadata.name },
                subjects: [{ kind: "ServiceAccount", name, namespace }],
            },
            own,
        );
        return [role, binding];
    }
}

/** Settings as a file: JSON, which is YAML. */
function asText(settings: object): string {
    return `${JSON.stringify(settings, undefined, 2)}\n`;
}
