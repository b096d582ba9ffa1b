import { readDuration } from "../../model/duration";
import type { Field } from "../../model/field";
import {
    admitsKind,
    admitsNamespace,
    apiGateways,
    apiRoutes,
    GATEWAY_API,
    isGranted,
    ROUTE_KINDS,
    sharesHostname,
} from "../../model/gateway-api";
import { closest } from "../../model/host";
import { lookup } from "../../model/lookup";
import type { Mesh } from "../../model/mesh";
import type { MeshObject } from "../../model/object";
import { isKnown, type Maybe } from "../../model/unknown";
import { isExpression } from "./route-order";
import { at, type Finding, list, type Rule } from "../rule";

const DOCS = "https://gateway-api.sigs.k8s.io/reference/spec/";

export const routeParent: Rule = {
    id: "route-parent",
    title: "A route of the Gateway API is attached to a listener that exists and admits it",
    reason: "The route is not accepted: clients get 404, or the connection is refused.",
    fix: "Name Gateway, namespace and listener, and let the listener admit the route's namespace, kind and host names.",
    severity: "critical",
    enforcement: "mandatory",
    sources: ["P12", `${DOCS}#routeconditionreason`],
    *check(mesh) {
        for (const route of apiRoutes(mesh)) {
            const parents = route.root.get("spec", "parentRefs");
            const anyGateway = apiGateways(mesh).length > 0;
            if (anyGateway && !route.root.get("spec").isUnknown && !parents.isUnknown && parents.items().length === 0)
                yield at(route, parents, "the route has no parent: nobody uses it", "name a Gateway in parentRefs");
            for (const parent of parents.items()) yield* checkParent(mesh, route, parent);
        }
    },
};

function* checkParent(mesh: Mesh, route: MeshObject, parent: Field): Iterable<Finding> {
    const kind = parent.get("kind").text() ?? "Gateway";
    const name = parent.get("name").text();
    const namespace = parent.get("namespace").text() ?? route.namespace;
    if (!isKnown(kind) || !isKnown(name) || !isKnown(namespace)) return;
    if (kind === "Service") {
        const resolution = mesh.service(name, namespace);
        if (resolution.status === "missing")
            yield at(
                route,
                parent.get("name"),
                `there is no Service ${namespace}/${name}: the route is attached to nothing`,
                "name a Service",
            );
        return;
    }
    if (kind !== "Gateway") return;
    const gateways = apiGateways(mesh);
    if (gateways.some((gateway) => !isKnown(gateway.name) || !isKnown(gateway.namespace))) return;
    const gateway = gateways.find((one) => one.name === name && one.namespace === namespace);
    if (!gateway) {
        const elsewhere = gateways.find((one) => one.name === name);
        const near = closest(
            name,
            gateways.filter((one) => one.namespace === namespace).map((one) => one.name),
        );
        if (!elsewhere && !near && (mesh.isOpaque(namespace) || gateways.length === 0) && mesh.hasOpaqueNamespaces)
            return;
        yield at(
            route,
            parent.get("name"),
            `there is no Gateway ${namespace}/${name}: the route is attached to nothing, clients get 404`,
            elsewhere && elsewhere.namespace !== namespace
                ? `add namespace: ${String(elsewhere.namespace)}`
                : near
                  ? `write ${near}`
                  : `declare the Gateway, or name one of ${list(gateways.map((one) => `${String(one.namespace)}/${String(one.name)}`))}`,
        );
        return;
    }
    yield* checkListeners(mesh, route, parent, gateway);
}

