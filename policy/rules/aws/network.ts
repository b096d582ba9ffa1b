import { type CloudResource, resourcesOf } from "../../model/cloud";
import type { Field } from "../../model/field";
import type { Mesh } from "../../model/mesh";
import { at, type Rule } from "../rule";
import { eksGuide, fsbp } from "../standards";
import { requires } from "./requires";

/** Ports that a security group may open to everybody: HTTP and HTTPS. */
const PUBLIC_PORTS: ReadonlySet<number> = new Set([80, 443]);

/** What a security group lets in, in the three ways that AWS' provider has. */
interface Opening {
    readonly resource: CloudResource;
    readonly rule: Field;
    readonly protocol: Field;
    readonly networks: readonly Field[];
}

function openings({ cloud }: Mesh): Opening[] {
    const networksOf = (rule: Field): Field[] =>
        ["cidrBlocks", "ipv6CidrBlocks"].flatMap((key) => rule.get(key).items());
    return [
        ...resourcesOf(cloud, "aws:ec2/securityGroup:SecurityGroup").flatMap((resource) =>
            resource
                .input("ingress")
                .items()
                .map((rule) => ({ resource, rule, protocol: rule.get("protocol"), networks: networksOf(rule) })),
        ),
        ...resourcesOf(cloud, "aws:ec2/securityGroupRule:SecurityGroupRule")
            .filter((resource) => resource.input("type").value === "ingress")
            .map((resource) => ({
                resource,
                rule: resource.root,
                protocol: resource.input("protocol"),
                networks: networksOf(resource.root),
            })),
        ...resourcesOf(cloud, "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule").map((resource) => ({
            resource,
            rule: resource.root,
            protocol: resource.input("ipProtocol"),
            networks: [resource.input("cidrIpv4"), resource.input("cidrIpv6")],
        })),
    ];
}

export const openSecurityGroup: Rule = {
    id: "open-security-group",
    title: "Security groups let the whole internet in on ports 80 and 443 alone",
    reason: "Every other port that is open to everybody is found and tried within minutes.",
    fix: "Name a security group or a network as the source.",
    severity: "critical",
    enforcement: "mandatory",
    sources: ["P9"],
    standards: [fsbp("EC2.18"), fsbp("EC2.19")],
    *check(mesh) {
        for (const { resource, rule, protocol, networks } of openings(mesh)) {
            const open = networks.find(({ value }) => value === "0.0.0.0/0" || value === "::/0");
            if (!open || protocol.isUnknown) continue;
            const [from, to] = [rule.get("fromPort"), rule.get("toPort")];
            if (from.isUnknown || to.isUnknown) continue;
            const all = ["-1", "all"].includes(String(protocol.value));
            const isPublic = from.value === to.value && PUBLIC_PORTS.has(from.value as number);
            if (all || !isPublic)
                yield at(
                    resource,
                    open,
                    `the internet reaches ${all ? "every port" : `ports ${String(from.value)} to ${String(to.value)}`}`,
                    "name a security group or a network as the source",
                );
        }
    },
};

export const defaultSecurityGroup: Rule = {
    id: "default-security-group",
    title: "The default security group of a network lets nothing through",
    reason: "What names no group gets this one, and by it reaches all others that named none.",
    fix: "Declare an aws.ec2.DefaultSecurityGroup without rules.",
    severity: "medium",
    enforcement: "mandatory",
    standards: [fsbp("EC2.2")],
    *check(mesh) {
        const groups = resourcesOf(mesh.cloud, "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup");
        for (const group of groups)
            for (const key of ["ingress", "egress"] as const)
                if (group.input(key).items().length > 0)
                    yield at(group, group.input(key), `the default group has rules (${key})`, `remove ${key}`);
        const vpcs = resourcesOf(mesh.cloud, "aws:ec2/vpc:Vpc");
        for (const vpc of vpcs.slice(groups.length))
            yield at(
                vpc,
                "defaultSecurityGroupId",
                "its default security group is left as AWS makes it: members reach one another",
                "declare an aws.ec2.DefaultSecurityGroup without rules",
            );
    },
};

export const flowLogs: Rule = {
    id: "vpc-flow-logs",
    title: "Every network records its connections",
    reason: "After an attack nobody can tell where it came from and what it reached.",
    fix: "Add an aws.ec2.FlowLog for the VPC.",
    severity: "medium",
    enforcement: "mandatory",
    sources: ["P1"],
    standards: [fsbp("EC2.6"), eksGuide("Network security")],
    *check(mesh) {
        const logs = resourcesOf(mesh.cloud, "aws:ec2/flowLog:FlowLog").filter((log) => log.input("vpcId").isSet);
        // Ids are not known before the network exists: as many logs as networks must do.
        for (const vpc of resourcesOf(mesh.cloud, "aws:ec2/vpc:Vpc").slice(logs.length))
            yield at(vpc, "flowLogs", "nothing records what is connected to what", "add an aws.ec2.FlowLog");
    },
};

/** Private endpoints are found by name. */
export const vpcDns = requires({
    id: "vpc-dns",
    type: "aws:ec2/vpc:Vpc",
    title: "A network with a private API server resolves its name",
    reason: "Without DNS host names the private address of the API server and of VPC endpoints cannot be found.",
    fix: "Set enableDnsHostnames: true.",
    severity: "medium",
    sources: ["P1"],
    standards: [eksGuide("Networking: VPC and Subnet Considerations")],
    at: (vpc) => vpc.input("enableDnsHostnames"),
    isRight: (value) => value === true,
    says: "names of private endpoints cannot be resolved in the network",
    change: "set enableDnsHostnames: true",
});
