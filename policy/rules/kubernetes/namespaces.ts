import { any, isKnown } from "../../model/unknown";
import { at, PROD_ONLY, type Rule } from "../rule";
import { cisEks, nsaCisa } from "../standards";

export const defaultNamespace: Rule = {
    id: "default-namespace",
    title: "Workloads run in a namespace of their own, not in default",
    reason: "What belongs to nobody lies in default: no policy, quota or role can tell its pods apart.",
    fix: "Set metadata.namespace.",
    severity: "low",
    enforcement: "mandatory",
    standards: [cisEks("4.5.3"), nsaCisa("Namespaces")],
    *check(mesh) {
        for (const workload of mesh.workloads)
            if (workload.namespace === "default")
                yield at(
                    workload,
                    "metadata.namespace",
                    "the pods run in the namespace default",
                    "make a namespace for the application and name it",
                );
    },
};

export const defaultDeny: Rule = {
    id: "default-deny",
    title: "Every namespace with pods has a NetworkPolicy that refuses what is not declared",
    reason: "Without one every pod of the cluster reaches every other: whoever takes one pod has a way to all.",
    fix: 'Add a NetworkPolicy with podSelector: {} and policyTypes: ["Ingress"], and admit what is meant.',
    severity: "high",
    // Who enforces NetworkPolicies in a trial cluster, if anybody, is its owner's choice.
    enforcement: PROD_ONLY,
    sources: ["S6"],
    standards: [cisEks("4.3.2"), nsaCisa("Network policies")],
    *check(mesh) {
        const policies = mesh.ofKind("NetworkPolicy", "networking.k8s.io");
        const namespaces = new Set(mesh.workloads.map(({ namespace }) => namespace).filter(isKnown));
        for (const name of namespaces) {
            if (mesh.isOpaque(name)) continue;
            const denies = any(
                policies.map(({ namespace, root }) => {
                    if (!isKnown(namespace)) return "maybe";
                    if (namespace !== name) return "no";
                    const [selector, types] = [root.get("spec", "podSelector"), root.get("spec", "policyTypes")];
                    if (selector.isUnknown || types.isPartial) return "maybe";
                    const ingress = !types.isSet || types.items().some(({ value }) => value === "Ingress");
                    return ingress && selectsAll(selector.value) ? "yes" : "no";
                }),
            );
            if (denies !== "no") continue;
            const owner = mesh.namespace(name) ?? mesh.workloads.find(({ namespace }) => namespace === name)!;
            yield at(
                owner,
                "metadata.name",
                `every pod of the cluster may connect to the pods of the namespace ${name}`,
                "add a NetworkPolicy with podSelector: {} that admits the declared callers alone",
            );
        }
    },
};

function selectsAll(selector: unknown): boolean {
    if (typeof selector !== "object" || selector === null) return true;
    return Object.values(selector).every(
        (part) => part === undefined || Object.keys((part ?? {}) as object).length === 0,
    );
}
