import { shortType } from "./components";

/**
 * Fields whose change makes another object necessary, for plans without a state: there is then no provider to ask. Those of
 * Kubernetes are refused by the API server (its reference, "immutable"); those of AWS are "Forces new resource" of the
 * provider's documentation, of the resources that this program makes.
 */
const REPLACING: Readonly<Record<string, readonly RegExp[]>> = {
    Deployment: [/^spec\.selector\b/],
    DaemonSet: [/^spec\.selector\b/],
    StatefulSet: [/^spec\.(selector|serviceName|podManagementPolicy|volumeClaimTemplates)\b/],
    Job: [/^spec\.(selector|template|completionMode)\b/],
    Secret: [/^type$/],
    PersistentVolumeClaim: [/^spec\.(accessModes|storageClassName|volumeName|selector|volumeMode)\b/],
    RoleBinding: [/^roleRef\b/],
    ClusterRoleBinding: [/^roleRef\b/],
    StorageClass: [/^(provisioner|parameters|reclaimPolicy|volumeBindingMode)\b/],
    "rds.Instance": [
        /^(identifier|engine|username|storageEncrypted|kmsKeyId|dbName|availabilityZone|characterSetName|snapshotIdentifier)$/,
    ],
    "elasticache.ReplicationGroup": [
        /^(replicationGroupId|atRestEncryptionEnabled|kmsKeyId|subnetGroupName|port|numNodeGroups)$/,
    ],
    "ec2.Vpc": [/^cidrBlock$/],
    "ec2.Subnet": [/^(cidrBlock|availabilityZone|vpcId)$/],
    "s3.Bucket": [/^(bucket|bucketPrefix)$/],
    "kms.Key": [/^(keyUsage|customerMasterKeySpec|multiRegion)$/],
    "eks.Cluster": [/^(name|roleArn|encryptionConfig(KeyArn)?)\b/],
    "eks.NodeGroup": [/^(nodeGroupName|instanceTypes|amiType|capacityType|diskSize|subnetIds|nodeRoleArn)\b/],
    "secretsmanager.Secret": [/^(name|namePrefix)$/],
};

/** Fields that say which object it is, of any kind of Kubernetes. */
const IDENTITY = [/^kind$/, /^metadata\.(name|namespace)$/];

/** Whether a changed field makes another object necessary. */
export function forcesReplacement(type: string, path: string): boolean {
    const rules = [...(type.startsWith("kubernetes:") ? IDENTITY : []), ...(REPLACING[shortType(type)] ?? [])];
    return rules.some((rule) => rule.test(path));
}