function* checkListeners(mesh: Mesh, route: MeshObject, parent: Field, gateway: MeshObject): Iterable<Finding> {
    const listeners = gateway.root.get("spec", "listeners");
    if (listeners.isPartial || listeners.items().length === 0) return;
    const [section, port] = [parent.get("sectionName"), parent.get("port")];
    if (section.isUnknown || port.isUnknown) return;
    let left = listeners.items();
    const steps: { field: Field | MeshObject; keep(listener: Field): boolean; message: string; fix: string }[] = [
        {
            field: section,
            keep: (listener) =>
                !section.isSet || listener.get("name").isUnknown || listener.get("name").value === section.value,
            message: `${gateway.id} has no listener "${String(section.value)}" (but ${list(left.map((listener) => String(listener.get("name").value)))})`,
            fix: "name one of its listeners",
        },
        {
            field: port,
            keep: (listener) =>
                !port.isSet || listener.get("port").isUnknown || listener.get("port").value === port.value,
            message: `${gateway.id} has no listener on port ${String(port.value)}`,
            fix: "name the port of a listener",
        },
    ];
    for (const { field, keep, message, fix } of steps) {
        const kept = left.filter(keep);
        if (kept.length === 0) {
            yield at(route, field as Field, `${message}: the route is not accepted`, fix);
            return;
        }
        left = kept;
    }
    const byKind = left.filter((listener) => admitsKind(listener, route.kind) !== "no");
    if (byKind.length === 0) {
        yield at(
            route,
            parent,
            `the listeners of ${gateway.id} (${list(left.map((listener) => String(listener.get("protocol").value)))}) take no ${route.kind}: the route is not accepted`,
            `attach it to a listener for ${list(ROUTE_KINDS[route.kind] ?? [])}`,
        );
        return;
    }
    const byNamespace = byKind.filter((listener) => admitsNamespace(mesh, gateway, listener, route.namespace) !== "no");
    if (byNamespace.length === 0) {
        const [listener] = byKind as [Field];
        yield at(
            gateway,
            listener.get("allowedRoutes").isSet ? listener.get("allowedRoutes", "namespaces") : listener,
            `the listener admits no route of the namespace ${String(route.namespace)}: ${route.id} is not accepted, clients get 404`,
            "set allowedRoutes.namespaces.from to All, or to Selector with the namespace's labels",
        );
        return;
    }
    if (byNamespace.every((listener) => sharesHostname(listener, route) === "no"))
        yield at(
            route,
            route.root.get("spec", "hostnames"),
            `no listener of ${gateway.id} serves one of these names (but ${list(byNamespace.map((listener) => String(listener.get("hostname").value)))}): the route is not accepted`,
            "use a host name of the listener",
        );
}

export const gatewayListener: Rule = {
    id: "gateway-listener",
    title: "The listeners of a Gateway are ones that a controller can open",
    reason: "The listener is not programmed: its clients cannot connect, or TLS connections are reset.",
    fix: "Give each listener name, port and protocol of its own, and a certificate where TLS ends.",
    severity: "critical",
    enforcement: "mandatory",
    sources: ["P12", `${DOCS}#listenerconditionreason`],
    *check(mesh) {
        for (const gateway of apiGateways(mesh)) {
            yield* checkClass(mesh, gateway);
            const listeners = gateway.root.get("spec", "listeners");
            if (listeners.isPartial) continue;
            const seen = new Map<string, Field>();
            const protocols = new Map<unknown, unknown>();
            for (const listener of listeners.items()) {
                const [name, port, protocol] = ["name", "port", "protocol"].map((key) => listener.get(key)) as [
                    Field,
                    Field,
                    Field,
                ];
                const key = `${String(port.value)} ${String(listener.get("hostname").value ?? "*")} ${String(protocol.value)}`;
                if ([name, port, protocol, listener.get("hostname")].some(({ isUnknown }) => isUnknown)) continue;
                if (seen.has(`name ${String(name.value)}`))
                    yield at(
                        gateway,
                        name,
                        `two listeners are named "${String(name.value)}": the Gateway is refused`,
                        "rename one",
                    );
                else if (seen.has(key))
                    yield at(
                        gateway,
                        listener,
                        `two listeners serve port, protocol and host name (${key}): both are in conflict`,
                        "keep one",
                    );
                const other = protocols.get(port.value);
                if (other !== undefined && family(other) !== family(protocol.value))
                    yield at(
                        gateway,
                        protocol,
                        `port ${String(port.value)} already speaks ${String(other)}: both listeners are in conflict`,
                        "use another port",
                    );
                protocols.set(port.value, protocol.value);
                seen.set(key, listener).set(`name ${String(name.value)}`, listener);
                yield* checkTls(mesh, gateway, listener);
            }
        }
    },
};

