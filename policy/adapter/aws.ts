import {
    type AwsType,
    type Cloud,
    CloudResource,
    type EksCluster,
    type IngressRule,
    type NodeSecurityGroup,
} from "../model/cloud";
import { Field } from "../model/field";
import { label, readLabels } from "../model/labels";
import { UNKNOWN } from "../model/unknown";
import type { PlainResource } from "./resources";

/** What the stack says about AWS, the way from the EKS control plane to the nodes (requirement P9) in particular. */
export function toCloud(resources: readonly PlainResource[]): Cloud {
    return {
        eksClusters: resources
            .filter(({ type }) => type === "eks:index:Cluster" || type === "aws:eks/cluster:Cluster")
            .map(toCluster),
        nodeSecurityGroups: resources.filter(isNodeSecurityGroup).map(toGroup),
        ingressRules: resources.flatMap(toIngressRules),
        resources: resources
            .filter(({ type }) => /^(aws|eks):/.test(type))
            .filter((resource) => !isOpened(resource, resources))
            .map(({ type, name, urn, properties }) => new CloudResource(type as AwsType, name, urn, properties)),
    };
}

/** Whether a resource is a component of pulumi-eks whose own cluster is listed: that says the same once more. */
function isOpened({ type }: PlainResource, resources: readonly PlainResource[]): boolean {
    return type === "eks:index:Cluster" && resources.some(({ urn }) => urn.includes(`${type}$aws:eks/cluster:Cluster`));
}

function toCluster({ urn, properties }: PlainResource): EksCluster {
    return { name: new Field(properties, "").get("name").text(), source: urn };
}

/** EKS tags a node group's security group with `kubernetes.io/cluster/<name>`; others are known by their name. */
function isNodeSecurityGroup({ type, name, properties }: PlainResource): boolean {
    if (type !== "aws:ec2/securityGroup:SecurityGroup") return false;
    const tags = readLabels(new Field(properties, "").get("tags"));
    const tagged = tags !== UNKNOWN && Object.keys(tags).some((key) => key.startsWith("kubernetes.io/cluster/"));
    const title = `${name} ${String(label(tags, "Name") ?? "")}`;
    return tagged || /\b(node|worker)s?/i.test(title.replaceAll(/([a-z])([A-Z])/g, "$1 $2").replaceAll(/[-_]/g, " "));
}

function toGroup({ urn, name, properties }: PlainResource): NodeSecurityGroup {
    // The id is assigned by AWS: absent from a program's inputs means not known yet.
    return { name, id: new Field(properties, "").get("id").text() ?? UNKNOWN, source: urn };
}

function toIngressRules({ type, urn, properties }: PlainResource): IngressRule[] {
    const root = new Field(properties, "");
    switch (type) {
        case "aws:ec2/securityGroup:SecurityGroup": {
            const ingress = root.get("ingress");
            const rules = ingress.items().map((rule) => ({
                ...portsOf(rule, "protocol"),
                securityGroupId: undefined,
                securityGroupSource: urn,
                source: urn,
            }));
            // An unknown list may admit the port.
            return ingress.isUnknown
                ? [
                      {
                          protocol: UNKNOWN,
                          fromPort: UNKNOWN,
                          toPort: UNKNOWN,
                          securityGroupId: undefined,
                          securityGroupSource: urn,
                          source: urn,
                      },
                  ]
                : rules;
        }
        case "aws:ec2/securityGroupRule:SecurityGroupRule":
            return root.get("type").text() === "egress"
                ? []
                : [{ ...portsOf(root, "protocol"), ...groupOf(root), source: urn }];
        case "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule":
            return [{ ...portsOf(root, "ipProtocol"), ...groupOf(root), source: urn }];
        default:
            return [];
    }
}

function portsOf(rule: Field, protocol: string): Pick<IngressRule, "protocol" | "fromPort" | "toPort"> {
    return {
        protocol: rule.get(protocol).text(),
        fromPort: rule.get("fromPort").number(),
        toPort: rule.get("toPort").number(),
    };
}

function groupOf(rule: Field): Pick<IngressRule, "securityGroupId" | "securityGroupSource"> {
    return { securityGroupId: rule.get("securityGroupId").text(), securityGroupSource: undefined };
}
