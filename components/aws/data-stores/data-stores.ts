import * as pulumi from "@pulumi/pulumi";
import type { DataStoresConfig } from "../../config/eks-data-stores";
import { EncryptionKey } from "../encryption-key";
import type { Statement } from "../policy-document";
import { PodRole } from "../role";
import { Cache } from "./cache";
import type { DataStorePlace } from "./place";
import { Postgres } from "./postgres";

/** The managed data stores of a cluster (P6). */
export interface DataStoresArgs extends Omit<DataStorePlace, "keyArn" | "protect"> {
    /** The stack's configuration under `istio-platform:cluster.dataStores`. */
    config: DataStoresConfig;
    accountId: pulumi.Input<string>;
}

/** A data store outside of the mesh, as its proxies have to know it. */
export interface DataStore {
    /** Name of its ServiceEntry. */
    readonly name: string;
    /** DNS name. */
    readonly host: pulumi.Output<string>;
    readonly port: number;
    /** How a connection begins: with TLS, or as PostgreSQL's does, with a question whether TLS is spoken. */
    readonly protocol: "TLS" | "TCP";
}

/** Database and cache where they are wanted, under a key of their own, and a role for the pods that use them. */
export class DataStores extends pulumi.ComponentResource {
    readonly stores: readonly DataStore[];

    constructor(name: string, args: DataStoresArgs, opts?: pulumi.ComponentResourceOptions) {
        super("istio-platform:aws:DataStores", name, {}, opts);
        const { config, clusterName, accountId } = args;
        const child = { parent: this };
        const key = new EncryptionKey(
            `${name}-data`,
            {
                alias: `${clusterName}/data`,
                description: `Data stores of ${clusterName}`,
                accountId,
                protect: config.protect,
            },
            child,
        );
        const place = { ...args, keyArn: key.arn, protect: config.protect };
        const postgres =
            config.postgres && new Postgres(`${name}-postgres`, { ...place, config: config.postgres }, child);
        const cache = config.cache && new Cache(`${name}-cache`, { ...place, config: config.cache }, child);
        if (config.clients.length > 0)
            new PodRole(
                `${name}-data-clients`,
                {
                    clusterName,
                    description: `Data stores of ${clusterName}`,
                    statements: clientStatements(key.arn, postgres, cache),
                    pods: config.clients,
                },
                child,
            );
        this.stores = [
            ...(postgres
                ? [{ name: "postgres", host: postgres.host, port: postgres.port, protocol: "TCP" as const }]
                : []),
            ...(cache ? [{ name: "cache", host: cache.host, port: cache.port, protocol: "TLS" as const }] : []),
        ];
        this.registerOutputs({});
    }
}

/** What pods need to log in: the database's password, and the cache's permission. */
function clientStatements(keyArn: pulumi.Input<string>, postgres?: Postgres, cache?: Cache): Statement[] {
    return [
        ...(postgres
            ? [
                  {
                      sid: "ReadTheDatabasePassword",
                      actions: ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"],
                      resources: [postgres.secretArn],
                  },
                  {
                      sid: "DecryptTheDatabasePassword",
                      actions: ["kms:Decrypt"],
                      resources: [keyArn],
                      conditions: { StringLike: { "kms:ViaService": "secretsmanager.*.amazonaws.com" } },
                  },
              ]
            : []),
        ...(cache ? [{ sid: "LogInToTheCache", actions: ["elasticache:Connect"], resources: cache.connectTo }] : []),
    ];
}