function family(protocol: unknown): string {
    return protocol === "HTTPS" || protocol === "TLS" ? "tls" : String(protocol);
}

const ISTIO_CLASSES = [
    "istio",
    "istio-remote",
    "istio-waypoint",
    "istio-east-west",
    "istio-agentgateway",
    "agentgateway",
];

function* checkClass(mesh: Mesh, gateway: MeshObject): Iterable<Finding> {
    const field = gateway.root.get("spec", "gatewayClassName");
    const name = field.text();
    if (!isKnown(name)) return;
    const classes = mesh.ofKind("GatewayClass").map((one) => one.name);
    if (classes.some((one) => !isKnown(one))) return;
    const known = [...ISTIO_CLASSES, ...classes.filter(isKnown)];
    if (known.includes(name)) return;
    const near = closest(name, known) ?? (/istio/i.test(name) ? "istio" : undefined);
    // Other controllers have classes of their own, which need not be listed.
    if (near || classes.length > 0)
        yield at(
            gateway,
            field,
            `there is no GatewayClass ${name}: nobody makes the Gateway`,
            `write ${near ?? known[0]}`,
        );
}

function* checkTls(mesh: Mesh, gateway: MeshObject, listener: Field): Iterable<Finding> {
    const [tls, protocol] = [listener.get("tls"), listener.get("protocol").value];
    if (tls.isUnknown) return;
    const mode = tls.get("mode").value ?? "Terminate";
    if (protocol === "HTTP" || protocol === "TCP" || protocol === "UDP") {
        if (tls.isSet)
            yield at(
                gateway,
                tls,
                `a listener for ${protocol} has no tls: the Gateway is refused`,
                "write protocol: HTTPS, or remove tls",
            );
        return;
    }
    const references = tls.get("certificateRefs");
    if (references.isUnknown) return;
    if (protocol === "HTTPS" && mode === "Passthrough")
        yield at(
            gateway,
            tls.get("mode"),
            "a listener for HTTPS ends TLS: Passthrough needs protocol TLS",
            "write protocol: TLS",
        );
    if (
        (protocol === "HTTPS" || protocol === "TLS") &&
        mode === "Terminate" &&
        references.items().length === 0 &&
        !tls.get("options").isSet
    ) {
        yield at(
            gateway,
            tls,
            "TLS ends here and no certificate is named: the listener is not programmed",
            "add tls.certificateRefs",
        );
        return;
    }
    for (const reference of references.items()) {
        const name = reference.get("name").text();
        const namespace = reference.get("namespace").text() ?? gateway.namespace;
        if ((reference.get("kind").value ?? "Secret") !== "Secret" || !isKnown(name)) continue;
        const found = lookup(mesh, "Secret", name, namespace);
        if (found.status === "missing")
            yield at(
                gateway,
                reference.get("name"),
                `there is no Secret ${String(namespace)}/${name}: TLS connections are reset`,
                found.suggestion ? `name "${found.suggestion}", or move it` : "declare the Secret",
            );
        if (found.status === "found") {
            const maps = [found.object.root.get("data"), found.object.root.get("stringData")];
            const keys = maps.flatMap((map) => map.keys());
            const missing = ["tls.crt", "tls.key"].filter((key) => !keys.includes(key));
            if (keys.length > 0 && missing.length > 0 && maps.every(({ isUnknown }) => !isUnknown))
                yield at(
                    found.object,
                    "data",
                    `${gateway.id} uses this Secret, which has no ${list(missing)}`,
                    `add ${list(missing)}`,
                );
        }
        if (isKnown(namespace) && isKnown(gateway.namespace) && namespace !== gateway.namespace)
            yield* checkGrant(
                mesh,
                gateway,
                reference,
                { group: GATEWAY_API, kind: "Gateway", namespace: gateway.namespace },
                { group: "", kind: "Secret", namespace, name },
            );
    }
}

