import type { IngressRule, NodeSecurityGroup } from "../../model/cloud";
import type { Mesh } from "../../model/mesh";
import type { MeshObject } from "../../model/object";
import { type Answer, all, isKnown, type Maybe, same, UNKNOWN } from "../../model/unknown";
import { at, type Rule } from "../rule";

/** Where istiod answers the injection and validation webhooks. */
const ISTIOD_WEBHOOK_PORT = 15017;

export const webhookControlPlaneAccess: Rule = {
    id: "webhook-control-plane-access",
    title: "On EKS the nodes' security group admits the control plane to istiod's webhook port 15017",
    reason: "The EKS control plane lies outside the nodes' network: without the rule every pod creation waits for the injection webhook until it times out.",
    fix: "Add an ingress rule to the nodes' security group: TCP 15017 (and 15012) from the cluster's security group.",
    severity: "critical",
    enforcement: "mandatory",
    sources: ["C8 problem 1", "P9", "https://istio.io/latest/docs/ops/common-problems/injection/"],
    *check(mesh) {
        if (mesh.cloud.eksClusters.length === 0) return;
        const webhook = mesh.webhookConfigurations.find(({ isIstio }) => isIstio) ?? istiod(mesh);
        if (!webhook) return;
        for (const group of mesh.cloud.nodeSecurityGroups) {
            const admitted = mesh.cloud.ingressRules.some((rule) => admits(rule, group) !== "no");
            if (admitted) continue;
            yield at(
                { id: `SecurityGroup/${group.name}`, source: group.source },
                "ingress",
                `the security group of the EKS nodes admits nobody to TCP ${ISTIOD_WEBHOOK_PORT}, where istiod answers ${webhook.id}: the control plane's calls time out and no pod gets its sidecar`,
                `add an ingress rule to "${group.name}": protocol tcp, ports ${ISTIOD_WEBHOOK_PORT} to ${ISTIOD_WEBHOOK_PORT} (and 15012), source: the cluster's security group`,
            );
        }
    },
};

function admits(rule: IngressRule, group: NodeSecurityGroup): Answer {
    return all([
        rule.securityGroupSource !== undefined
            ? same(rule.securityGroupSource, group.source)
            : rule.securityGroupId === undefined
              ? "no"
              : same(rule.securityGroupId, group.id),
        covers(rule),
    ]);
}

function covers({ protocol, fromPort, toPort }: IngressRule): Answer {
    if (protocol === UNKNOWN) return "maybe";
    if (protocol === "-1" || protocol === "all") return "yes";
    if (protocol !== "tcp" && protocol !== "6") return "no";
    return all([atMost(fromPort, ISTIOD_WEBHOOK_PORT), atMost(ISTIOD_WEBHOOK_PORT, toPort)]);
}

function atMost(low: Maybe<number>, high: Maybe<number>): Answer {
    if (low === UNKNOWN || high === UNKNOWN) return "maybe";
    return isKnown(low) && isKnown(high) && low <= high ? "yes" : "no";
}

function istiod(mesh: Mesh): MeshObject | undefined {
    return mesh.workloads.find(({ containers }) => containers.some(({ name }) => name === "discovery"));
}
