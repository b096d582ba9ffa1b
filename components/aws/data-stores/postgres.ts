import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { storePorts, type PostgresConfig } from "../../config/eks-data-stores";
import { admit, createSecurityGroup } from "../security-group";
import type { DataStorePlace } from "./place";

/** A PostgreSQL database of RDS (P6). */
export interface PostgresArgs extends DataStorePlace {
    /** The stack's configuration under `istio-platform:cluster.dataStores.postgres`. */
    config: PostgresConfig;
}

/** User that the database is made with. */
const ADMINISTRATOR = "platform";

/**
 * PostgreSQL on two instances in two zones: encrypted at rest and on the wire, reached by the pods alone, with a password
 * that RDS makes, keeps in Secrets Manager and changes by itself, so that no state ever holds it.
 */
export class Postgres extends pulumi.ComponentResource {
    readonly host: pulumi.Output<string>;
    readonly port = storePorts.postgres;
    /** ARN of the secret with user and password. */
    readonly secretArn: pulumi.Output<string>;

    constructor(name: string, args: PostgresArgs, opts?: pulumi.ComponentResourceOptions) {
        super("istio-platform:aws:Postgres", name, {}, opts);
        const { config, clusterName, vpcId, clients, subnetIds, keyArn, protect } = args;
        const child = { parent: this };
        const group = createSecurityGroup(name, { vpcId, description: `PostgreSQL of ${clusterName}` }, child);
        admit(
            name,
            group,
            [
                {
                    name: "pods",
                    description: "PostgreSQL, from pods",
                    port: storePorts.postgres,
                    peer: { group: clients },
                },
            ],
            child,
        );
        const subnets = new aws.rds.SubnetGroup(name, { subnetIds: [...subnetIds] }, child);
        const [major = config.version] = config.version.split(".");
        const parameters = new aws.rds.ParameterGroup(
            name,
            {
                family: `postgres${major}`,
                description: `PostgreSQL of ${clusterName}: TLS only`,
                parameters: [
                    { name: "rds.force_ssl", value: "1" },
                    { name: "log_connections", value: "1" },
                    { name: "log_disconnections", value: "1" },
                ],
            },
            child,
        );
        const identifier = `${clusterName}-postgres`;
        const instance = new aws.rds.Instance(
            name,
            {
                identifier,
                engine: "postgres",
                engineVersion: config.version,
                instanceClass: config.instanceClass,
                dbName: config.database,
                port: storePorts.postgres,
                username: ADMINISTRATOR,
                manageMasterUserPassword: true,
                masterUserSecretKmsKeyId: keyArn,
                iamDatabaseAuthenticationEnabled: true,
                multiAz: true,
                dbSubnetGroupName: subnets.name,
                vpcSecurityGroupIds: [group.id],
                publiclyAccessible: false,
                parameterGroupName: parameters.name,
                caCertIdentifier: "rds-ca-rsa2048-g1",
                storageType: "gp3",
                allocatedStorage: config.storageGiB,
                maxAllocatedStorage: config.maxStorageGiB,
                storageEncrypted: true,
                kmsKeyId: keyArn,
                // Local times in Seoul: 03:00 and Monday 04:30, when the fewest requests come.
                backupRetentionPeriod: config.backupDays,
                backupWindow: "18:00-19:00",
                maintenanceWindow: "sun:19:30-sun:20:30",
                copyTagsToSnapshot: true,
                deleteAutomatedBackups: !protect,
                deletionProtection: protect,
                skipFinalSnapshot: false,
                finalSnapshotIdentifier: `${identifier}-final`,
                autoMinorVersionUpgrade: true,
                applyImmediately: false,
                performanceInsightsEnabled: true,
                performanceInsightsKmsKeyId: keyArn,
                enabledCloudwatchLogsExports: ["postgresql", "upgrade"],
            },
            { parent: this, protect, retainOnDelete: protect },
        );
        this.host = instance.address;
        this.secretArn = instance.masterUserSecrets.apply(([secret]) => secret!.secretArn);
        this.registerOutputs({});
    }
}
