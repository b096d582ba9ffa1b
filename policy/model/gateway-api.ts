import type { Field } from "./field";
import { matchesSelector } from "./labels";
import type { Mesh } from "./mesh";
import { namespaceLabels } from "./network-policy";
import type { MeshObject } from "./object";
import { overlaps } from "./service-entry";
import { all, any, type Answer, isKnown, type Maybe, same } from "./unknown";

export const GATEWAY_API = "gateway.networking.k8s.io";

/** Kinds of routes, and the listeners' protocols that take them. */
export const ROUTE_KINDS: Readonly<Record<string, readonly string[]>> = {
    HTTPRoute: ["HTTP", "HTTPS"],
    GRPCRoute: ["HTTP", "HTTPS"],
    TLSRoute: ["TLS"],
    TCPRoute: ["TCP", "TLS"],
    UDPRoute: ["UDP"],
};

/** Every route of the Gateway API. */
export function apiRoutes(mesh: Mesh): MeshObject[] {
    return Object.keys(ROUTE_KINDS).flatMap((kind) => mesh.ofKind(kind, GATEWAY_API));
}

/** Every Gateway of the Gateway API. */
export function apiGateways(mesh: Mesh): readonly MeshObject[] {
    return mesh.ofKind("Gateway", GATEWAY_API);
}

/** Whether a ReferenceGrant lets objects of one kind and namespace refer to an object of another namespace. */
export function isGranted(
    mesh: Mesh,
    from: { group: string; kind: string; namespace: Maybe<string> },
    to: { group: string; kind: string; namespace: Maybe<string>; name: Maybe<string> },
): Answer {
    return any(
        mesh.ofKind("ReferenceGrant", GATEWAY_API).map((grant) => {
            const [froms, tos] = [grant.root.get("spec", "from"), grant.root.get("spec", "to")];
            const byFrom = any(
                froms
                    .items()
                    .map((item) =>
                        all([
                            same<string>(item.get("group").text(), from.group),
                            same<string>(item.get("kind").text(), from.kind),
                            same(item.get("namespace").text(), from.namespace),
                        ]),
                    ),
            );
            const byTo = any(
                tos
                    .items()
                    .map((item) =>
                        all([
                            same<string>(item.get("group").text() ?? "", to.group),
                            same<string>(item.get("kind").text(), to.kind),
                            item.get("name").isSet ? same(item.get("name").text(), to.name) : "yes",
                        ]),
                    ),
            );
            return all([
                same(grant.namespace, to.namespace),
                froms.isPartial && byFrom === "no" ? "maybe" : byFrom,
                tos.isPartial && byTo === "no" ? "maybe" : byTo,
            ]);
        }),
    );
}

/** Whether a listener admits routes of a namespace: its own where it says nothing. */
export function admitsNamespace(mesh: Mesh, gateway: MeshObject, listener: Field, namespace: Maybe<string>): Answer {
    const from = listener.get("allowedRoutes", "namespaces", "from");
    if (from.isUnknown || listener.isUnknown) return "maybe";
    switch (from.value ?? "Same") {
        case "All":
            return "yes";
        case "Selector":
            return matchesSelector(
                listener.get("allowedRoutes", "namespaces", "selector"),
                namespaceLabels(mesh, namespace),
            );
        case "None":
            return "no";
        default:
            return same(gateway.namespace, namespace);
    }
}

/** Whether a listener takes a kind of routes. */
export function admitsKind(listener: Field, kind: string): Answer {
    const kinds = listener.get("allowedRoutes", "kinds");
    if (kinds.isPartial) return "maybe";
    if (kinds.items().length > 0) return kinds.items().some((item) => item.get("kind").value === kind) ? "yes" : "no";
    const protocol = listener.get("protocol").text();
    if (!isKnown(protocol)) return "maybe";
    return ROUTE_KINDS[kind]?.includes(protocol) ? "yes" : "no";
}

/** Whether a route's host names and a listener's have one in common. */
export function sharesHostname(listener: Field, route: MeshObject): Answer {
    const [own, names] = [listener.get("hostname"), route.root.get("spec", "hostnames")];
    if (own.isUnknown || names.isPartial) return "maybe";
    const host = own.text();
    if (!isKnown(host) || host === "" || names.items().length === 0) return "yes";
    return names.items().some(({ value }) => typeof value === "string" && overlaps(host, value)) ? "yes" : "no";
}
