import type { PlainObject, Reference } from "../cluster/api";
import type { Changes } from "../cluster/changes";
import { objects, type Mesh } from "../cluster/mesh";
import type { CheckSet, Mutation } from "../mutation";
import { inGatewayListeners, inGatewayRoutes } from "./look";
import { gatewayFilters, otherObjects, union } from "./red";

/** Mistakes in who gets through to the tools of the monitoring. */

const name = "monitoring-access";
const common = { ids: ["S1"], needs: ["monitoring-access", "access-key"] } as const;
type Told = Pick<Mutation, "name" | "description" | "mayRed"> & { expectRed: CheckSet };

/** Changes who needs a token; shows in what the gateway's Envoy listens with. */
function policy(
    mutation: Told,
    apply: (changes: Changes) => Promise<void>,
    shows: (listeners: string, mesh: Mesh) => boolean,
): Mutation {
    return {
        ...mutation,
        ...common,
        expectRed: union(mutation.expectRed, gatewayFilters),
        apply,
        traces: (mesh) => inGatewayListeners(mesh, (listeners) => shows(listeners, mesh)),
    };
}

/** Changes the routes of the domain; shows in the gateway's routes. */
function routes(
    mutation: Told,
    apply: (changes: Changes, at: Reference) => Promise<void>,
    shows: (routes: string) => boolean,
): Mutation {
    return {
        ...mutation,
        ...common,
        apply: (changes, { config }) =>
            apply(changes, { kind: "VirtualService", namespace: config.egov.namespaces.monitoring, name }),
        traces: (mesh) => inGatewayRoutes(mesh, (found) => shows(JSON.stringify(found))),
    };
}

export const monitoringAccess: readonly Mutation[] = [
    policy(
        {
            name: "access-open",
            description: "The tools of the monitoring are open to everybody.",
            expectRed: union({ [name]: ["missing", "refused"] }, otherObjects("authorization")),
        },
        (changes) => changes.remove(objects.istio("AuthorizationPolicy", name)),
        (listeners) => !listeners.includes(`policy[${name}]`),
    ),
    policy(
        {
            name: "access-one-tool-open",
            description: "One tool of the monitoring is open to everybody.",
            expectRed: union({ [name]: ["missing"] }, otherObjects("authorization")),
        },
        (changes) =>
            changes.edit(objects.istio("AuthorizationPolicy", name), ({ spec }: PlainObject) => {
                for (const { to } of spec.rules as { to: { operation: { paths: string[] } }[] }[])
                    to[0]!.operation.paths = to[0]!.operation.paths.filter((path) => !path.startsWith("/alertmanager"));
            }),
        (listeners) => !/"path": \{\s*"prefix": "\/alertmanager"/.test(listeners),
    ),
    policy(
        {
            name: "access-unchecked",
            description: "No token for the tools is checked any more: a good one counts as none.",
            expectRed: union({ [name]: ["tools", "refused", "hosts"] }, otherObjects("authentication")),
        },
        (changes) => changes.remove(objects.istio("RequestAuthentication", name)),
        (listeners, { config }) => !listeners.includes(`"issuer": "${config.monitoring.access!.issuer}"`),
    ),
    policy(
        {
            name: "access-missing-forbidden",
            description: "A missing token is answered with Istio's own 403.",
            expectRed: union({ [name]: ["missing"] }, otherObjects("proxies")),
        },
        (changes) => changes.remove(objects.istio("EnvoyFilter", name)),
        (listeners, { config }) => !listeners.includes(`realm=\\"${config.monitoring.access!.issuer}\\"`),
    ),
    routes(
        {
            name: "access-route-gone",
            description: "The domain does not lead to Prometheus any more.",
            expectRed: { [name]: ["tools"] },
        },
        (changes, at) =>
            changes.edit(at, ({ spec }) => {
                spec.http = spec.http.filter((route: { name: string }) => route.name !== "prometheus");
            }),
        (found) => !found.includes('"prefix":"/prometheus"'),
    ),
    routes(
        {
            name: "access-prefix-kept",
            description: "Prometheus gets its path with the prefix, and knows no such page.",
            expectRed: { [name]: ["tools"] },
        },
        (changes, at) =>
            changes.edit(at, ({ spec }) => {
                for (const route of spec.http) if (route.name === "prometheus") delete route.rewrite;
            }),
        (found) => found.includes('"prefix":"/prometheus"') && !found.includes("^/prometheus("),
    ),
];