/** Reports a reference into another namespace that nobody grants, and the grants that were probably meant for it. */
function* checkGrant(
    mesh: Mesh,
    object: MeshObject,
    field: Field,
    from: { group: string; kind: string; namespace: Maybe<string> },
    to: { group: string; kind: string; namespace: string; name: Maybe<string> },
): Iterable<Finding> {
    if (isGranted(mesh, from, to) !== "no") return;
    const what = `${from.kind} ${String(from.namespace)}/${String(object.name)} refers to the ${to.kind} ${to.namespace}/${String(to.name)}`;
    for (const grant of mesh.ofKind("ReferenceGrant", GATEWAY_API)) {
        const froms = grant.root.get("spec", "from").items();
        const isMeant =
            grant.namespace === to.namespace ||
            (grant.namespace === from.namespace &&
                froms.some((item) => item.get("namespace").value === from.namespace));
        if (isMeant)
            yield at(
                grant,
                "spec",
                `${what}, which this grant does not allow (from ${list(froms.map((item) => `${String(item.get("kind").value)} of ${String(item.get("namespace").value)}`))}, in ${String(grant.namespace)})`,
                `a grant lies in ${to.namespace}, with from: ${from.kind} of ${String(from.namespace)}, and to: ${to.kind}`,
            );
    }
    yield at(
        object,
        field.get("namespace"),
        `no ReferenceGrant in ${to.namespace} lets a ${from.kind} of ${String(from.namespace)} refer to the ${to.kind} ${String(to.name)}: it is not used`,
        `declare a ReferenceGrant in ${to.namespace}`,
    );
}

export const routeBackend: Rule = {
    id: "route-backend",
    title: "Backends of the Gateway API's routes exist, at a port of theirs, and may be referred to",
    reason: "Requests of the rule are answered 500.",
    fix: "Name a Service and its port; for another namespace also a ReferenceGrant there.",
    severity: "critical",
    enforcement: "mandatory",
    sources: ["P12", `${DOCS}#backendref`, `${DOCS}#referencegrant`],
    *check(mesh) {
        for (const route of apiRoutes(mesh))
            for (const rule of route.root.get("spec", "rules").items())
                for (const backend of backendsOf(rule)) {
                    const kind = backend.get("kind").text() ?? "Service";
                    const name = backend.get("name").text();
                    const namespace = backend.get("namespace").text() ?? route.namespace;
                    if (kind !== "Service" || !isKnown(name) || !isKnown(namespace) || backend.get("group").text())
                        continue;
                    if (!backend.get("port").isSet)
                        yield at(
                            route,
                            backend.get("port"),
                            `the Service ${name} needs a port: the route is refused`,
                            "add port",
                        );
                    if (route.kind !== "HTTPRoute") yield* checkService(mesh, route, backend, name, namespace);
                    if (isKnown(route.namespace) && namespace !== route.namespace)
                        yield* checkGrant(
                            mesh,
                            route,
                            backend,
                            { group: GATEWAY_API, kind: route.kind, namespace: route.namespace },
                            { group: "", kind: "Service", namespace, name },
                        );
                }
    },
};

function backendsOf(rule: Field): Field[] {
    const mirrors = rule
        .get("filters")
        .items()
        .map((filter) => filter.get("requestMirror", "backendRef"));
    return [...rule.get("backendRefs").items(), ...mirrors.filter(({ isSet }) => isSet)].filter(
        ({ isUnknown }) => !isUnknown,
    );
}

