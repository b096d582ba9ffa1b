import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { NODE_EXPORTER, type ClusterMetricsConfig } from "../../config/monitoring/cluster-metrics";
import { unprivileged } from "../../pods";
import { MONITORING_USER, toolLabels, toolMetadata } from "../layout";

/** What measures the nodes. */
export interface NodeExporterArgs {
    /** The stack's configuration under `istio-platform:monitoring.clusterMetrics.nodeExporter`. */
    config: ClusterMetricsConfig["nodeExporter"];
    /** Namespace of the monitoring. */
    namespace: string;
}

const { name, port } = NODE_EXPORTER;

/**
 * What is measured: that which a kernel tells every process alike, in any namespace. Network interfaces and file systems are
 * the pod's own there; to see the node's, the pod would need the host's network and its whole disk.
 */
const COLLECTORS = ["cpu", "meminfo", "loadavg", "diskstats", "stat", "vmstat", "pressure", "uname"];

/** Its DaemonSet: one pod a node, without any privilege. */
export function nodeExporterDaemonSet({ config, namespace }: NodeExporterArgs) {
    const labels = toolLabels(name);
    const health = { httpGet: { path: "/", port: "http" } };
    const container = {
        name,
        image: config.image,
        imagePullPolicy: "IfNotPresent",
        args: [
            `--web.listen-address=:${port}`,
            "--collector.disable-defaults",
            ...COLLECTORS.map((collector) => `--collector.${collector}`),
        ],
        ports: [{ name: "http", containerPort: port }],
        startupProbe: { ...health, periodSeconds: 1, timeoutSeconds: 2, failureThreshold: 60 },
        readinessProbe: { ...health, periodSeconds: 5, timeoutSeconds: 3, failureThreshold: 3 },
        livenessProbe: { ...health, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 3 },
        resources: config.resources,
        securityContext: unprivileged(MONITORING_USER),
    };
    return {
        metadata: toolMetadata(name, namespace),
        spec: {
            selector: { matchLabels: labels },
            updateStrategy: { rollingUpdate: { maxUnavailable: "100%" } },
            template: {
                metadata: { labels },
                spec: {
                    serviceAccountName: name,
                    automountServiceAccountToken: false,
                    enableServiceLinks: false,
                    // On every node, whatever keeps other pods away.
                    tolerations: [{ operator: "Exists" }],
                    containers: [container],
                },
            },
        },
    };
}

/** Node exporter on every node. */
export class NodeExporter extends pulumi.ComponentResource {
    /** Everything that was deployed. */
    readonly resources: readonly pulumi.CustomResource[];

    constructor(resource: string, args: NodeExporterArgs, opts?: pulumi.ComponentResourceOptions) {
        super("istio-platform:monitoring:NodeExporter", resource, {}, opts);
        const account = new k8s.core.v1.ServiceAccount(
            name,
            { metadata: toolMetadata(name, args.namespace), automountServiceAccountToken: false },
            { parent: this },
        );
        const daemonSet = new k8s.apps.v1.DaemonSet(name, nodeExporterDaemonSet(args), {
            parent: this,
            dependsOn: [account],
        });
        this.resources = [account, daemonSet];
        this.registerOutputs({});
    }
}
