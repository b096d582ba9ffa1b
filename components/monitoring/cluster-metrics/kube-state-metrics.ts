import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { KUBE_STATE_METRICS, type ClusterMetricsConfig } from "../../config/monitoring/cluster-metrics";
import { spreadOut, unprivileged } from "../../pods";
import { MONITORING_USER, toolLabels, toolMetadata } from "../layout";

/** What tells the state of Kubernetes' objects. */
export interface KubeStateMetricsArgs {
    /** The stack's configuration under `istio-platform:monitoring.clusterMetrics.kubeStateMetrics`. */
    config: ClusterMetricsConfig["kubeStateMetrics"];
    /** Namespace of the monitoring. */
    namespace: string;
}

const { name, port, telemetryPort } = KUBE_STATE_METRICS;

/** The kinds that are told, by their API group: those that rules and dashboards look at, and no Secret. */
const KINDS: Readonly<Record<string, readonly string[]>> = {
    "": ["pods", "nodes", "namespaces", "services"],
    apps: ["deployments", "daemonsets", "statefulsets", "replicasets"],
};

/** Its Deployment: one pod is enough, a new one knows everything as soon as it has listed it. */
export function kubeStateMetricsDeployment({ config, namespace }: KubeStateMetricsArgs) {
    const labels = toolLabels(name);
    const container = {
        name,
        image: config.image,
        imagePullPolicy: "IfNotPresent",
        args: [
            `--port=${port}`,
            `--telemetry-port=${telemetryPort}`,
            `--resources=${Object.values(KINDS).flat().join(",")}`,
        ],
        ports: [
            { name: "http", containerPort: port },
            { name: "telemetry", containerPort: telemetryPort },
        ],
        startupProbe: { ...health("/readyz", "telemetry"), periodSeconds: 1, timeoutSeconds: 2, failureThreshold: 60 },
        readinessProbe: { ...health("/readyz", "telemetry"), periodSeconds: 5, timeoutSeconds: 3, failureThreshold: 3 },
        livenessProbe: { ...health("/livez", "http"), periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 3 },
        resources: config.resources,
        securityContext: unprivileged(MONITORING_USER),
    };
    return {
        metadata: toolMetadata(name, namespace),
        spec: {
            replicas: 1,
            selector: { matchLabels: labels },
            template: {
                metadata: { labels },
                spec: {
                    serviceAccountName: name,
                    enableServiceLinks: false,
                    topologySpreadConstraints: spreadOut(labels),
                    containers: [container],
                },
            },
        },
    };
}

function health(path: string, port: string) {
    return { httpGet: { path, port } };
}

/** kube-state-metrics with the right to list what it tells, and nothing else. */
export class KubeStateMetrics extends pulumi.ComponentResource {
    /** Everything that was deployed. */
    readonly resources: readonly pulumi.CustomResource[];

    constructor(resource: string, args: KubeStateMetricsArgs, opts?: pulumi.ComponentResourceOptions) {
        super("istio-platform:monitoring:KubeStateMetrics", resource, {}, opts);
        const { namespace } = args;
        const own = { parent: this };
        const metadata = toolMetadata(name, namespace);
        const account = new k8s.core.v1.ServiceAccount(name, { metadata }, own);
        const shared = { name: `${namespace}-${name}`, labels: toolLabels(name) };
        const rules = Object.entries(KINDS).map(([group, resources]) => ({
            apiGroups: [group],
            resources: [...resources],
            verbs: ["list", "watch"],
        }));
        const role = new k8s.rbac.v1.ClusterRole(shared.name, { metadata: shared, rules }, own);
        const binding = new k8s.rbac.v1.ClusterRoleBinding(
            shared.name,
            {
                metadata: shared,
                roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: shared.name },
                subjects: [{ kind: "ServiceAccount", name, namespace }],
            },
            own,
        );
        const service = new k8s.core.v1.Service(
            name,
            { metadata, spec: { selector: toolLabels(name), ports: [{ name: "http", port, targetPort: "http" }] } },
            own,
        );
        const deployment = new k8s.apps.v1.Deployment(name, kubeStateMetricsDeployment(args), {
            parent: this,
            dependsOn: [account, role, binding],
        });
        this.resources = [account, role, binding, service, deployment];
        this.registerOutputs({});
    }
}