function* checkService(
    mesh: Mesh,
    route: MeshObject,
    backend: Field,
    name: string,
    namespace: string,
): Iterable<Finding> {
    const resolution = mesh.service(name, namespace);
    if (resolution.status === "missing")
        yield at(
            route,
            backend.get("name"),
            `there is no Service ${namespace}/${name}: requests are answered with an error`,
            resolution.suggestion ? `${resolution.suggestion} comes closest` : "declare the Service",
        );
    if (resolution.status !== "service" || !resolution.service.portsKnown) return;
    const port = backend.get("port").number();
    const ports = resolution.service.ports.map(({ number }) => number).filter(isKnown);
    if (isKnown(port) && !ports.includes(port))
        yield at(
            route,
            backend.get("port"),
            `${resolution.service.id} has no port ${port}, it has ${list(ports.map(String))}`,
            `write ${list(ports.map(String)).replace(" and ", " or ")}`,
        );
}

export const apiRouteRule: Rule = {
    id: "route-rule",
    title: "The rules of the Gateway API's routes are ones that its validation takes, each of which is reached",
    reason: "The route is refused, or a rule is never used.",
    fix: "See what the finding says.",
    severity: "high",
    enforcement: "mandatory",
    sources: ["P12", `${DOCS}#httproute`],
    *check(mesh) {
        for (const route of mesh.ofKind("HTTPRoute", GATEWAY_API)) {
            const seen = new Map<string, string>();
            for (const rule of route.root.get("spec", "rules").items()) {
                if (rule.isUnknown) continue;
                yield* checkRule(route, rule);
                for (const match of rule.get("matches").items()) {
                    yield* checkMatch(route, match);
                    const key = canonical(match.value);
                    if (key && seen.has(key))
                        yield at(
                            route,
                            match,
                            `${seen.get(key)} already takes these requests: the match is never used`,
                            "remove one of the two, or tell them apart",
                        );
                    else if (key) seen.set(key, match.path);
                }
            }
        }
    },
};

function canonical(value: unknown): string | undefined {
    try {
        return JSON.stringify(value, (_, inner: unknown) => {
            if (typeof inner === "symbol") throw new Error("not known");
            return inner;
        });
    } catch {
        return undefined;
    }
}

function* checkRule(route: MeshObject, rule: Field): Iterable<Finding> {
    const filters = rule.get("filters").items();
    const redirect = filters.find((filter) => filter.get("requestRedirect").isSet);
    const rewrite = filters.find((filter) => filter.get("urlRewrite").isSet);
    if (redirect && rule.get("backendRefs").items().length > 0)
        yield at(
            route,
            rule.get("backendRefs"),
            "a rule that redirects has no backends: the route is refused",
            "remove the backends or the redirect",
        );
    if (redirect && rewrite)
        yield at(route, rewrite, "redirect and rewrite exclude each other: the route is refused", "keep one");
    for (const filter of filters) {
        const type = filter.get("type").text();
        const own = isKnown(type)
            ? `${type.charAt(0).toLowerCase()}${type.slice(1)}`.replace("uRLRewrite", "urlRewrite")
            : undefined;
        if (own && !filter.get(own).isSet && type !== "CORS")
            yield at(
                route,
                filter,
                `a filter of type ${String(type)} needs ${own}: the route is refused`,
                `add ${own}`,
            );
        for (const part of ["urlRewrite", "requestRedirect"]) {
            const path = filter.get(part, "path");
            if (path.get("type").value !== "ReplacePrefixMatch") continue;
            const matches = rule.get("matches").items();
            if (
                matches.some(
                    (match) =>
                        (match.get("path", "type").value ?? "PathPrefix") !== "PathPrefix" &&
                        !match.get("path", "type").isUnknown,
                )
            )
                yield at(
                    route,
                    path,
                    "ReplacePrefixMatch needs matches by PathPrefix: the route is refused",
                    "match by PathPrefix, or use ReplaceFullPath",
                );
        }
    }
    const request = readDuration(rule.get("timeouts", "request").text());
    const backend = readDuration(rule.get("timeouts", "backendRequest").text());
    if (isKnown(request) && isKnown(backend) && request > 0 && backend > request)
        yield at(
            route,
            rule.get("timeouts", "backendRequest"),
            `one try may take ${String(rule.get("timeouts", "backendRequest").value)}, longer than the whole request (${String(rule.get("timeouts", "request").value)}): the route is refused`,
            "set backendRequest below request",
        );
    const weights = rule
        .get("backendRefs")
        .items()
        .map((item) => item.get("weight").number());
    if (weights.length > 0 && weights.every((weight) => weight === 0))
        yield at(
            route,
            rule.get("backendRefs"),
            "every backend has the weight 0: requests are answered 500",
            "give one a weight above 0",
        );
}

