import { closest } from "../model/host";
import type { Mesh } from "../model/mesh";
import { isKnown } from "../model/unknown";
import type { VirtualService } from "../model/virtual-service";
import { at, type Finding, list, quote, type Rule } from "./rule";

export const virtualServiceGateway: Rule = {
    id: "virtual-service-gateway",
    title: "A VirtualService binds to gateways that exist, and one for outside hosts binds to a gateway at all",
    reason: "No proxy uses the routes: clients outside get 404 from the gateway.",
    fix: "List the Gateway in spec.gateways, as name or namespace/name.",
    severity: "critical",
    enforcement: "mandatory",
    sources: ["C8 problem 4", "E3", "C3"],
    *check(mesh) {
        for (const virtualService of mesh.virtualServices) {
            yield* checkExistence(mesh, virtualService);
            yield* checkUnbound(mesh, virtualService);
        }
    },
};

function* checkExistence(mesh: Mesh, virtualService: VirtualService): Iterable<Finding> {
    for (const { name, gateway, field } of virtualService.gateways) {
        if (gateway !== "missing" || !isKnown(name)) continue;
        const known = mesh.gateways.map((candidate) => `${String(candidate.namespace)}/${String(candidate.name)}`);
        const [, local] = name.split("/");
        const near = known.find((candidate) => candidate.endsWith(`/${local}`)) ?? closest(name, known);
        yield at(
            virtualService,
            field,
            `the Gateway ${name} does not exist: its routes are in no proxy, clients get 404`,
            near ? `write "${near}"` : `declare the Gateway ${name}, or bind to one of: ${list(known)}`,
        );
    }
}

/** Without `gateways` a VirtualService speaks to sidecars only; its hosts must then be names that sidecars know. */
function* checkUnbound(mesh: Mesh, virtualService: VirtualService): Iterable<Finding> {
    const bound = virtualService.root.get("spec", "gateways");
    if (bound.isUnknown || bound.items().length > 0 || !virtualService.hostsKnown) return;
    for (const { host, field } of virtualService.hosts) {
        const resolution = mesh.resolve(host, virtualService.namespace);
        if (!isKnown(host) || (host !== "*" && resolution.status !== "missing")) continue;
        const gateways = mesh.gateways.map((gateway) => `${String(gateway.namespace)}/${String(gateway.name)}`);
        yield at(
            virtualService,
            field,
            `the host "${host}" is no service of the mesh and no gateway is named: nothing ever uses its routes, clients outside get 404`,
            gateways.length > 0
                ? `add spec.gateways: [${quote(gateways).join(", ")}]`
                : `declare a Gateway for "${host}" and name it in spec.gateways`,
        );
    }
}
