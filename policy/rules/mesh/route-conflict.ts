import type { Mesh } from "../../model/mesh";
import { type Gateway, type Server, serverServes } from "../../model/gateway";
import { overlaps } from "../../model/service-entry";
import { isKnown, UNKNOWN } from "../../model/unknown";
import type { Route, VirtualService } from "../../model/virtual-service";
import { at, type Finding, type Rule } from "../rule";

export const routeConflict: Rule = {
    id: "route-conflict",
    title: "No two VirtualServices claim the same host and match at one entrance",
    reason: "Istio merges them in the order of their creation: the younger one's route is never used; on `mesh` the younger one is ignored as a whole.",
    fix: "Put the routes into one VirtualService, or give them different hosts or matches.",
    severity: "high",
    enforcement: "mandatory",
    sources: ["C2", "C3", "https://istio.io/latest/docs/ops/best-practices/traffic-management/"],
    *check(mesh) {
        for (const [index, later] of mesh.virtualServices.entries())
            for (const earlier of mesh.virtualServices.slice(0, index)) yield* compare(mesh, earlier, later);
    },
};

function* compare(mesh: Mesh, earlier: VirtualService, later: VirtualService): Iterable<Finding> {
    for (const host of later.hosts) {
        if (!isKnown(host.host)) continue;
        if (earlier.bindsMesh && later.bindsMesh && claimsInMesh(mesh, earlier, later, host.host)) {
            yield at(
                later,
                host.field,
                `${earlier.id} already routes "${host.host}" for the sidecars: one of the two is ignored as a whole`,
                `move the routes of both into one VirtualService`,
            );
            return;
        }
    }
    if (!shareEntrance(earlier, later)) return;
    for (const route of later.httpRoutes) {
        const twin = earlier.httpRoutes.find((candidate) =>
            conditions(candidate).some((text) => conditions(route).includes(text)),
        );
        if (!twin) continue;
        yield at(
            later,
            route.matches.length > 0 ? route.field.get("match") : route.field,
            `${earlier.id} (${twin.field.path}) claims the same requests at the same gateway (${describe(conditions(route), conditions(twin))}): only the older of the two routes is used`,
            `give the two different hosts or matches, or put the routes into one VirtualService`,
        );
    }
}

function claimsInMesh(mesh: Mesh, earlier: VirtualService, later: VirtualService, host: string): boolean {
    const fqdn = mesh.resolve(host, later.namespace).fqdn;
    return (
        fqdn !== undefined && earlier.hosts.some((other) => mesh.resolve(other.host, earlier.namespace).fqdn === fqdn)
    );
}

/** Whether the two meet at a port of a gateway with a host in common. */
function shareEntrance(earlier: VirtualService, later: VirtualService): boolean {
    return servers(later).some((left) =>
        servers(earlier).some(
            (right) =>
                sameEntrance(left, right) &&
                left.hosts.some((host) => right.hosts.some((other) => host === other || sameText(host, other))),
        ),
    );
}

interface Entrance {
    readonly gateway: Gateway;
    readonly server: Server;
    readonly hosts: readonly string[];
}

/** The servers that a VirtualService's hosts are served by. */
function servers(virtualService: VirtualService): Entrance[] {
    return virtualService.gateways.flatMap(({ gateway }) =>
        typeof gateway === "object"
            ? gateway.servers.map((server) => ({
                  gateway,
                  server,
                  hosts: virtualService.hosts
                      .map(({ host }) => host)
                      .filter(isKnown)
                      .filter((host) => serverServes(server, host, virtualService.namespace) === "yes"),
              }))
            : [],
    );
}

/** One server, or two of Gateways that select the same proxies, on the same port with hosts in common. */
function sameEntrance(left: Entrance, right: Entrance): boolean {
    if (left.server === right.server) return true;
    return (
        isKnown(left.server.port) &&
        left.server.port === right.server.port &&
        left.gateway.workloads.some((workload) => right.gateway.workloads.includes(workload)) &&
        left.server.hosts.some(({ host }) =>
            right.server.hosts.some((other) => isKnown(host) && isKnown(other.host) && overlaps(host, other.host)),
        )
    );
}

/** A more specific host wins over a wildcard: only equal hosts conflict. */
function sameText(left: string, right: string): boolean {
    return left === right;
}

/** The conditions of a route as comparable text; a route without any matches everything. */
function conditions(route: Route): string[] {
    if (route.field.isUnknown || route.field.get("match").isPartial) return [];
    if (route.matches.length === 0) return ["every request"];
    return route.matches.flatMap((match) => {
        const text = canonical(match.value);
        return text === undefined ? [] : [text];
    });
}

/** JSON with sorted keys, without the match's own name; undefined when a part is not known. */
function canonical(value: unknown): string | undefined {
    if (value === UNKNOWN) return undefined;
    if (Array.isArray(value)) {
        const items = value.map(canonical);
        return items.includes(undefined) ? undefined : `[${items.join()}]`;
    }
    if (typeof value !== "object" || value === null) return JSON.stringify(value);
    const entries = Object.entries(value)
        .filter(([key]) => key !== "name")
        .sort(([left], [right]) => (left < right ? -1 : 1))
        .map(([key, item]) => ({ key, text: canonical(item) }));
    if (entries.some(({ text }) => text === undefined)) return undefined;
    return `{${entries.map(({ key, text }) => `${key}: ${text}`).join(", ")}}`;
}

function describe(left: readonly string[], right: readonly string[]): string {
    return left.filter((text) => right.includes(text)).join("; ");
}
