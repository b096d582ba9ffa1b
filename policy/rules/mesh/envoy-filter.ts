import type { Field } from "../../model/field";
import { isKnown } from "../../model/unknown";
import { at, type Finding, list, type Rule } from "../rule";

export const envoyFilter: Rule = {
    id: "envoy-filter",
    title: "The patches of an EnvoyFilter are ones that istiod applies",
    reason: "The patch is passed over, or proxies refuse their whole configuration and keep the old one.",
    fix: "See what the finding says.",
    severity: "high",
    enforcement: "mandatory",
    sources: [
        "https://istio.io/latest/docs/reference/config/networking/envoy-filter/",
        "https://istio.io/latest/docs/reference/config/analysis/ist0151/",
    ],
    *check(mesh) {
        for (const filter of mesh.ofKind("EnvoyFilter", "networking.istio.io"))
            for (const patch of filter.root.get("spec", "configPatches").items()) {
                if (patch.isUnknown) continue;
                for (const { field, message, fix } of problems(patch)) yield at(filter, field, message, fix);
            }
    },
};

interface Problem extends Pick<Finding, "message" | "fix"> {
    readonly field: Field;
}

/** Envoy's old names of filters, which its present versions refuse. */
const OLD_NAMES: Readonly<Record<string, string>> = {
    "envoy.router": "envoy.filters.http.router",
    "envoy.http_connection_manager": "envoy.filters.network.http_connection_manager",
    "envoy.tcp_proxy": "envoy.filters.network.tcp_proxy",
    "envoy.lua": "envoy.filters.http.lua",
    "envoy.cors": "envoy.filters.http.cors",
    "envoy.fault": "envoy.filters.http.fault",
    "envoy.ext_authz": "envoy.filters.http.ext_authz",
    "envoy.rate_limit": "envoy.filters.http.ratelimit",
};

function* problems(patch: Field): Iterable<Problem> {
    const [to, operation] = [patch.get("applyTo").value, patch.get("patch", "operation").value];
    const value = patch.get("patch", "value");
    const at = patch.get("patch", "operation");
    if (patch.get("patch").isUnknown || patch.get("match").isUnknown) return;
    if (!patch.get("applyTo").isSet)
        yield {
            field: patch.get("applyTo"),
            message: "the patch says not what it applies to: it is refused",
            fix: "add applyTo",
        };
    if (operation === "REPLACE" && to !== "HTTP_FILTER" && to !== "NETWORK_FILTER" && typeof to === "string")
        yield {
            field: at,
            message: `REPLACE is for HTTP_FILTER and NETWORK_FILTER only, not for ${to}`,
            fix: "write MERGE",
        };
    if ((operation === "ADD" || operation === "REMOVE") && (to === "ROUTE_CONFIGURATION" || to === "HTTP_ROUTE"))
        yield {
            field: at,
            message: `${operation} has no effect on ${to}`,
            fix: operation === "ADD" ? "write INSERT_FIRST (HTTP_ROUTE) or MERGE" : "write MERGE",
        };
    if (typeof operation === "string" && operation !== "REMOVE" && operation !== "INVALID" && !value.isSet)
        yield { field: value, message: `${operation} needs a value`, fix: "add patch.value" };
    for (const name of [
        patch.get("match", "listener", "filterChain", "filter", "name"),
        patch.get("match", "listener", "filterChain", "filter", "subFilter", "name"),
        value.get("name"),
    ])
        if (typeof name.value === "string" && OLD_NAMES[name.value])
            yield {
                field: name,
                message: `Envoy has no filter "${name.value}" any more: nothing is matched`,
                fix: `write ${OLD_NAMES[name.value]}`,
            };
    if (
        to === "HTTP_FILTER" &&
        patch.get("match", "listener", "filterChain", "filter", "name").value === "envoy.filters.http.router"
    )
        yield {
            field: patch.get("match", "listener", "filterChain", "filter", "name"),
            message: "an HTTP filter is matched as subFilter of the connection manager: nothing is matched",
            fix: "name envoy.filters.network.http_connection_manager as filter, and the HTTP filter as subFilter",
        };
    const typed = value.get("typed_config");
    if ((to === "HTTP_FILTER" || to === "NETWORK_FILTER") && value.isSet && !value.isUnknown) {
        if (typed.isSet && !typed.isUnknown && !typed.get("@type").isSet)
            yield {
                field: typed,
                message: 'typed_config has no "@type": proxies refuse it',
                fix: 'add "@type": type.googleapis.com/envoy...',
            };
        if (value.get("config").isSet)
            yield {
                field: value.get("config"),
                message: "Envoy has no untyped config any more: proxies refuse it",
                fix: 'write typed_config with "@type"',
            };
    }
    const type = typed.get("@type").text();
    if (isKnown(type)) {
        if (!type.startsWith("type.googleapis.com/"))
            yield {
                field: typed.get("@type"),
                message: `"${type}" is no type`,
                fix: `write type.googleapis.com/${type}`,
            };
        if (/\.(v2|v2alpha)\.|envoy\.config\.filter\./.test(type))
            yield {
                field: typed.get("@type"),
                message: `${type} is of Envoy's API v2, which is gone: proxies refuse it`,
                fix: "use the type of v3 (envoy.extensions.filters...)",
            };
        const name = value.get("name").text();
        const short = /envoy\.extensions\.filters\.(?:http|network)\.(\w+)\.v3/.exec(type)?.[1];
        if (
            isKnown(name) &&
            short &&
            /^envoy\.filters\.(http|network)\./.test(name) &&
            !name.endsWith(`.${short}`) &&
            short !== "wasm"
        )
            yield {
                field: value.get("name"),
                message: `"${name}" and the type ${type} are of different filters`,
                fix: list([`name it envoy.filters.http.${short}`]),
            };
    }
    const listener = patch.get("match", "listener").isSet;
    const route = patch.get("match", "routeConfiguration").isSet;
    const cluster = patch.get("match", "cluster").isSet;
    const wants =
        to === "CLUSTER"
            ? "cluster"
            : to === "HTTP_ROUTE" || to === "ROUTE_CONFIGURATION" || to === "VIRTUAL_HOST"
              ? "routeConfiguration"
              : "listener";
    if (
        typeof to === "string" &&
        ((wants === "cluster" && (listener || route)) ||
            (wants === "routeConfiguration" && (listener || cluster)) ||
            (wants === "listener" && /LISTENER|FILTER/.test(to) && (route || cluster)))
    )
        yield {
            field: patch.get("match"),
            message: `${to} is matched by ${wants}: the patch is refused`,
            fix: `write match.${wants}`,
        };
}
