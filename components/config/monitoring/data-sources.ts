/**
 * The data sources of Grafana (S2). Dashboards, links between the tools and the provisioning refer to them by `uid`: a name may
 * change, and Grafana makes up another uid wherever none is given.
 */
export const dataSources = {
    prometheus: { uid: "prometheus", name: "Prometheus", type: "prometheus" },
    loki: { uid: "loki", name: "Loki", type: "loki" },
    jaeger: { uid: "jaeger", name: "Jaeger", type: "jaeger" },
} as const;
