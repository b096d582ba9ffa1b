import type { Gateway } from "../../model/gateway";
import { closest } from "../../model/host";
import { label, showLabels } from "../../model/labels";
import type { Mesh } from "../../model/mesh";
import { UNKNOWN } from "../../model/unknown";
import { at, type Rule } from "../rule";

export const gatewaySelector: Rule = {
    id: "gateway-selector",
    title: "A Gateway's selector selects the pods of a gateway workload",
    reason: "No proxy opens the port: connections are refused or reset.",
    fix: "Set spec.selector to labels of the gateway's pods, for example istio: ingressgateway.",
    severity: "critical",
    enforcement: "mandatory",
    sources: ["P10", "C3", "C5 test 8"],
    *check(mesh) {
        if (mesh.hasOpaqueNamespaces && !mesh.isPartial) return;
        for (const gateway of mesh.gateways) {
            if (gateway.selector === UNKNOWN || gateway.workloads.length > 0) continue;
            if (mesh.isPartial && mayBeElsewhere(mesh, gateway)) continue;
            const proxies = mesh.workloads.filter(
                ({ isIstio, containers }) => isIstio === "yes" && !containers.some(({ name }) => name === "discovery"),
            );
            yield at(
                gateway,
                "spec.selector",
                `no workload has pods with the labels ${showLabels(gateway.selector)}: no proxy opens the Gateway's ports`,
                proxies.length > 0
                    ? `select ${proxies[0]?.id}, whose pods carry ${showLabels(istioLabels(proxies[0]?.labels ?? {}))}`
                    : "deploy an ingress gateway, or set the selector to the labels of the one that you have",
            );
        }
    },
};

/** The labels that gateways are usually selected by. */
function istioLabels(labels: Parameters<typeof showLabels>[0]): Parameters<typeof showLabels>[0] {
    if (labels === UNKNOWN) return labels;
    const short = Object.fromEntries(Object.entries(labels).filter(([key]) => key === "istio" || key === "app"));
    return Object.keys(short).length > 0 ? short : labels;
}

/** Labels of the gateways that Istio's own charts install. */
const INSTALLED = [
    "ingressgateway",
    "egressgateway",
    "eastwestgateway",
    "ingress",
    "egress",
    "ingress-gateway",
    "gateway",
];

/** Whether the proxies of a Gateway are somebody else's: manifests of applications rarely hold them. */
function mayBeElsewhere(mesh: Mesh, { selector, namespace }: Gateway): boolean {
    const isDescribed = mesh.workloads.some(
        ({ isIstio, containers }) => isIstio === "yes" && !containers.some(({ name }) => name === "discovery"),
    );
    if (
        isDescribed &&
        (!mesh.isOpaque(namespace) || mesh.workloads.some((workload) => workload.namespace === namespace))
    )
        return false;
    const value = label(selector, "istio") ?? label(selector, "app");
    if (typeof value !== "string") return true;
    const known = value.replace(/^istio-/, "");
    return INSTALLED.includes(known) || closest(known, INSTALLED) === undefined;
}
