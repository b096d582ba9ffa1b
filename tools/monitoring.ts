import { readFileSync } from "node:fs";
import { join } from "node:path";
import { toolsDirectory } from "./cache";
import type { GoTool } from "./catalog";

/** The programs of the monitoring that are built from Go source: each pinned by a module of its own in `services`. */

const directoryOf = (name: string) => join(toolsDirectory, "..", "services", name);

/** The Go modules that pin Prometheus with promtool, and Alertmanager with amtool. */
export const prometheusDirectory = directoryOf("prometheus");
export const alertmanagerDirectory = directoryOf("alertmanager");

/** The Go modules that pin what measures Kubernetes' objects and the nodes. */
export const kubeStateMetricsDirectory = directoryOf("kube-state-metrics");
export const nodeExporterDirectory = directoryOf("node-exporter");

const kubeStateMetricsModule = "k8s.io/kube-state-metrics/v2";
const nodeExporterModule = "github.com/prometheus/node_exporter";
const prometheusModule = "github.com/prometheus/prometheus";
const alertmanagerModule = "github.com/prometheus/alertmanager";

/** Version of a module that the go.mod of a folder pins, without the leading `v`. */
export function pinnedVersion(directory: string, module: string): string {
    const text = readFileSync(join(directory, "go.mod"), "utf8");
    const found = new RegExp(`^\\s*(?:require )?${module.replaceAll(".", "\\.")} v(\\S+)`, "m").exec(text)?.[1];
    if (found === undefined) throw new Error(`${directory}/go.mod does not pin ${module}`);
    return found;
}

/** Release of Prometheus: the Go module of the release 3.13.5 has the version 0.313.5. */
export function prometheusVersion(directory = prometheusDirectory): string {
    const [, minor = "", patch = ""] = pinnedVersion(directory, prometheusModule).split(".");
    return `${minor.slice(0, -2)}.${Number(minor.slice(-2))}.${patch}`;
}

/** Release of Alertmanager. */
export function alertmanagerVersion(directory = alertmanagerDirectory): string {
    return pinnedVersion(directory, alertmanagerModule);
}

/** Release of kube-state-metrics. */
export function kubeStateMetricsVersion(directory = kubeStateMetricsDirectory): string {
    return pinnedVersion(directory, kubeStateMetricsModule);
}

/** Release of the node exporter. */
export function nodeExporterVersion(directory = nodeExporterDirectory): string {
    return pinnedVersion(directory, nodeExporterModule);
}

/** Names of the images, as the projects publish them. What is built here takes these names. */
export function monitoringImages() {
    return {
        prometheus: `docker.io/prom/prometheus:v${prometheusVersion()}`,
        alertmanager: `docker.io/prom/alertmanager:v${alertmanagerVersion()}`,
        "kube-state-metrics": `registry.k8s.io/kube-state-metrics/kube-state-metrics:v${kubeStateMetricsVersion()}`,
        "node-exporter": `quay.io/prometheus/node-exporter:v${nodeExporterVersion()}`,
    };
}

/** The programs: what runs in the pods, and what checks their files. */
export function monitoringTools(): GoTool[] {
    const stamp = (version: string) => [`github.com/prometheus/common/version.Version=${version}`];
    const prometheus = (name: string): GoTool => ({
        name,
        group: "monitoring",
        package: `${prometheusModule}/cmd/${name}`,
        module: prometheusDirectory,
        version: prometheusVersion(),
        versionArguments: ["--version"],
        // Kubernetes alone of two dozen ways to discover targets: a fifth of the packages to compile.
        tags: ["remove_all_sd", "enable_kubernetes_sd"],
        stamps: stamp(prometheusVersion()),
    });
    const alertmanager = (name: string): GoTool => ({
        name,
        group: "monitoring",
        package: `${alertmanagerModule}/cmd/${name}`,
        module: alertmanagerDirectory,
        version: alertmanagerVersion(),
        versionArguments: ["--version"],
        stamps: stamp(alertmanagerVersion()),
    });
    return [
        prometheus("prometheus"),
        prometheus("promtool"),
        alertmanager("alertmanager"),
        alertmanager("amtool"),
        {
            name: "kube-state-metrics",
            group: "monitoring",
            package: kubeStateMetricsModule,
            module: kubeStateMetricsDirectory,
            version: kubeStateMetricsVersion(),
            stamps: stamp(kubeStateMetricsVersion()),
        },
        {
            name: "node-exporter",
            group: "monitoring",
            package: nodeExporterModule,
            module: nodeExporterDirectory,
            version: nodeExporterVersion(),
            stamps: stamp(nodeExporterVersion()),
        },
    ];
}
