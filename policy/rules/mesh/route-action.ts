import { readDuration } from "../../model/duration";
import type { Field } from "../../model/field";
import { closest } from "../../model/host";
import type { Mesh } from "../../model/mesh";
import { isKnown, UNKNOWN } from "../../model/unknown";
import type { Route, VirtualService } from "../../model/virtual-service";
import { at, type Finding, list, type Rule } from "../rule";

export const routeAction: Rule = {
    id: "route-action",
    title: "An HTTP route does one thing: it leads somewhere, redirects, answers itself or delegates",
    reason: "Istio refuses a route that does none of them or two of them.",
    fix: "Keep one of route, redirect, directResponse and delegate.",
    severity: "high",
    enforcement: "mandatory",
    sources: ["C3", "https://istio.io/latest/docs/reference/config/networking/virtual-service/#HTTPRoute"],
    *check(mesh) {
        for (const virtualService of mesh.virtualServices) {
            const spec = virtualService.root.get("spec");
            const kinds = ["http", "tls", "tcp"].map((key) => spec.get(key));
            if (!spec.isUnknown && kinds.every((field) => !field.isUnknown && field.items().length === 0))
                yield at(
                    virtualService,
                    "spec.http",
                    "there is no route: Istio refuses the VirtualService",
                    "add a route",
                );
            for (const { field } of virtualService.httpRoutes) yield* checkAction(virtualService, field);
        }
    },
};

function* checkAction(virtualService: VirtualService, field: Field): Iterable<Finding> {
    if (field.isUnknown) return;
    const set = ["route", "redirect", "directResponse", "delegate"].filter((key) => field.get(key).isSet);
    if (set.length === 0)
        yield at(
            virtualService,
            field,
            "the route leads nowhere: Istio refuses the VirtualService",
            "add route (or redirect, directResponse, delegate)",
        );
    if (set.length > 1)
        yield at(
            virtualService,
            field,
            `${list(set)} exclude each other: Istio refuses the VirtualService`,
            `keep one of ${list(set)}`,
        );
    if (field.get("redirect").isSet || field.get("directResponse").isSet)
        for (const key of ["rewrite", "retries", "timeout", "fault"].filter((name) => field.get(name).isSet))
            if (!(key === "fault" || key === "timeout"))
                yield at(
                    virtualService,
                    field.get(key),
                    `${key} has no effect where the proxy answers itself (${list(set)})`,
                    `remove ${key}`,
                );
    const rewrite = field.get("rewrite", "uri").text();
    for (const match of field.get("match").items()) {
        const prefix = match.get("uri", "prefix").text();
        if (!isKnown(prefix) || !isKnown(rewrite) || prefix === "/") continue;
        if (rewrite === "/" && !prefix.endsWith("/") && !hasTwin(field, prefix))
            yield at(
                virtualService,
                field.get("rewrite", "uri"),
                `"/" in the place of "${prefix}" turns ${prefix}/x into //x`,
                `match the prefixes "${prefix}/" (and "${prefix}" for the path itself)`,
            );
    }
}

/** Whether the same route also matches the prefix with a slash, before it: the usual way to write it. */
function hasTwin(field: Field, prefix: string): boolean {
    return field
        .get("match")
        .items()
        .some((other) => other.get("uri", "prefix").value === `${prefix}/`);
}

