import { z } from "zod";
import { resources } from "../resources";
import { chart } from "./grafana";

/** Kiali (S2, E16), by its chart: kind and EKS. */
export const kiali = z.strictObject({
    chart: chart(
        "https://kiali.org/helm-charts",
        "2.26.0",
        "of the time of Istio 1.29, and the first with a disruption budget",
    ),
    image: z.string().min(1).default("quay.io/kiali/kiali").describe("Image without its tag, or a mirror of it"),
    publicUrl: z
        .url({ protocol: /^https?$/ })
        .optional()
        .describe(
            "Where people find it, with its path, for example https://monitoring.buildingbite.com/kiali (S1): a route of yours leads there. Default: at the root, by port forwarding",
        ),
    auth: z
        .enum(["token", "anonymous"])
        .default("token")
        .describe(
            "token: whoever looks shows a token of Kubernetes, and sees what it may see. anonymous: everybody sees everything",
        ),
    viewOnly: z.boolean().default(true).describe("Kiali shows and changes nothing: the program declares what is there"),
    replicas: z.int().min(1).default(1).describe("Pods"),
    resources: resources
        .default({ requests: { cpu: "10m", memory: "128Mi" }, limits: { memory: "1Gi" } })
        .describe("Of Kiali's container"),
});
export type KialiConfig = z.infer<typeof kiali>;

export const KIALI = { name: "kiali", port: 20001, path: "/kiali" } as const;
