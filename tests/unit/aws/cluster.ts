import { EksCluster } from "../../../components/cluster/eks/eks-cluster";
import { eksCluster, type EksClusterConfig } from "../../../components/config/eks";
import type { z } from "zod";
import { record, type Recorded } from "../../support/aws";

/** The zone that every configuration needs. */
const domain = { zoneId: "Z0123456789ABCDEFGHIJ" };

type Input = z.input<typeof eksCluster>;

/** A configuration with every default, and these values. */
export function eksConfig(values: Partial<Input> = {}): EksClusterConfig {
    return eksCluster.parse({ kind: "eks", domain, ...values });
}

/** What a cluster registers; once for every configuration that asks for it. */
export function recordCluster(values: Partial<Input> = {}): Promise<Recorded[]> {
    const key = JSON.stringify(values);
    const run =
        runs.get(key) ??
        record(
            () =>
                new EksCluster("cluster", {
                    config: eksConfig(values),
                    publicHosts: ["api.c4ang.com", "secure.c4ang.com"],
                    gatewayHealth: { port: 15021, path: "/healthz/ready" },
                }),
        );
    runs.set(key, run);
    return run;
}

/** Everything that can be chosen, chosen otherwise than by default. */
export const otherwise: Partial<Input> = {
    tags: { owner: "platform" },
    endpoint: { publicCidrs: ["203.0.113.0/24"], privateCidrs: ["10.0.0.0/16"] },
    access: { developers: { principal: "arn:aws:iam::111122223333:role/developers", namespaces: ["ecommerce"] } },
    network: { natGateways: "one" },
    nodes: { operatingSystem: "AL2023_x86_64_STANDARD" },
    loadBalancer: { tls: "gateway", clientAddress: "proxy-protocol", allowedCidrs: ["203.0.113.0/24"] },
    dataStores: {
        postgres: {},
        cache: { engine: "redis", version: "7.1" },
        clients: [{ namespace: "ecommerce", serviceAccount: "order-api" }],
        protect: false,
    },
};

const runs = new Map<string, Promise<Recorded[]>>();