export const routeDelegate: Rule = {
    id: "route-delegate",
    title: "A route delegates to a VirtualService that can be delegated to",
    reason: "Requests of the route are answered 404.",
    fix: "Name a VirtualService without hosts and gateways, with its namespace.",
    severity: "critical",
    enforcement: "mandatory",
    sources: ["C3", "https://istio.io/latest/docs/reference/config/networking/virtual-service/#Delegate"],
    *check(mesh) {
        for (const virtualService of mesh.virtualServices)
            for (const { field } of virtualService.httpRoutes) {
                const delegate = field.get("delegate");
                const name = delegate.get("name").text();
                const namespace = delegate.get("namespace").text() ?? virtualService.namespace;
                if (!isKnown(name) || !isKnown(namespace)) continue;
                const target = mesh.virtualServices.find(
                    (other) => other.name === name && other.namespace === namespace,
                );
                if (!target) {
                    if (mesh.virtualServices.some((other) => !isKnown(other.name) || !isKnown(other.namespace)))
                        continue;
                    const elsewhere = mesh.virtualServices.find((other) => other.name === name);
                    const near = closest(
                        name,
                        mesh.virtualServices.map((other) => other.name),
                    );
                    if (mesh.isOpaque(namespace) && !elsewhere && !near) continue;
                    yield at(
                        virtualService,
                        delegate.get("name"),
                        `there is no VirtualService ${namespace}/${name}: requests of the route are answered 404`,
                        elsewhere
                            ? `set namespace: ${String(elsewhere.namespace)}`
                            : near
                              ? `write "${near}"`
                              : `declare the VirtualService ${namespace}/${name}`,
                    );
                    continue;
                }
                for (const key of ["hosts", "gateways"])
                    if (target.root.get("spec", key).items().length > 0)
                        yield at(
                            target,
                            target.root.get("spec", key),
                            `${virtualService.id} delegates to this VirtualService, which has ${key}: Istio does not take it as a delegate`,
                            `remove spec.${key}`,
                        );
                yield* checkOverlap(virtualService, field, target);
                if (!isVisible(target, virtualService.namespace))
                    yield at(
                        target,
                        target.root.get("spec", "exportTo"),
                        `${virtualService.id} delegates to this VirtualService, which is not exported to its namespace`,
                        `add "${String(virtualService.namespace)}" to spec.exportTo`,
                    );
            }
    },
};

/** A delegate's matches must lie within those of the route that delegates. */
function* checkOverlap(from: VirtualService, field: Field, target: VirtualService): Iterable<Finding> {
    const outer = field
        .get("match")
        .items()
        .map((match) => match.get("uri", "prefix").text());
    if (outer.length === 0 || !outer.every(isKnown)) return;
    for (const route of target.httpRoutes)
        for (const match of route.matches) {
            const uri = match.get("uri");
            const path = uri.get("prefix").text() ?? uri.get("exact").text();
            if (
                !isKnown(path) ||
                outer.filter(isKnown).some((prefix) => path.startsWith(prefix) || prefix.startsWith(path))
            )
                continue;
            yield at(
                target,
                uri,
                `"${path}" lies outside of what ${from.id} delegates (${list(outer.filter(isKnown))}): the route is left out`,
                `write a path below ${list(outer.filter(isKnown))}`,
            );
        }
}

/** Whether exportTo shows an object to a namespace; true where that cannot be told. */
export function isVisible(object: { root: Field; namespace: unknown }, namespace: unknown): boolean {
    const list = object.root.get("spec", "exportTo");
    if (!list.isSet || list.isPartial || list.items().length === 0) return true;
    return list
        .items()
        .some(({ value }) => value === "*" || value === namespace || (value === "." && object.namespace === namespace));
}

export const routeFault: Rule = {
    id: "route-fault",
    title: "A fault has a share above 0, and the rest of the route leaves room for it",
    reason: "Without a percentage nothing is injected; a delay beyond the time-out is another fault than the one that is written.",
    fix: "Write percentage.value above 0, and a delay below the time-out of the route.",
    severity: "medium",
    enforcement: "mandatory",
    sources: ["T12", "https://istio.io/latest/docs/ops/common-problems/network-issues/"],
    *check(mesh) {
        for (const virtualService of mesh.virtualServices)
            for (const { field } of virtualService.httpRoutes)
                for (const kind of ["abort", "delay"] as const) {
                    const fault = field.get("fault", kind);
                    if (!fault.isSet || fault.isUnknown) continue;
                    const share = fault.get("percentage");
                    const value = share.get("value");
                    if (share.isSet && !share.isUnknown && !value.isUnknown && (!value.isSet || value.value === 0))
                        yield at(
                            virtualService,
                            value,
                            "the share is 0: no fault is ever injected",
                            "set percentage.value above 0, or remove the fault",
                        );
                    const [action, wanted] =
                        kind === "abort"
                            ? [["httpStatus", "grpcStatus", "http2Error"], "httpStatus"]
                            : [["fixedDelay", "exponentialDelay"], "fixedDelay"];
                    if (action.every((key) => !fault.get(key).isSet))
                        yield at(
                            virtualService,
                            fault,
                            `${wanted} is missing: Istio refuses the VirtualService`,
                            `add ${wanted}`,
                        );
                }
    },
};

