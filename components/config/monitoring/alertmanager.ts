import { z } from "zod";
import { resources } from "../resources";
import { retentionTime, volume } from "./prometheus";

/** Alertmanager of the e-Government layout (E13): Deployment and Service `alertmanager`, its settings in the Secret `alertmanager-config`. */
export const alertmanager = z.strictObject({
    image: z
        .string()
        .min(1)
        .default("docker.io/prom/alertmanager:v0.31.1")
        .describe("Image of Alertmanager; where its registry cannot be reached, one of this name is built"),
    retention: retentionTime.default("120h").describe("For how long silences and notifications are remembered"),
    volume: volume.optional().describe("Disk of silences and notifications. Default: none, they are gone with the pod"),
    resources: resources
        .default({ requests: { cpu: "20m", memory: "64Mi" }, limits: { memory: "256Mi" } })
        .describe("Of Alertmanager's container"),
});
export type AlertmanagerConfig = z.infer<typeof alertmanager>;
