import { resourcesOf, type CloudResource } from "../../model/cloud";
import type { Field } from "../../model/field";
import type { Mesh } from "../../model/mesh";
import { isKnown } from "../../model/unknown";
import { at, list, type Rule } from "../rule";
import { cisEks, eksGuide, fsbp } from "../standards";

/** What a control plane is made of: the plain resource and pulumi-eks' component have it in different places. */
interface ControlPlane {
    readonly resource: CloudResource;
    readonly publicAccess: Field;
    readonly publicCidrs: Field;
    readonly privateAccess: Field;
    readonly encryptionKey: Field;
    readonly logTypes: Field;
    readonly authenticationMode: Field;
    readonly deletionProtection: Field;
}

function controlPlanes({ cloud }: Mesh): ControlPlane[] {
    return [
        ...resourcesOf(cloud, "aws:eks/cluster:Cluster").map((resource) => ({
            resource,
            publicAccess: resource.input("vpcConfig").get("endpointPublicAccess"),
            publicCidrs: resource.input("vpcConfig").get("publicAccessCidrs"),
            privateAccess: resource.input("vpcConfig").get("endpointPrivateAccess"),
            encryptionKey: resource.input("encryptionConfig").get("provider", "keyArn"),
            logTypes: resource.input("enabledClusterLogTypes"),
            authenticationMode: resource.input("accessConfig").get("authenticationMode"),
            deletionProtection: resource.input("deletionProtection"),
        })),
        ...resourcesOf(cloud, "eks:index:Cluster").map((resource) => ({
            resource,
            publicAccess: resource.input("endpointPublicAccess"),
            publicCidrs: resource.input("publicAccessCidrs"),
            privateAccess: resource.input("endpointPrivateAccess"),
            encryptionKey: resource.input("encryptionConfigKeyArn"),
            logTypes: resource.input("enabledClusterLogTypes"),
            authenticationMode: resource.input("authenticationMode"),
            deletionProtection: resource.input("deletionProtection"),
        })),
    ];
}

export const eksPublicEndpoint: Rule = {
    id: "eks-public-endpoint",
    title: "The address of the API server is private, or open to named networks alone",
    reason: "EKS opens it to the whole internet by default: a stolen credential or a hole in the API server is then enough.",
    fix: "Set endpointPublicAccess: false, or publicAccessCidrs to the networks that need it.",
    severity: "critical",
    enforcement: "mandatory",
    sources: ["P1"],
    standards: [fsbp("EKS.1"), cisEks("5.4.1")],
    *check(mesh) {
        for (const { resource, publicAccess, publicCidrs } of controlPlanes(mesh)) {
            if (publicAccess.isUnknown || publicAccess.value === false || publicCidrs.isPartial) continue;
            const networks = publicCidrs.items();
            const open = networks.find(({ value }) => value === "0.0.0.0/0" || value === "::/0");
            if (networks.length === 0 || open)
                yield at(
                    resource,
                    open ?? publicCidrs,
                    "the internet reaches the API server",
                    "set endpointPublicAccess: false, or name networks in publicAccessCidrs",
                );
        }
    },
};

export const eksPrivateEndpoint: Rule = {
    id: "eks-private-endpoint",
    title: "Nodes reach the API server inside the VPC",
    reason: "Otherwise what the nodes say to the control plane leaves the VPC, and their addresses must be let in from outside.",
    fix: "Set endpointPrivateAccess: true.",
    severity: "high",
    enforcement: "mandatory",
    sources: ["P1"],
    standards: [cisEks("5.4.2")],
    *check(mesh) {
        for (const { resource, privateAccess } of controlPlanes(mesh))
            if (!privateAccess.isUnknown && privateAccess.value !== true)
                yield at(
                    resource,
                    privateAccess,
                    "nodes go over the public address",
                    "set endpointPrivateAccess: true",
                );
    },
};

export const eksSecretsEncryption: Rule = {
    id: "eks-secrets-encryption",
    title: "Kubernetes' Secrets are encrypted with a key of one's own",
    reason: "Whoever gets at etcd's disks or backups reads every Secret; and only a key of one's own can be taken away.",
    fix: 'Set encryptionConfig: { provider: { keyArn }, resources: ["secrets"] }.',
    severity: "high",
    enforcement: "mandatory",
    sources: ["P1"],
    standards: [fsbp("EKS.3"), cisEks("5.3.1")],
    *check(mesh) {
        for (const { resource, encryptionKey } of controlPlanes(mesh))
            if (!encryptionKey.isSet)
                yield at(resource, encryptionKey, "Secrets have no key of one's own", "name a KMS key");
    },
};

