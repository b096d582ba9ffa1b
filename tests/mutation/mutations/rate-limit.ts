import type { PlainObject } from "../cluster/api";
import { objects } from "../cluster/mesh";
import type { CheckSet, Mutation } from "../mutation";
import { inGatewayListeners } from "./look";
import { gatewayFilters, otherObjects, union } from "./red";

/** Mistakes in how many requests the gateway lets through. */

const filter = objects.istio("EnvoyFilter", "gateway-rate-limit");

/** Changes the limit; shows in what the gateway's Envoy listens with. */
function changed(
    mutation: Pick<Mutation, "name" | "description" | "mayRed"> & { expectRed: CheckSet },
    change: (limit: PlainObject["spec"], path: string) => void,
    shows: (listeners: string) => boolean,
): Mutation {
    return {
        ...mutation,
        ids: ["S7"],
        needs: ["ecommerce", "rate-limit"],
        expectRed: union(mutation.expectRed, otherObjects("proxies")),
        apply: (changes, { config }) =>
            changes.edit(filter, ({ spec }) =>
                change(spec.configPatches[0].patch.value.typed_config, config.ecommerce.rateLimit!.path),
            ),
        traces: (mesh) => inGatewayListeners(mesh, shows),
    };
}

export const rateLimit: readonly Mutation[] = [
    {
        ...changed(
            {
                name: "rate-limit-removed",
                description: "The gateway limits nothing.",
                expectRed: union({ "ecommerce-rate-limit": ["limited"] }, gatewayFilters),
            },
            () => undefined,
            (listeners) => !listeners.includes("local_ratelimit"),
        ),
        apply: (changes) => changes.remove(filter),
    },
    changed(
        {
            name: "rate-limit-per-connection",
            description: "The limit holds for each connection instead of all together.",
            expectRed: { "ecommerce-rate-limit": ["limited"] },
        },
        (limit) => {
            limit.local_rate_limit_per_downstream_connection = true;
        },
        (listeners) => listeners.includes("local_rate_limit_per_downstream_connection"),
    ),
    changed(
        {
            name: "rate-limit-slower-refill",
            description: "It takes a hundred times as long until requests are let through again.",
            expectRed: { "ecommerce-rate-limit": ["refilled"] },
        },
        (limit) => {
            const bucket = limit.descriptors[0].token_bucket as { fill_interval: string };
            bucket.fill_interval = `${100 * Number.parseFloat(bucket.fill_interval)}s`;
        },
        (listeners) => /"fill_interval": "\d{3,}s"/.test(listeners),
    ),
    changed(
        {
            name: "rate-limit-wider",
            description: "The limit is for a path that is one letter shorter: neighbouring paths share it.",
            expectRed: { "ecommerce-rate-limit": ["elsewhere"] },
            // Where the neighbours' requests come after the refill, they take from it.
            mayRed: { "ecommerce-rate-limit": ["refilled"] },
        },
        (limit, path) => {
            limit.rate_limits[0].actions[0].header_value_match.headers[0].string_match.prefix = path.slice(0, -1);
        },
        (listeners) => listeners.includes("local_ratelimit") && !/"prefix": "[^"]*export"/.test(listeners),
    ),
];
