import { showLabels } from "../../model/labels";
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
        if (mesh.hasOpaqueNamespaces) return;
        for (const gateway of mesh.gateways) {
            if (gateway.selector === UNKNOWN || gateway.workloads.length > 0) continue;
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
