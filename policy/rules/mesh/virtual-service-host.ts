import type { Gateway } from "../../model/gateway";
import { any, isKnown } from "../../model/unknown";
import type { VirtualService } from "../../model/virtual-service";
import { at, list, quote, type Rule } from "../rule";

export const virtualServiceHost: Rule = {
    id: "virtual-service-host",
    title: "A VirtualService's hosts are served by the gateways that it binds to",
    reason: "The gateway does not know the host: clients get 404 although route and service exist.",
    fix: "Add the host to the Gateway's spec.servers[].hosts, or correct the VirtualService's hosts.",
    severity: "critical",
    enforcement: "mandatory",
    sources: ["C8 problem 4", "C2"],
    *check(mesh) {
        for (const virtualService of mesh.virtualServices) {
            const gateways = boundGateways(virtualService);
            if (!gateways) continue;
            for (const { host, field } of virtualService.hosts) {
                if (!isKnown(host)) continue;
                const served = any(gateways.map((gateway) => gateway.serves(host, virtualService.namespace)));
                if (served !== "no") continue;
                // A name of the mesh beside the binding `mesh` is for the sidecars.
                if (virtualService.bindsMesh && mesh.resolve(host, virtualService.namespace).status !== "missing")
                    continue;
                yield at(
                    virtualService,
                    field,
                    `no gateway of this VirtualService serves the host "${host}": ${describe(gateways)}; clients get 404`,
                    `add "${host}" to spec.servers[].hosts of ${list(gateways.map(({ id }) => id))}, or use a host that it serves`,
                );
            }
        }
    },
};

/** The gateways of a VirtualService, or undefined when they are not all known (or only sidecars are bound). */
function boundGateways(virtualService: VirtualService): Gateway[] | undefined {
    const gateways: Gateway[] = [];
    for (const { gateway } of virtualService.gateways) {
        if (gateway === "mesh") continue;
        // A missing gateway is the finding of virtual-service-gateway.
        if (typeof gateway !== "object") return undefined;
        gateways.push(gateway);
    }
    return gateways.length > 0 ? gateways : undefined;
}

function hosts(gateway: Gateway): string[] {
    return gateway.servers.flatMap((server) =>
        server.hosts.map(({ host }) => (isKnown(host) ? host : "(not known yet)")),
    );
}

function describe(gateways: readonly Gateway[]): string {
    return gateways.map((gateway) => `${gateway.id} serves ${list(quote(hosts(gateway)))}`).join("; ");
}
