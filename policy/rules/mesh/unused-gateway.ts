import type { Gateway } from "../../model/gateway";
import type { Mesh } from "../../model/mesh";
import { UNKNOWN } from "../../model/unknown";
import { at, type Rule } from "../rule";

export const unusedGateway: Rule = {
    id: "unused-gateway",
    title: "Somebody binds to a Gateway",
    reason: "The Gateway's proxies answer 404 to every request.",
    fix: "Name the Gateway in spec.gateways of the VirtualServices that it is there for, or remove it.",
    severity: "medium",
    enforcement: "advisory",
    sources: ["C8 problem 4"],
    *check(mesh) {
        // Routes of the Kubernetes Gateway API, or of a Helm release, can use the proxies as well.
        if (mesh.hasOpaqueNamespaces || mesh.objects.some(({ kind }) => kind === "HTTPRoute")) return;
        for (const gateway of mesh.gateways) {
            const shared = mesh.gateways.filter((other) => shareProxies(gateway, other));
            if (shared.some((other) => isClaimed(mesh, other))) continue;
            yield at(
                gateway,
                "spec.servers",
                "no VirtualService binds to this Gateway: its proxies answer 404 to every request",
                `name ${String(gateway.namespace)}/${String(gateway.name)} in spec.gateways of the VirtualServices that it is there for`,
            );
        }
    },
};

function shareProxies(left: Gateway, right: Gateway): boolean {
    return left === right || left.workloads.some((workload) => right.workloads.includes(workload));
}

/** Whether a VirtualService binds to the Gateway, or may once unknown values are known. */
function isClaimed(mesh: Mesh, wanted: Gateway): boolean {
    return mesh.virtualServices.some(({ gateways }) =>
        gateways.some(({ gateway }) => gateway === wanted || gateway === UNKNOWN),
    );
}