function* checkMatch(route: MeshObject, match: Field): Iterable<Finding> {
    const [type, value] = [match.get("path", "type").value ?? "PathPrefix", match.get("path", "value")];
    const text = value.text();
    if (isKnown(text) && type !== "RegularExpression" && !text.startsWith("/"))
        yield at(route, value, `a path begins with /, not "${text}": the route is refused`, `write "/${text}"`);
    if (isKnown(text) && type === "RegularExpression" && !isExpression(text))
        yield at(route, value, `"${text}" is no regular expression`, "correct it");
    const method = match.get("method").text();
    if (isKnown(method) && method !== method.toUpperCase())
        yield at(route, match.get("method"), `methods are in capitals`, `write ${method.toUpperCase()}`);
}

export const waypoint: Rule = {
    id: "waypoint",
    title: "Ambient workloads with rules about HTTP have a waypoint that exists",
    reason: "The ztunnel knows no HTTP: such rules refuse every request, and a waypoint that is missing leaves them out.",
    fix: "Declare a Gateway of the class istio-waypoint, and name it in istio.io/use-waypoint.",
    severity: "high",
    enforcement: "mandatory",
    sources: ["https://istio.io/latest/docs/ambient/usage/waypoint/"],
    *check(mesh) {
        const gateways = apiGateways(mesh);
        if (gateways.some(({ name, namespace }) => !isKnown(name) || !isKnown(namespace))) return;
        for (const object of [...mesh.namespaces, ...mesh.services, ...mesh.workloads]) {
            const labels = object.root.get("metadata", "labels");
            const name: unknown = labels.get("istio.io/use-waypoint").value;
            if (typeof name !== "string" || name === "none") continue;
            const own: Maybe<string> = object.kind === "Namespace" ? object.name : object.namespace;
            const wanted = labels.get("istio.io/use-waypoint-namespace").text() ?? own;
            if (typeof wanted !== "string") continue;
            const namespace: string = wanted;
            const found = gateways.find((gateway) => gateway.name === name && gateway.namespace === namespace);
            if (!found && !(mesh.isOpaque(namespace) && gateways.length === 0))
                yield at(
                    object,
                    labels.get("istio.io/use-waypoint"),
                    `there is no Gateway ${namespace}/${name}: requests pass by no waypoint, rules about HTTP are not applied`,
                    "declare it with gatewayClassName: istio-waypoint, or correct the name",
                );
            else if (
                found &&
                isKnown(found.root.get("spec", "gatewayClassName").text()) &&
                found.root.get("spec", "gatewayClassName").value !== "istio-waypoint"
            )
                yield at(
                    found,
                    "spec.gatewayClassName",
                    `${object.id} uses this Gateway as a waypoint, which is of another class`,
                    "write istio-waypoint",
                );
        }
        for (const policy of mesh.objects.filter(({ group }) => group.endsWith("istio.io")))
            for (const target of [
                ...policy.root.get("spec", "targetRefs").items(),
                policy.root.get("spec", "targetRef"),
            ]) {
                const kind = target.get("kind").value;
                const name = target.get("name").text();
                if (!isKnown(name) || !isKnown(policy.namespace)) continue;
                const isMissing =
                    kind === "Gateway"
                        ? gateways.length > 0 &&
                          !gateways.some((gateway) => gateway.name === name && gateway.namespace === policy.namespace)
                        : kind === "Service" && mesh.service(name, policy.namespace).status === "missing";
                if (isMissing)
                    yield at(
                        policy,
                        target.get("name"),
                        `there is no ${String(kind)} ${policy.namespace}/${name}: the policy counts for nobody`,
                        "name one of the policy's own namespace",
                    );
            }
    },
};
