import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { storePorts, type CacheConfig } from "../../config/eks-data-stores";
import { admit, createSecurityGroup } from "../security-group";
import type { DataStorePlace } from "./place";

/** A cache of ElastiCache, which speaks Redis' protocol (P6). */
export interface CacheArgs extends DataStorePlace {
    /** The stack's configuration under `istio-platform:cluster.dataStores.cache`. */
    config: CacheConfig;
}

/** The user that applications log in as. */
const USER = "platform";

/**
 * A primary and its replicas in several zones: encrypted at rest and on the wire, reached by the pods alone. Who logs in
 * shows a token of IAM that is good for a quarter of an hour: there is no password to keep.
 */
export class Cache extends pulumi.ComponentResource {
    readonly host: pulumi.Output<string>;
    readonly port = storePorts.cache;
    /** ARNs of cache and user: what a role has to be allowed `elasticache:Connect` on. */
    readonly connectTo: readonly pulumi.Output<string>[];

    constructor(name: string, args: CacheArgs, opts?: pulumi.ComponentResourceOptions) {
        super("istio-platform:aws:Cache", name, {}, opts);
        const { config, clusterName, vpcId, clients, subnetIds, keyArn, protect } = args;
        const child = { parent: this };
        const group = createSecurityGroup(name, { vpcId, description: `Cache of ${clusterName}` }, child);
        admit(
            name,
            group,
            [
                {
                    name: "pods",
                    description: "Redis' protocol, from pods",
                    port: storePorts.cache,
                    peer: { group: clients },
                },
            ],
            child,
        );
        const subnets = new aws.elasticache.SubnetGroup(name, { subnetIds: [...subnetIds] }, child);
        const { user, users } = this.createUsers(name, args);
        const cache = new aws.elasticache.ReplicationGroup(
            name,
            {
                replicationGroupId: `${clusterName}-cache`,
                description: `Cache of ${clusterName}`,
                engine: config.engine,
                engineVersion: config.version,
                nodeType: config.nodeType,
                numCacheClusters: config.nodes,
                port: storePorts.cache,
                multiAzEnabled: true,
                automaticFailoverEnabled: true,
                subnetGroupName: subnets.name,
                securityGroupIds: [group.id],
                userGroupIds: [users.userGroupId],
                transitEncryptionEnabled: true,
                transitEncryptionMode: "required",
                atRestEncryptionEnabled: true,
                kmsKeyId: keyArn,
                snapshotRetentionLimit: config.snapshotDays,
                snapshotWindow: "18:00-19:00",
                maintenanceWindow: "sun:19:30-sun:20:30",
                finalSnapshotIdentifier: `${clusterName}-cache-final`,
                autoMinorVersionUpgrade: true,
                applyImmediately: false,
            },
            { parent: this, protect, retainOnDelete: protect },
        );
        this.host = cache.primaryEndpointAddress;
        this.connectTo = [cache.arn, user.arn];
        this.registerOutputs({});
    }

    /** The applications' user; Redis wants one that is called `default` as well, which can do nothing here. */
    private createUsers(name: string, { config, clusterName }: CacheArgs) {
        const { engine } = config;
        const id = `${clusterName}-${USER}`;
        const user = new aws.elasticache.User(
            name,
            {
                userId: id,
                // IAM logs in only users whose name is their id.
                userName: id,
                engine,
                authenticationMode: { type: "iam" },
                accessString: "on ~* &* +@all -@dangerous -@admin",
            },
            { parent: this },
        );
        const powerless =
            engine === "redis"
                ? [
                      new aws.elasticache.User(
                          `${name}-default`,
                          {
                              userId: `${clusterName}-default`,
                              userName: "default",
                              engine,
                              authenticationMode: { type: "no-password-required" },
                              accessString: "off ~* -@all",
                          },
                          { parent: this },
                      ),
                  ]
                : [];
        const users = new aws.elasticache.UserGroup(
            name,
            {
                userGroupId: `${clusterName}-cache`,
                engine,
                userIds: [user, ...powerless].map(({ userId }) => userId),
            },
            { parent: this },
        );
        return { user, users };
    }
}
