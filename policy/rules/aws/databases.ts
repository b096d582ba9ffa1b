import { type CloudResource, resourcesOf } from "../../model/cloud";
import { at, type Rule } from "../rule";
import { fsbp, securityHub } from "../standards";
import { isOff, isOn, requires } from "./requires";

const INSTANCE = "aws:rds/instance:Instance";

/** An instance of a cluster of databases, whose cluster decides these things. */
const isMember = ({ root }: CloudResource): boolean => root.get("clusterIdentifier").isSet;

/** Days of backups that FSBP asks for at least. */
const BACKUP_DAYS = 7;

export const databaseEncryption: Rule = {
    id: "rds-encryption",
    title: "Databases are encrypted at rest",
    reason: "Whoever gets a snapshot reads it; and it cannot be switched on later without a new database.",
    fix: "Set storageEncrypted: true, with a key of one's own in kmsKeyId.",
    severity: "high",
    enforcement: "mandatory",
    sources: ["P6"],
    standards: [fsbp("RDS.3"), fsbp("RDS.27")],
    *check(mesh) {
        const databases = [
            ...resourcesOf(mesh.cloud, INSTANCE).filter((database) => !isMember(database)),
            ...resourcesOf(mesh.cloud, "aws:rds/cluster:Cluster"),
        ];
        for (const database of databases) {
            const field = database.root.get("storageEncrypted");
            if (!field.isUnknown && isOff(field.value))
                yield at(database, field, "the data lie open on disk", "set storageEncrypted: true");
        }
    },
};

export const databasePrivate = requires({
    id: "rds-public-access",
    type: INSTANCE,
    title: "Databases have no address of the internet",
    reason: "Only a password then stands between the internet and the data.",
    fix: "Set publiclyAccessible: false.",
    severity: "critical",
    sources: ["P6"],
    standards: [fsbp("RDS.2")],
    at: (database) => database.input("publiclyAccessible"),
    isRight: isOff,
    says: "the internet reaches the database",
    change: "set publiclyAccessible: false",
});

export const databaseZones = requires({
    id: "rds-multi-az",
    type: INSTANCE,
    title: "Databases run in two zones",
    reason: "With its zone the database is away, for as long as somebody needs to restore it.",
    fix: "Set multiAz: true for the instance.",
    severity: "high",
    enforcement: { local: "disabled", dev: "advisory", prod: "mandatory" },
    sources: ["P6"],
    standards: [fsbp("RDS.5")],
    at: (database) => database.input("multiAz"),
    isRight: (value, database) => isOn(value) || isMember(database),
    says: "the database is away with its zone",
    change: "set multiAz: true",
});

export const databaseBackups = requires({
    id: "rds-backups",
    type: INSTANCE,
    title: `Databases keep backups of ${BACKUP_DAYS} days or more`,
    reason: "What was deleted or damaged and is noticed later cannot be brought back.",
    fix: `Set backupRetentionPeriod: ${BACKUP_DAYS} or more.`,
    severity: "high",
    enforcement: { local: "disabled", dev: "advisory", prod: "mandatory" },
    sources: ["P6"],
    standards: [fsbp("RDS.11")],
    at: (database) => database.input("backupRetentionPeriod"),
    isRight: (value, database) => (typeof value === "number" && value >= BACKUP_DAYS) || isMember(database),
    says: `there are backups of fewer than ${BACKUP_DAYS} days`,
    change: `set backupRetentionPeriod: ${BACKUP_DAYS} or more`,
});

export const databaseDeletion: Rule = {
    id: "rds-deletion-protection",
    title: "Databases cannot be deleted by mistake, and leave a snapshot",
    reason: "A renamed resource is a deleted one: the data go with it.",
    fix: "Set deletionProtection: true and skipFinalSnapshot: false.",
    severity: "critical",
    enforcement: { local: "disabled", dev: "advisory", prod: "mandatory" },
    sources: ["P6"],
    standards: [fsbp("RDS.8"), fsbp("RDS.7")],
    *check(mesh) {
        const databases = [...resourcesOf(mesh.cloud, INSTANCE), ...resourcesOf(mesh.cloud, "aws:rds/cluster:Cluster")];
        for (const database of databases.filter((database) => !isMember(database))) {
            const [kept, skipped] = [database.root.get("deletionProtection"), database.root.get("skipFinalSnapshot")];
            if (!kept.isUnknown && isOff(kept.value))
                yield at(database, kept, "one call deletes the database", "set deletionProtection: true");
            if (isOn(skipped.value))
                yield at(database, skipped, "a deleted database leaves no snapshot", "set skipFinalSnapshot: false");
        }
    },
};

export const databaseLogs = requires({
    id: "rds-logs",
    type: INSTANCE,
    title: "Databases write their logs to CloudWatch",
    reason: "They lie on the database itself for three days, where nobody is warned by them.",
    fix: 'Set enabledCloudwatchLogsExports, for PostgreSQL ["postgresql", "upgrade"].',
    severity: "medium",
    sources: ["P6"],
    standards: [fsbp("RDS.9"), fsbp("RDS.36")],
    at: (database) => database.input("enabledCloudwatchLogsExports"),
    isRight: (value, database) => (Array.isArray(value) && value.length > 0) || isMember(database),
    says: "the database keeps its logs to itself",
    change: 'set enabledCloudwatchLogsExports, for PostgreSQL ["postgresql", "upgrade"]',
});