/** What Envoy retries on: HTTP, then gRPC conditions. Numbers are statuses. */
const RETRY_ON = (
    "5xx gateway-error reset reset-before-request connect-failure envoy-ratelimited retriable-4xx refused-stream retriable-status-codes " +
    "retriable-headers http3-post-connect-failure cancelled deadline-exceeded internal resource-exhausted unavailable"
).split(" ");

export const routeRetries: Rule = {
    id: "route-retries",
    title: "Retries name conditions that Envoy knows, and there is time for them",
    reason: "Istio refuses an unknown condition; retries for which there is no time never happen.",
    fix: "Use Envoy's names, separated by commas without spaces, and leave time for two tries at least.",
    severity: "high",
    enforcement: "mandatory",
    sources: [
        "C3",
        "https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/router_filter#x-envoy-retry-on",
    ],
    *check(mesh) {
        for (const virtualService of mesh.virtualServices)
            for (const route of virtualService.httpRoutes) {
                const retries = route.field.get("retries");
                const text = retries.get("retryOn").text();
                if (isKnown(text))
                    for (const part of text.split(",").map((name) => name.trim())) {
                        if (part === "" || /^[1-5]\d\d$/.test(part) || RETRY_ON.includes(part)) continue;
                        const near = closest(part, RETRY_ON);
                        yield at(
                            virtualService,
                            retries.get("retryOn"),
                            `Envoy knows no condition "${part}": Istio refuses the VirtualService`,
                            near ? `write "${near}"` : `use some of ${list(RETRY_ON)}`,
                        );
                    }
                yield* checkConnectTimeout(mesh, virtualService, route);
            }
    },
};

/** The client's connectTimeout longer than the whole request: the route's time-out comes first, and nothing is retried. */
function* checkConnectTimeout(
    mesh: Mesh,
    virtualService: VirtualService,
    { field, destinations }: Route,
): Iterable<Finding> {
    const timeout = readDuration(field.get("timeout").text());
    if (!isKnown(timeout) || timeout === 0) return;
    for (const { resolution } of destinations)
        for (const rule of mesh.rulesFor(resolution)) {
            const connect = rule.root.get("spec", "trafficPolicy", "connectionPool", "tcp", "connectTimeout");
            const wait = readDuration(connect.text());
            if (!isKnown(wait) || wait <= timeout) continue;
            yield at(
                rule,
                connect,
                `a connection may take ${String(connect.value)}, longer than the whole request (timeout ${String(field.get("timeout").value)} in ${virtualService.id}): no pod that is away is ever given up in time`,
                "set connectTimeout well below the time-outs of the routes",
            );
        }
}

