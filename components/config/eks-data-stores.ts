import { z } from "zod";
import { dnsLabel } from "./units";

/** Managed data stores beside an EKS cluster (P6). */

/** Ports of the data stores. */
export const storePorts = { postgres: 5432, cache: 6379 } as const;

const instanceClass = (prefix: string) =>
    z.string().regex(new RegExp(`^${prefix}\\.[a-z0-9]+\\.[a-z0-9]+$`), `a class such as "${prefix}.t4g.medium"`);

export const postgres = z.strictObject({
    version: z
        .string()
        .regex(/^\d+(\.\d+)?$/, 'a version such as "17" or "17.5"')
        .default("17")
        .describe("Version of PostgreSQL; of a major version alone AWS takes the newest minor one"),
    instanceClass: instanceClass("db").default("db.t4g.medium").describe("Class of the two instances"),
    storageGiB: z.int().min(20).default(50).describe("Size of the encrypted gp3 storage, in GiB"),
    maxStorageGiB: z.int().min(20).default(200).describe("Size up to which it grows by itself, in GiB"),
    database: z
        .string()
        .regex(/^[a-z][a-z0-9_]{0,62}$/, "lower-case letters, digits and _, beginning with a letter")
        .default("c4ang")
        .describe("Name of the first database"),
    backupDays: z.int().min(1).max(35).default(14).describe("Days that can be gone back to, to the second"),
});
export type PostgresConfig = z.infer<typeof postgres>;

export const cache = z.strictObject({
    engine: z.enum(["valkey", "redis"]).default("valkey").describe("valkey speaks Redis' protocol and costs less"),
    version: z
        .string()
        .regex(/^\d+\.\d+$/, 'a version such as "8.0"')
        .default("8.0")
        .describe("Version of the engine"),
    nodeType: instanceClass("cache").default("cache.t4g.small").describe("Class of every node"),
    nodes: z
        .int()
        .min(2, "at least 2: a node that fails is replaced by another one")
        .max(6)
        .default(2)
        .describe("Nodes, one of them the primary, in different zones"),
    snapshotDays: z.int().min(1).max(35).default(7).describe("Days that daily snapshots are kept"),
});
export type CacheConfig = z.infer<typeof cache>;

export const dataStores = z.strictObject({
    postgres: postgres.optional().describe("RDS PostgreSQL. Default: none"),
    cache: cache.optional().describe("ElastiCache. Default: none"),
    clients: z
        .array(
            z.strictObject({
                namespace: dnsLabel.describe("Namespace of the pods"),
                serviceAccount: dnsLabel.describe("Their service account"),
            }),
        )
        .default([])
        .describe(
            "Pods that may read the database's password and log in to the cache, by EKS Pod Identity. Default: none",
        ),
    protect: z
        .boolean()
        .default(true)
        .describe("Neither Pulumi nor AWS deletes a data store, its key or its secret until this is switched off"),
});
export type DataStoresConfig = z.infer<typeof dataStores>;
