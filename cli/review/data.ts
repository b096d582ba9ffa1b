/** What is lost when a resource goes: the types whose deletion or replacement nothing brings back. */
const DATA: readonly (readonly [RegExp, string])[] = [
    [/^aws:rds\/(instance|cluster|snapshot)/, "a database"],
    [/^aws:elasticache\/(replicationGroup|cluster|serverlessCache)/, "a cache and what is in it"],
    [/^aws:s3\/(bucket|bucketV2):/, "a bucket and its objects"],
    [
        /^aws:(dynamodb\/table|efs\/fileSystem|ebs\/volume|ebs\/snapshot|docdb|neptune|redshift|opensearch|kinesis\/stream|sqs\/queue)/,
        "stored data",
    ],
    [/^aws:kms\/key:/, "a key, and with it everything that is encrypted with it"],
    [/^aws:secretsmanager\/secret:/, "a secret"],
    [/^aws:ecr\/repository:/, "a repository and its images"],
    [/^aws:cloudwatch\/logGroup:/, "logs"],
    [/^aws:route53\/zone:/, "a zone and its name servers"],
    [/^eks:index:Cluster$|^aws:eks\/cluster:/, "the whole cluster and everything on it"],
    [/^pulumi-nodejs:dynamic\/(embedded|kind):/, "the whole cluster and everything on it"],
    [/^kubernetes:core\/v1:Namespace$/, "a namespace and everything in it"],
    [/^kubernetes:core\/v1:PersistentVolume(Claim)?$/, "a volume"],
    [/^kubernetes:apps\/v1:StatefulSet$/, "a set of pods with volumes"],
    [/^kubernetes:apiextensions\.k8s\.io\/v1:CustomResourceDefinition$/, "a kind and every object of it"],
];

/** What is lost with a resource of this type; undefined where it can be made again as it was. */
export function dataHeldBy(type: string): string | undefined {
    return DATA.find(([pattern]) => pattern.test(type))?.[1];
}