export const routeHeaders: Rule = {
    id: "route-cors",
    title: "Origins of a CORS policy are origins: scheme, name and port",
    reason: "Browsers send scheme and name; no origin equals the text, every call of a page is refused.",
    fix: "Write https://name, or a regex.",
    severity: "medium",
    enforcement: "mandatory",
    sources: ["https://istio.io/latest/docs/reference/config/networking/virtual-service/#CorsPolicy"],
    *check(mesh) {
        for (const virtualService of mesh.virtualServices)
            for (const { field } of virtualService.httpRoutes) {
                const cors = field.get("corsPolicy");
                for (const origin of cors.get("allowOrigins").items()) {
                    const text = origin.get("exact").text();
                    if (!isKnown(text)) continue;
                    if (
                        text !== "*" &&
                        text !== "null" &&
                        (!/^[a-z][a-z0-9+.-]*:\/\//.test(text) || /:\/\/[^/]*\//.test(text))
                    )
                        yield at(
                            virtualService,
                            origin.get("exact"),
                            `"${text}" is no origin: browsers send scheme, name and port, as https://shop.example.com`,
                            `write "https://${text.replace(/^[a-z]+:\/\//, "").replace(/\/.*$/, "")}"`,
                        );
                    if (text === "*" && cors.get("allowCredentials").value === true)
                        yield at(
                            virtualService,
                            cors.get("allowCredentials"),
                            'browsers refuse credentials together with the origin "*"',
                            "name the origins",
                        );
                }
            }
    },
};

export const routePort: Rule = {
    id: "route-protocol",
    title: "Routes are of the kind that their gateway's port or service speaks",
    reason: "A TLS or TCP route on an HTTP port, or an HTTP route on a port that passes TLS through, is never used.",
    fix: "Use http routes where TLS ends at the gateway, tls routes with mode PASSTHROUGH, tcp routes for TCP.",
    severity: "critical",
    enforcement: "mandatory",
    sources: ["C2", "https://istio.io/latest/docs/ops/common-problems/network-issues/"],
    *check(mesh) {
        for (const virtualService of mesh.virtualServices) {
            const gateways = virtualService.gateways.map(({ gateway }) => gateway);
            if (gateways.some((gateway) => gateway === UNKNOWN || gateway === "missing" || gateway === "mesh"))
                continue;
            const servers = gateways
                .flatMap((gateway) => (typeof gateway === "object" ? gateway.servers : []))
                .filter(({ hosts }) => hosts.some(({ host }) => !isKnown(host) || sharesHost(virtualService, host)));
            if (servers.length === 0) continue;
            const kinds = servers.map(({ protocol, field }) => routeKind(protocol, field.get("tls", "mode")));
            if (kinds.includes("unknown")) continue;
            for (const kind of ["http", "tls", "tcp"] as const) {
                const field = virtualService.root.get("spec", kind);
                if (field.items().length === 0 || kinds.includes(kind)) continue;
                if (kind === "tcp" && kinds.includes("tls")) continue;
                yield at(
                    virtualService,
                    field,
                    `the ports of ${list(gateways.flatMap((gateway) => (typeof gateway === "object" ? [gateway.id] : [])))} take ${list(kinds)} routes: no ${kind} route is ever used there`,
                    kind === "http" && kinds.includes("tls")
                        ? "let the Gateway end TLS (tls.mode: SIMPLE), or write a tls route with sniHosts"
                        : `write a ${kinds[0]} route, or change the Gateway's port`,
                );
            }
        }
    },
};

function sharesHost(virtualService: VirtualService, host: string): boolean {
    return virtualService.hosts.some((own) => {
        if (!isKnown(own.host)) return true;
        const [left, right] = [own.host.replace(/^\*/, ""), host.replace(/^\*/, "")];
        return own.host === "*" || host === "*" || left.endsWith(right) || right.endsWith(left);
    });
}

function routeKind(protocol: unknown, mode: Field): "http" | "tls" | "tcp" | "unknown" {
    if (mode.isUnknown || typeof protocol !== "string") return "unknown";
    switch (protocol.toUpperCase()) {
        case "HTTP":
        case "HTTP2":
        case "GRPC":
        case "GRPC-WEB":
            return "http";
        case "HTTPS":
            return mode.value === "PASSTHROUGH" || mode.value === "AUTO_PASSTHROUGH" ? "tls" : "http";
        case "TLS":
            return mode.value === "PASSTHROUGH" || mode.value === "AUTO_PASSTHROUGH" ? "tls" : "tcp";
        case "TCP":
        case "MONGO":
        case "MYSQL":
        case "REDIS":
            return "tcp";
        default:
            return "unknown";
    }
}
