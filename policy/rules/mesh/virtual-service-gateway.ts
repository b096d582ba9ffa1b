import { closest } from "../../model/host";
import type { Mesh } from "../../model/mesh";
import { isKnown, type Maybe } from "../../model/unknown";
import type { VirtualService } from "../../model/virtual-service";
import { at, type Finding, list, quote, type Rule } from "../rule";

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
    const outside = virtualService.hosts
        .map(({ host }) => host)
        .filter(isKnown)
        .filter((host) => host === "*" || mesh.resolve(host, virtualService.namespace).status === "missing");
    if (outside.length === 0) return;
    const own = ({ namespace }: { namespace: Maybe<string> }): number =>
        namespace === virtualService.namespace ? 0 : 1;
    const gateways = mesh.gateways
        .filter((gateway) => outside.some((host) => gateway.serves(host, virtualService.namespace) !== "no"))
        .sort((left, right) => own(left) - own(right));
    const names = gateways.map((gateway) => `${String(gateway.namespace)}/${String(gateway.name)}`);
    yield at(
        virtualService,
        bound,
        `no gateway is named and ${list(quote(outside))} ${outside.length > 1 ? "are no services" : "is no service"} of the mesh: nothing ever uses the routes, clients outside get 404`,
        names.length > 0
            ? `add spec.gateways: [${names.join(", ")}]${names.length > 1 ? " (or one of them)" : ""}`
            : `declare a Gateway that serves ${list(quote(outside))} and name it in spec.gateways`,
    );
}
