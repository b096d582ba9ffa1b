import { strict as assert } from "node:assert";
import { ofType, one, statements, type Recorded } from "../../support/aws";
import { otherwise, recordCluster } from "./cluster";

const stores = {
    dataStores: {
        postgres: {},
        cache: {},
        clients: [{ namespace: "ecommerce", serviceAccount: "order-api" }],
    },
};

describe("AWS: data stores", function () {
    this.timeout(60_000);
    let resources: Recorded[];
    before(async () => (resources = await recordCluster(stores)));

    it("P6 are there only where they are wanted", async () => {
        const none = await recordCluster();
        assert.deepEqual(ofType(none, "rds/instance:Instance"), []);
        assert.deepEqual(
            ofType(none, "kms/key:Key").map(({ name }) => name),
            ["cluster-secrets-and-logs"],
        );
    });

    it("P6 PostgreSQL stands in two zones, private and encrypted, its backups kept", () => {
        const database = one(resources, "rds/instance:Instance").inputs;
        const expected = {
            engine: "postgres",
            engineVersion: "17",
            multiAz: true,
            publiclyAccessible: false,
            storageEncrypted: true,
            kmsKeyId: "arn:cluster-data",
            backupRetentionPeriod: 14,
            copyTagsToSnapshot: true,
            deletionProtection: true,
            skipFinalSnapshot: false,
            storageType: "gp3",
        };
        for (const [key, value] of Object.entries(expected)) assert.equal(database[key], value, key);
        const zones = ["a", "b", "c"].map((zone) => `cluster-data-ap-northeast-2${zone}-id`);
        assert.deepEqual(one(resources, "rds/subnetGroup:SubnetGroup").inputs["subnetIds"], zones);
    });

    it("P6 its password is made by RDS and kept in Secrets Manager: no input holds one", () => {
        const database = one(resources, "rds/instance:Instance").inputs;
        assert.equal(database["manageMasterUserPassword"], true);
        assert.equal(database["masterUserSecretKmsKeyId"], "arn:cluster-data");
        assert.ok(!("password" in database));
    });

    it("P6 it refuses connections without TLS", () => {
        const { family, parameters } = one(resources, "rds/parameterGroup:ParameterGroup").inputs;
        assert.equal(family, "postgres17");
        assert.ok(
            (parameters as { name: string; value: string }[]).some(
                ({ name, value }) => name === "rds.force_ssl" && value === "1",
            ),
        );
    });

    it("P6 the cache: a primary and a replica in other zones, encrypted at rest and on the wire", () => {
        const cache = one(resources, "elasticache/replicationGroup:ReplicationGroup").inputs;
        const expected = {
            engine: "valkey",
            numCacheClusters: 2,
            multiAzEnabled: true,
            automaticFailoverEnabled: true,
            transitEncryptionEnabled: true,
            transitEncryptionMode: "required",
            atRestEncryptionEnabled: true,
            kmsKeyId: "arn:cluster-data",
            snapshotRetentionLimit: 7,
        };
        for (const [key, value] of Object.entries(expected)) assert.equal(cache[key], value, key);
    });

    it("P6 who logs in to the cache shows a token of IAM; Redis' own user can do nothing", async () => {
        const [user] = ofType(resources, "elasticache/user:User").map(({ inputs }) => inputs);
        assert.deepEqual([user!["authenticationMode"], user!["userId"]], [{ type: "iam" }, user!["userName"]]);
        const redis = await recordCluster(otherwise);
        const powerless = one(redis, "elasticache/user:User", "cluster-cache-default").inputs;
        assert.deepEqual([powerless["userName"], powerless["accessString"]], ["default", "off ~* -@all"]);
    });

    it("P6 are reached from pods alone, each on its port", () => {
        for (const [name, port] of [
            ["cluster-postgres", 5432],
            ["cluster-cache", 6379],
        ] as const) {
            const rules = ofType(resources, "vpc/securityGroupIngressRule:SecurityGroupIngressRule")
                .map(({ inputs }) => inputs)
                .filter(({ securityGroupId }) => securityGroupId === `${name}-id`);
            assert.deepEqual(
                rules.map(({ referencedSecurityGroupId, fromPort, toPort }) => [
                    referencedSecurityGroupId,
                    fromPort,
                    toPort,
                ]),
                [["cluster-nodes-id", port, port]],
            );
        }
    });

    it("P6 named pods may read the password and log in to the cache, and nothing else", () => {
        const allowed = statements(
            one(resources, "iam/rolePolicy:RolePolicy", "cluster-data-clients").inputs["policy"],
        );
        assert.deepEqual(
            Object.values(allowed).map(({ Action, Resource }) => [Action, Resource]),
            [
                [["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"], ["arn:secret"]],
                [["kms:Decrypt"], ["arn:cluster-data"]],
                [["elasticache:Connect"], ["arn:cluster-cache", "arn:cluster-cache"]],
            ],
        );
    });

    it("P15 can be given up on purpose: unprotected, they go with the environment", async () => {
        const free = await recordCluster(otherwise);
        const database = one(free, "rds/instance:Instance").inputs;
        assert.deepEqual([database["deletionProtection"], database["deleteAutomatedBackups"]], [false, true]);
    });
});
