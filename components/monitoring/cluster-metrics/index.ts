export { KubeStateMetrics, kubeStateMetricsDeployment } from "./kube-state-metrics";
export { NodeExporter, nodeExporterDaemonSet } from "./node-exporter";
export { clusterScrapeJobs } from "./scrape-jobs";