export const databaseUpgrades = requires({
    id: "rds-minor-upgrades",
    type: INSTANCE,
    title: "Databases take minor versions by themselves",
    reason: "Minor versions mend security holes.",
    fix: "Leave autoMinorVersionUpgrade out, or set it to true.",
    severity: "medium",
    sources: ["P6"],
    standards: [fsbp("RDS.13")],
    at: (database) => database.input("autoMinorVersionUpgrade"),
    isRight: (value) => value !== false,
    says: "security fixes wait for somebody to make them",
    change: "set autoMinorVersionUpgrade: true",
});

export const databaseTls: Rule = {
    id: "rds-tls",
    title: "PostgreSQL refuses connections without TLS",
    reason: "A client that forgets TLS sends its password and all data in plain text, and nobody notices.",
    fix: 'Leave rds.force_ssl at 1, in a parameter group { name: "rds.force_ssl", value: "1" }.',
    severity: "high",
    enforcement: "mandatory",
    sources: ["P6"],
    standards: [securityHub("RDS.38")],
    *check(mesh) {
        for (const group of resourcesOf(mesh.cloud, "aws:rds/parameterGroup:ParameterGroup")) {
            const family = group.input("family");
            if (typeof family.value !== "string" || !/^postgres\d/.test(family.value)) continue;
            const parameters = group.input("parameters");
            if (parameters.isPartial || parameters.items().some((parameter) => parameter.get("name").isUnknown))
                continue;
            const forced = parameters.items().find((parameter) => parameter.get("name").value === "rds.force_ssl");
            // PostgreSQL 15 and newer have it by default.
            const isDefault = Number(/\d+/.exec(family.value)?.[0]) >= 15;
            const value = forced?.get("value");
            if (forced ? !value!.isUnknown && String(value!.value) !== "1" : !isDefault)
                yield at(
                    group,
                    value ?? parameters,
                    "the database takes connections in plain text",
                    'set { name: "rds.force_ssl", value: "1" }',
                );
        }
    },
};

const CACHE = "aws:elasticache/replicationGroup:ReplicationGroup";

export const cacheAtRest = requires({
    id: "elasticache-at-rest",
    type: CACHE,
    title: "Caches are encrypted at rest",
    reason: "Sessions and personal data lie open in backups and on disk.",
    fix: "Set atRestEncryptionEnabled: true.",
    severity: "high",
    sources: ["P6"],
    standards: [fsbp("ElastiCache.4")],
    at: (cache) => cache.input("atRestEncryptionEnabled"),
    isRight: isOn,
    says: "the data lie open on disk",
    change: "set atRestEncryptionEnabled: true",
});

export const cacheInTransit = requires({
    id: "elasticache-in-transit",
    type: CACHE,
    title: "Caches speak TLS with their clients",
    reason: "Passwords and sessions cross the network in plain text.",
    fix: "Set transitEncryptionEnabled: true (and transitEncryptionMode: required).",
    severity: "high",
    sources: ["P6"],
    standards: [fsbp("ElastiCache.5")],
    at: (cache) => cache.input("transitEncryptionEnabled"),
    isRight: isOn,
    says: "clients speak plain text",
    change: "set transitEncryptionEnabled: true",
});

export const cacheAuthentication: Rule = {
    id: "elasticache-authentication",
    title: "Caches ask who connects",
    reason: "Everything in the network that reaches the port may read and empty the cache.",
    fix: "Set userGroupIds (or authToken).",
    severity: "high",
    enforcement: "mandatory",
    sources: ["P6"],
    standards: [fsbp("ElastiCache.6")],
    *check(mesh) {
        for (const cache of resourcesOf(mesh.cloud, CACHE)) {
            const ways = [cache.input("userGroupIds"), cache.input("authToken"), cache.input("authTokenWo")];
            if (ways.some(({ isSet }) => isSet)) continue;
            yield at(cache, ways[0]!, "the cache lets everybody in", "set userGroupIds to a group of users");
        }
    },
};

export const cacheFailover = requires({
    id: "elasticache-failover",
    type: CACHE,
    title: "Caches go on when a node fails",
    reason: "With its only node the cache is away, and with it every session.",
    fix: "Set automaticFailoverEnabled: true, multiAzEnabled: true and numCacheClusters: 2 or more.",
    severity: "medium",
    enforcement: { local: "disabled", dev: "advisory", prod: "mandatory" },
    sources: ["P6"],
    standards: [fsbp("ElastiCache.3")],
    at: (cache) => cache.input("automaticFailoverEnabled"),
    isRight: isOn,
    says: "the cache is away with its primary node",
    change: "set automaticFailoverEnabled: true, with two nodes or more",
});

export const cacheBackups = requires({
    id: "elasticache-backups",
    type: CACHE,
    title: "Caches are backed up every day",
    reason: "What was in a cache that is lost or emptied by mistake cannot be brought back.",
    fix: "Set snapshotRetentionLimit: 1 or more.",
    severity: "medium",
    enforcement: { local: "disabled", dev: "advisory", prod: "mandatory" },
    sources: ["P6"],
    standards: [fsbp("ElastiCache.1")],
    at: (cache) => cache.input("snapshotRetentionLimit"),
    isRight: (value) => typeof value === "number" && value >= 1,
    says: "there are no backups",
    change: "set snapshotRetentionLimit: 1 or more",
});
