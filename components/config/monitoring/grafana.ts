import { z } from "zod";
import { resources } from "../resources";
import { dnsLabel } from "../units";
import { volume } from "./prometheus";

/** Where a chart comes from. */
export const chart = (repository: string, version: string, source: string) =>
    z
        .strictObject({
            repository: z.string().min(1).default(repository).describe("Helm repository, or a mirror of it"),
            version: z.string().min(1).default(version).describe(`Version of the chart; ${source}`),
        })
        .prefault({})
        .describe("The official Helm chart");

/** Grafana (S2, C17), by its chart: kind and EKS. */
export const grafana = z.strictObject({
    chart: chart(
        "https://grafana-community.github.io/helm-charts",
        "12.11.1",
        "the one that the values were checked against",
    ),
    imageRegistry: z
        .string()
        .min(1)
        .optional()
        .describe("Registry of all images of the chart, a private mirror. Default: those that the chart names"),
    publicUrl: z
        .url({ protocol: /^https?$/ })
        .optional()
        .describe(
            "Where people find it, with its path, for example https://monitoring.buildingbite.com/grafana (S1): a route of yours leads there. Default: at the root, by port forwarding",
        ),
    replicas: z
        .int()
        .min(1)
        .default(1)
        .describe("Pods; more than one need a database of their own (grafana.ini), or a volume that several can write"),
    adminSecret: dnsLabel
        .optional()
        .describe(
            "Secret with the keys admin-user and admin-password. Default: the chart makes one, `grafana`, with a password by chance",
        ),
    volume: volume
        .optional()
        .describe("Disk of users, preferences and what is not provisioned. Default: none, they are gone with the pod"),
    resources: resources
        .default({ requests: { cpu: "100m", memory: "256Mi" }, limits: { memory: "512Mi" } })
        .describe("Of Grafana's container"),
});
export type GrafanaConfig = z.infer<typeof grafana>;

/** Names that others refer to: Service, and Secret of the administrator where the chart makes it. */
export const GRAFANA = { name: "grafana", port: 80, path: "/grafana" } as const;
