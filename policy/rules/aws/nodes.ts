import { type AwsType, type CloudResource, resourcesOf } from "../../model/cloud";
import type { Field } from "../../model/field";
import type { Mesh } from "../../model/mesh";
import { at, type Finding, type Rule } from "../rule";
import { cisEks, eksGuide, fsbp } from "../standards";
import { isOn, requires } from "./requires";

/** Machines by whatever describes them. */
function machines({ cloud }: Mesh): CloudResource[] {
    return [
        ...resourcesOf(cloud, "aws:ec2/launchTemplate:LaunchTemplate"),
        ...resourcesOf(cloud, "aws:ec2/instance:Instance"),
    ];
}

/** Node groups that leave the settings of their machines to EKS. */
function groupsWithoutTemplate({ cloud }: Mesh): CloudResource<"aws:eks/nodeGroup:NodeGroup">[] {
    return resourcesOf(cloud, "aws:eks/nodeGroup:NodeGroup").filter((group) => !group.input("launchTemplate").isSet);
}

export const nodeMetadata: Rule = {
    id: "node-imdsv2",
    title: "Machines answer metadata requests of version 2 only",
    reason: "Version 1 gives the node's role to everybody who can make one of its programs fetch a URL (SSRF).",
    fix: "Set metadataOptions.httpTokens: required in the launch template.",
    severity: "high",
    enforcement: "mandatory",
    sources: ["P1"],
    standards: [fsbp("EC2.170"), fsbp("EC2.8")],
    *check(mesh) {
        const found = (resource: CloudResource, field: Field): Finding =>
            at(
                resource,
                field,
                "its machines also answer version 1",
                'set metadataOptions: { httpTokens: "required" }',
            );
        for (const machine of machines(mesh)) {
            const tokens = machine.root.get("metadataOptions", "httpTokens");
            if (!tokens.isUnknown && tokens.value !== "required") yield found(machine, tokens);
        }
        for (const group of groupsWithoutTemplate(mesh)) yield found(group, group.input("launchTemplate"));
    },
};

export const nodeSsh: Rule = {
    id: "node-ssh",
    title: "Nobody gets into a node by SSH",
    reason: "A key that is copied once is a way in for ever, past every log of Kubernetes.",
    fix: "Remove the key; use AWS Systems Manager Session Manager, or kubectl debug.",
    severity: "high",
    enforcement: "mandatory",
    sources: ["P1"],
    standards: [cisEks("5.4.3"), eksGuide("Protecting the infrastructure")],
    *check(mesh) {
        const keys: readonly [AwsType, (resource: CloudResource) => Field][] = [
            ["aws:eks/nodeGroup:NodeGroup", ({ root }) => root.get("remoteAccess", "ec2SshKey")],
            ["aws:ec2/launchTemplate:LaunchTemplate", ({ root }) => root.get("keyName")],
            ["aws:ec2/instance:Instance", ({ root }) => root.get("keyName")],
            ["eks:index:Cluster", ({ root }) => root.get("nodePublicKey")],
        ];
        for (const [type, key] of keys)
            for (const resource of resourcesOf(mesh.cloud, type)) {
                const field = key(resource);
                if (field.isSet && !field.isUnknown && field.value !== "")
                    yield at(resource, field, "whoever has the key gets into the nodes", "remove the key");
            }
    },
};

export const diskEncryption: Rule = {
    id: "disk-encryption",
    title: "Disks of machines are encrypted",
    reason: "A snapshot, or a disk that is thrown away, can be read by whoever gets it.",
    fix: "Set encrypted: true for every disk, or switch it on for the account (aws.ebs.EncryptionByDefault).",
    severity: "high",
    enforcement: "mandatory",
    sources: ["P1"],
    standards: [fsbp("EC2.181"), fsbp("EC2.3")],
    *check(mesh) {
        const byDefault = resourcesOf(mesh.cloud, "aws:ebs/encryptionByDefault:EncryptionByDefault");
        if (byDefault.some((account) => account.input("enabled").value !== false)) return;
        const found = (resource: CloudResource, field: Field): Finding =>
            at(resource, field, "a disk is not encrypted", "set encrypted: true");
        for (const template of resourcesOf(mesh.cloud, "aws:ec2/launchTemplate:LaunchTemplate")) {
            const mappings = template.input("blockDeviceMappings");
            const disks = mappings.items().map((mapping) => mapping.get("ebs", "encrypted"));
            // Without any the image decides, and AWS' own images are not encrypted.
            if (mappings.isUnknown) continue;
            if (disks.length === 0) yield found(template, mappings);
            for (const field of disks.filter(isPlain)) yield found(template, field);
        }
        for (const volume of resourcesOf(mesh.cloud, "aws:ebs/volume:Volume"))
            if (isPlain(volume.input("encrypted"))) yield found(volume, volume.input("encrypted"));
        for (const instance of resourcesOf(mesh.cloud, "aws:ec2/instance:Instance")) {
            const field = instance.input("rootBlockDevice").get("encrypted");
            if (isPlain(field)) yield found(instance, field);
        }
        for (const group of groupsWithoutTemplate(mesh)) yield found(group, group.input("launchTemplate"));
    },
};

function isPlain(encrypted: Field): boolean {
    return !encrypted.isUnknown && !isOn(encrypted.value);
}

export const nodePublicIp: Rule = {
    id: "node-public-ip",
    title: "Machines have no address of the internet",
    reason: "A node that the internet reaches is one mistake in a security group away from being attacked.",
    fix: "Put nodes into private subnets, and set associatePublicIpAddress: false.",
    severity: "high",
    enforcement: "mandatory",
    sources: ["P1"],
    standards: [fsbp("EC2.25"), fsbp("EC2.9"), cisEks("5.4.3")],
    *check(mesh) {
        const found = (resource: CloudResource, field: Field): Finding =>
            at(resource, field, "the machine gets an address of the internet", "set associatePublicIpAddress: false");
        for (const template of resourcesOf(mesh.cloud, "aws:ec2/launchTemplate:LaunchTemplate"))
            for (const device of template.input("networkInterfaces").items()) {
                const field = device.get("associatePublicIpAddress");
                if (isOn(field.value)) yield found(template, field);
            }
        for (const instance of resourcesOf(mesh.cloud, "aws:ec2/instance:Instance")) {
            const field = instance.input("associatePublicIpAddress");
            if (isOn(field.value)) yield found(instance, field);
        }
    },
};

export const subnetPublicIp = requires({
    id: "subnet-public-ip",
    type: "aws:ec2/subnet:Subnet",
    title: "No subnet gives addresses of the internet by itself",
    reason: "Every machine that is started there, whatever for, is reached from outside.",
    fix: "Leave mapPublicIpOnLaunch out; NAT gateways and load balancers do not need it.",
    severity: "medium",
    sources: ["P1"],
    standards: [fsbp("EC2.15")],
    at: (subnet) => subnet.input("mapPublicIpOnLaunch"),
    isRight: (value) => !isOn(value),
    says: "whatever starts in the subnet gets an address of the internet",
    change: "remove mapPublicIpOnLaunch",
});
