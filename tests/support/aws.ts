import * as pulumi from "@pulumi/pulumi";
import { settled, withoutSecrets, type RegisteredResource } from "./program";

/** Components of AWS under Pulumi's mocks: what they register, with answers that are as AWS' own look. */

/** What a part of AWS registers. */
export type Recorded = RegisteredResource;

/** Account of AWS' own documentation. */
export const ACCOUNT = "111122223333";

/** What AWS tells of a resource beside its inputs once it is there. */
export function awsState(type: string, name: string, inputs: Record<string, unknown>): object {
    return type.startsWith("aws:") || type in computed ? { arn: `arn:${name}`, ...computed[type]?.(name, inputs) } : {};
}

/** What AWS answers to a question; undefined for questions that it is not asked. */
export function awsAnswer(token: string): object | undefined {
    if (token === "aws:index/getCallerIdentity:getCallerIdentity") return { accountId: ACCOUNT };
    if (token === "aws:lb/getHostedZoneId:getHostedZoneId") return { id: "ZNLB" };
    return undefined;
}

const computed: Readonly<Record<string, (name: string, inputs: Record<string, unknown>) => object>> = {
    "aws:acm/certificate:Certificate": (_name, { domainName, subjectAlternativeNames = [] }) => ({
        domainValidationOptions: [domainName, ...(subjectAlternativeNames as string[])].map((host) => ({
            domainName: host,
            resourceRecordName: `_proof.${String(host)}`,
            resourceRecordType: "CNAME",
            resourceRecordValue: `_value.${String(host)}`,
        })),
    }),
    "aws:rds/instance:Instance": () => ({
        address: "postgres.example",
        masterUserSecrets: [{ secretArn: "arn:secret", secretStatus: "active", kmsKeyId: "arn:key" }],
    }),
    "aws:elasticache/replicationGroup:ReplicationGroup": () => ({ primaryEndpointAddress: "cache.example" }),
    "aws:ec2/launchTemplate:LaunchTemplate": () => ({ latestVersion: 1 }),
    "eks:index:Cluster": (_name, { name }) => ({ eksCluster: { name }, kubeconfigJson: "{}" }),
};

/** Runs something under mocks and returns every resource that it registers, in order. */
export async function record(register: () => unknown): Promise<Recorded[]> {
    const resources: Recorded[] = [];
    await pulumi.runtime.setMocks(
        {
            newResource({ type, name, inputs, custom, provider }) {
                const state = { ...(inputs as object), ...awsState(type, name, inputs) };
                resources.push({ type, name, inputs: withoutSecrets(inputs) as Record<string, unknown>, provider });
                return { id: custom ? `${name}-id` : "", state };
            },
            call: ({ token, inputs }) => awsAnswer(token) ?? (inputs as object),
        },
        "istio-platform",
        "prod",
        true,
    );
    register();
    await settled(resources);
    return resources;
}

/** The resources of a type; `ec2/vpc:Vpc` stands for `aws:ec2/vpc:Vpc`. */
export function ofType(resources: readonly Recorded[], type: string): Recorded[] {
    return resources.filter((resource) => resource.type === type || resource.type === `aws:${type}`);
}

/** The one resource of a type, by name where there are several. */
export function one(resources: readonly Recorded[], type: string, name?: string | RegExp): Recorded {
    const matches = ({ name: own }: Recorded) =>
        name === undefined || (typeof name === "string" ? own === name : name.test(own));
    const found = ofType(resources, type).filter(matches);
    if (found.length !== 1)
        throw new Error(
            `${found.length} of type ${type} ${String(name ?? "")}: ${found.map((one) => one.name).join()}`,
        );
    return found[0]!;
}

/** Statements of an IAM policy among the inputs, by their ids. */
export function statements(text: unknown): Record<string, Record<string, unknown>> {
    const { Statement } = JSON.parse(String(text)) as { Statement: { Sid: string }[] };
    return Object.fromEntries(Statement.map((statement) => [statement.Sid, statement]));
}