const LOG_TYPES = ["api", "audit", "authenticator", "controllerManager", "scheduler"];

export const eksLogTypes: Rule = {
    id: "eks-log-types",
    title: "The control plane writes all of its logs",
    reason: "Without the audit log nobody can tell afterwards who did what; the others tell why.",
    fix: `Set enabledClusterLogTypes: [${LOG_TYPES.join(", ")}].`,
    severity: "medium",
    enforcement: "mandatory",
    sources: ["P1"],
    standards: [fsbp("EKS.8"), cisEks("2.1.1")],
    *check(mesh) {
        for (const { resource, logTypes } of controlPlanes(mesh)) {
            if (logTypes.isPartial) continue;
            const written = logTypes.items().map(({ value }) => value);
            const missing = LOG_TYPES.filter((type) => !written.includes(type));
            if (missing.length > 0)
                yield at(
                    resource,
                    logTypes,
                    `the control plane does not write ${list(missing)}`,
                    `add ${list(missing)}`,
                );
        }
    },
};

export const eksAccessEntries: Rule = {
    id: "eks-access-entries",
    title: "People get into the cluster by access entries, not by the ConfigMap aws-auth",
    reason: "Whoever may write that ConfigMap is cluster-admin, no log of AWS shows it, and a slip in it locks everybody out.",
    fix: "Set authenticationMode: API.",
    severity: "medium",
    enforcement: "mandatory",
    sources: ["P1"],
    standards: [eksGuide("Identity and Access Management"), cisEks("5.5.1")],
    *check(mesh) {
        for (const { resource, authenticationMode } of controlPlanes(mesh)) {
            const mode = authenticationMode.value ?? "CONFIG_MAP";
            if (!authenticationMode.isUnknown && String(mode) === "CONFIG_MAP")
                yield at(resource, authenticationMode, "the ConfigMap aws-auth decides who gets in", 'set "API"');
        }
    },
};

export const eksDeletionProtection: Rule = {
    id: "eks-deletion-protection",
    title: "The cluster cannot be deleted by mistake",
    reason: "With it goes everything that runs in it, and every volume whose class says Delete.",
    fix: "Set deletionProtection: true.",
    severity: "high",
    enforcement: { local: "disabled", dev: "advisory", prod: "mandatory" },
    sources: ["P1"],
    standards: [eksGuide("Reliability: Control Plane")],
    *check(mesh) {
        for (const { resource, deletionProtection } of controlPlanes(mesh))
            if (!deletionProtection.isUnknown && deletionProtection.value !== true)
                yield at(resource, deletionProtection, "one call deletes the cluster", "set deletionProtection: true");
    },
};

export const eksNetworkPolicies: Rule = {
    id: "eks-network-policies",
    title: "The cluster enforces NetworkPolicies",
    reason: "EKS' network plugin takes NetworkPolicies and does nothing with them unless it is told to.",
    fix: 'Install the add-on vpc-cni with configurationValues {"enableNetworkPolicy": "true"}.',
    severity: "high",
    enforcement: "mandatory",
    sources: ["S6"],
    standards: [cisEks("4.3.1"), cisEks("5.4.4")],
    *check(mesh) {
        const [first] = controlPlanes(mesh);
        if (!first || mesh.ofKind("NetworkPolicy").length === 0) return;
        const addOns = resourcesOf(mesh.cloud, "aws:eks/addon:Addon");
        const isNetwork = ({ value, isUnknown }: Field): boolean => isUnknown || value === "vpc-cni";
        const network = addOns.filter((addOn) => isNetwork(addOn.input("addonName")));
        if (network.some((addOn) => enforces(addOn.input("configurationValues")))) return;
        const [addOn] = network;
        yield at(
            addOn ?? first.resource,
            addOn?.input("configurationValues") ?? "addons",
            "NetworkPolicies are declared, and nobody enforces them",
            'configure the add-on vpc-cni with {"enableNetworkPolicy": "true"}',
        );
    },
};

/** Whether the add-on's configuration switches it on, or may once it is known. */
function enforces(configuration: Field): boolean {
    const text = configuration.text();
    if (!isKnown(text)) return configuration.isUnknown;
    return /"?enableNetworkPolicy"?\s*:\s*"?true/.test(text);
}
