import { serverMode } from "../../model/effective";
import type { Field } from "../../model/field";
import { closest } from "../../model/host";
import { label, selects, showLabels } from "../../model/labels";
import { lookup } from "../../model/lookup";
import { meshConfig } from "../../model/mesh-config";
import type { Mesh } from "../../model/mesh";
import type { MeshObject } from "../../model/object";
import { appliesTo, istioSelector, rootNamespace } from "../../model/selection";
import { isHttp } from "../../model/service";
import { isKnown, UNKNOWN } from "../../model/unknown";
import type { Workload } from "../../model/workload";
import { at, type Finding, list, type Rule } from "../rule";

const DOCS = "https://istio.io/latest/docs/reference/config/security/";
const SECURITY = "security.istio.io";

/** Kinds that select workloads, and where. */
const SELECTING = [
    "AuthorizationPolicy",
    "PeerAuthentication",
    "RequestAuthentication",
    "Sidecar",
    "EnvoyFilter",
    "Telemetry",
    "WasmPlugin",
    "ProxyConfig",
] as const;

export const policySelector: Rule = {
    id: "policy-selector",
    title: "The selector of an Istio policy selects pods",
    reason: "The policy counts for nobody: what it forbids is allowed, what it configures does not happen.",
    fix: "Write labels that the pods carry, in the policy's own namespace.",
    severity: "high",
    enforcement: "mandatory",
    sources: ["S3", "S4", "https://istio.io/latest/docs/reference/config/analysis/ist0127/"],
    *check(mesh) {
        const root = rootNamespace(mesh);
        for (const kind of SELECTING)
            for (const policy of mesh.ofKind(kind).filter(({ group }) => group.endsWith("istio.io"))) {
                const selector = istioSelector(policy);
                if (!selector || selector.labels === UNKNOWN || !isKnown(policy.namespace)) continue;
                const isRoot = policy.namespace === root && kind !== "ProxyConfig";
                if (isRoot ? mesh.hasOpaqueNamespaces && mesh.workloads.length === 0 : mesh.isOpaque(policy.namespace))
                    continue;
                const candidates = mesh.workloads.filter(
                    ({ namespace }) => isRoot || !isKnown(namespace) || namespace === policy.namespace,
                );
                if (candidates.some(({ labels }) => selects(selector.labels, labels) !== "no")) continue;
                if (isRoot && mesh.isPartial && isGatewayLabel(selector.labels)) continue;
                // Kubernetes Gateways make their pods themselves.
                if (Object.keys(selector.labels).some((key) => key.startsWith("gateway.networking.k8s.io/"))) continue;
                if (mesh.ofKind("WorkloadEntry").length > 0 || mesh.ofKind("WorkloadGroup").length > 0) {
                    const entries = [...mesh.ofKind("WorkloadEntry"), ...mesh.ofKind("WorkloadGroup")];
                    if (entries.some((entry) => entry.namespace === policy.namespace)) continue;
                }
                yield at(
                    policy,
                    selector.field,
                    `no workload ${isRoot ? "" : `of the namespace ${policy.namespace} `}has pods with the labels ${showLabels(selector.labels)}: the policy counts for nobody`,
                    near(candidates, selector.labels),
                );
            }
    },
};

function isGatewayLabel(labels: object): boolean {
    return Object.entries(labels).every(
        ([key, value]) => key === "istio" && /gateway|ingress|egress/.test(String(value)),
    );
}

function near(candidates: readonly Workload[], selector: Exclude<Workload["labels"], symbol>): string {
    for (const [key, value] of Object.entries(selector)) {
        const values = candidates.map(({ labels }) => label(labels, key));
        const found = typeof value === "string" ? closest(value, values) : undefined;
        if (found) return `write ${key}: ${found}`;
        const other = candidates.find(({ labels }) => labels !== UNKNOWN && Object.values(labels).includes(value));
        if (other && other.labels !== UNKNOWN)
            return `${other.id} carries ${showLabels(other.labels)}: select one of these`;
    }
    return "write labels of the pods' template, and put the policy into their namespace";
}

export const policyScope: Rule = {
    id: "policy-scope",
    title: "One policy of a kind counts for a namespace or a workload where Istio takes only one",
    reason: "Istio uses the oldest of them, or either: the other's settings are missing.",
    fix: "Put them into one object, or give them different selectors.",
    severity: "high",
    enforcement: "mandatory",
    sources: [
        "https://istio.io/latest/docs/reference/config/analysis/ist0110/",
        "https://istio.io/latest/docs/reference/config/analysis/ist0111/",
    ],
    *check(mesh) {
        for (const kind of ["Sidecar", "PeerAuthentication", "Telemetry"] as const) {
            const policies = mesh.ofKind(kind).filter(({ group }) => group.endsWith("istio.io"));
            for (const [index, later] of policies.entries()) {
                if (later.root.get("spec", "targetRefs").isSet) continue;
                const mine = istioSelector(later);
                for (const earlier of policies.slice(0, index)) {
                    if (!isKnown(later.namespace) || earlier.namespace !== later.namespace) continue;
                    if (later.root.get("spec").isUnknown || earlier.root.get("spec").isUnknown) continue;
                    if (earlier.root.get("spec", "targetRefs").isSet) continue;
                    const other = istioSelector(earlier);
                    const shared =
                        !mine && !other
                            ? `the namespace ${later.namespace}`
                            : mine && other
                              ? mesh.workloads.find(
                                    (workload) =>
                                        workload.namespace === later.namespace &&
                                        selects(mine.labels, workload.labels) === "yes" &&
                                        selects(other.labels, workload.labels) === "yes",
                                )?.id
                              : undefined;
                    if (!shared) continue;
                    yield at(
                        later,
                        mine?.field ?? "spec",
                        `${earlier.id} already counts for ${shared}: Istio uses only one of the two`,
                        `move its settings into ${earlier.id}`,
                    );
                    break;
                }
            }
        }
    },
};

export const peerAuthenticationPort: Rule = {
    id: "peer-authentication-port",
    title: "Modes for ports name ports of the pods, under a selector",
    reason: "Istio ignores a mode for a port that the pods do not have (a Service's port, say), or without a selector.",
    fix: "Name the container's port, and add a selector.",
    severity: "high",
    enforcement: "mandatory",
    sources: ["S3", `${DOCS}peer_authentication/`],
    *check(mesh) {
        for (const policy of mesh.ofKind("PeerAuthentication", SECURITY)) {
            const ports = policy.root.get("spec", "portLevelMtls");
            if (ports.keys().length === 0) continue;
            const selector = istioSelector(policy);
            if (!selector && !policy.root.get("spec", "selector").isUnknown) {
                yield at(
                    policy,
                    ports,
                    "modes for ports count only under a selector: they are ignored",
                    "add spec.selector",
                );
                continue;
            }
            const workloads = mesh.workloads.filter((workload) => appliesTo(mesh, policy, workload) === "yes");
            for (const port of ports.keys()) {
                const known = workloads.map((workload) => portsOf(mesh, workload));
                if (known.length === 0 || known.some((numbers) => !numbers || numbers.includes(Number(port)))) continue;
                yield at(
                    policy,
                    ports.get(port),
                    `no pod of ${list(workloads.map(({ id }) => id))} has the port ${port} (but ${list(known.flatMap((numbers) => numbers ?? []).map(String))}): the mode counts for nothing`,
                    "name the container's port, not the Service's",
                );
            }
        }
    },
};

/** Ports that a workload certainly listens on; undefined while they are not known or not declared. */
function portsOf(mesh: Mesh, workload: Workload): number[] | undefined {
    if (workload.ports === UNKNOWN || workload.ports.some(({ number }) => !isKnown(number))) return undefined;
    const declared = workload.ports.map(({ number }) => number as number);
    const served = mesh.services
        .filter((service) => service.workloads.includes(workload))
        .flatMap((service) => service.ports.map(({ targetPort }) => targetPort));
    if (served.includes(UNKNOWN)) return undefined;
    const all = [...declared, ...served.filter((port): port is number => typeof port === "number")];
    return all.length > 0 ? all : undefined;
}

const CONDITIONS = [
    /^request\.headers\[.+\]$/,
    /^request\.auth\.(principal|audiences|presenter)$/,
    /^request\.auth\.claims\[.+\]$/,
    /^(source|remote)\.ip$/,
    /^source\.(namespace|principal|serviceAccount)$/,
    /^destination\.(ip|port)$/,
    /^connection\.sni$/,
    /^experimental\.envoy\.filters\..+$/,
];

export const authorizationRule: Rule = {
    id: "authorization-rule",
    title: "The rules of an AuthorizationPolicy can be satisfied by the requests that are meant",
    reason: "A rule that nothing satisfies allows nobody (403), or with DENY refuses nobody.",
    fix: "Write callers, ports, methods and paths as Istio compares them.",
    severity: "critical",
    enforcement: "mandatory",
    sources: [
        "S4",
        `${DOCS}authorization-policy/`,
        "https://istio.io/latest/docs/ops/common-problems/security-issues/",
    ],
    *check(mesh) {
        for (const policy of mesh.ofKind("AuthorizationPolicy", SECURITY)) {
            const spec = policy.root.get("spec");
            if (spec.isUnknown) continue;
            const action = spec.get("action");
            const rules = spec.get("rules");
            if (action.value === "DENY" && !rules.isUnknown && rules.items().length === 0)
                yield at(policy, rules, "DENY without a rule refuses nothing", "add a rule ({} for every request)");
            if (action.value === "CUSTOM") yield* checkProvider(mesh, policy, spec);
            const workloads = mesh.workloads.filter((workload) => appliesTo(mesh, policy, workload) === "yes");
            for (const rule of rules.items()) {
                for (const from of rule.get("from").items())
                    yield* checkSource(mesh, policy, from.get("source"), workloads);
                for (const to of rule.get("to").items())
                    yield* checkOperation(mesh, policy, to.get("operation"), workloads);
                for (const when of rule.get("when").items()) yield* checkCondition(policy, when);
                yield* checkHttpOnTcp(mesh, policy, rule, workloads);
            }
        }
    },
};

function* checkProvider(mesh: Mesh, policy: MeshObject, spec: Field): Iterable<Finding> {
    const name = spec.get("provider", "name");
    const { providers } = meshConfig(mesh);
    if (spec.get("provider").isUnknown || name.isUnknown) return;
    if (!name.isSet) yield at(policy, name, "CUSTOM needs a provider: Istio refuses the policy", "add provider.name");
    else if (providers && isKnown(name.text()) && !providers.includes(name.value as string))
        yield at(
            policy,
            name,
            `meshConfig.extensionProviders has no "${String(name.value)}" (only ${list(providers)}): every request is refused`,
            "add the provider to meshConfig, or name one of them",
        );
}

function* checkSource(
    mesh: Mesh,
    policy: MeshObject,
    source: Field,
    workloads: readonly Workload[],
): Iterable<Finding> {
    for (const key of ["principals", "notPrincipals"])
        for (const item of source.get(key).items()) yield* checkPrincipal(mesh, policy, item);
    for (const key of ["namespaces", "notNamespaces"])
        for (const item of source.get(key).items()) {
            const name = item.text();
            if (!isKnown(name) || name.includes("*")) continue;
            if (name.includes("/") || name.includes("."))
                yield at(policy, item, `"${name}" is no name of a namespace`, "write the name alone");
            else yield* checkNamespace(mesh, policy, item, name);
        }
    for (const key of ["ipBlocks", "remoteIpBlocks", "notIpBlocks", "notRemoteIpBlocks"])
        for (const item of source.get(key).items())
            if (isKnown(item.text()) && !isCidr(item.value as string))
                yield at(
                    policy,
                    item,
                    `"${String(item.value)}" is no address or CIDR: Istio refuses the policy`,
                    "write 10.0.0.0/8",
                );
    const asksIdentity = ["principals", "namespaces"].some((key) => source.get(key).items().length > 0);
    if (!asksIdentity) return;
    const plain = workloads.find((workload) => {
        const { mode, policy: peer } = serverMode(mesh, workload, undefined);
        return mode === "DISABLE" && peer !== undefined;
    });
    if (plain)
        yield at(
            policy,
            source,
            `${plain.id} takes plain text (${serverMode(mesh, plain, undefined).policy?.id}): no caller there has a name, the rule is never satisfied`,
            "let the workload take mutual TLS",
        );
}

function* checkPrincipal(mesh: Mesh, policy: MeshObject, item: Field): Iterable<Finding> {
    const text = item.text();
    if (!isKnown(text) || text === "*") return;
    if (text.startsWith("spiffe://"))
        yield at(
            policy,
            item,
            `principals have no scheme: no caller is "${text}"`,
            `write "${text.slice("spiffe://".length)}"`,
        );
    const match = /^([^/]+)\/ns\/([^/]+)\/sa\/([^/]+)$/.exec(text);
    if (!match) {
        if (!text.includes("*") && !text.startsWith("spiffe://"))
            yield at(
                policy,
                item,
                `"${text}" is no principal: no caller has such a name, which is <trust domain>/ns/<namespace>/sa/<account>`,
                `write "cluster.local/ns/<namespace>/sa/${text.split("/").at(-1)}"`,
            );
        return;
    }
    const [, domain, namespace, account] = match as unknown as [string, string, string, string];
    const { object, trustDomain = object ? "cluster.local" : undefined } = meshConfig(mesh);
    const near = closest(domain, ["cluster.local"]);
    if ((trustDomain && domain !== trustDomain && domain !== "cluster.local") || (domain !== "cluster.local" && near))
        yield at(
            policy,
            item,
            `the mesh's trust domain is not ${domain}: no caller has such a name`,
            `write ${trustDomain ?? near}`,
        );
    if (namespace.includes("*") || account.includes("*")) return;
    const missing = [...checkNamespace(mesh, policy, item, namespace)];
    yield* missing;
    if (missing.length > 0) return;
    const found = lookup(mesh, "ServiceAccount", account, namespace);
    const isUsed = mesh.workloads.some(
        ({ namespace: own, template }) =>
            own === namespace && [account, UNKNOWN].includes(template.get("spec", "serviceAccountName").value as never),
    );
    const runs = mesh.workloads.filter(({ namespace: own }) => own === namespace);
    const accounts = runs.map(({ template }) => template.get("spec", "serviceAccountName").text() ?? "default");
    if (isUsed || accounts.includes(account)) return;
    if (
        found.status === "missing" ||
        (found.status === "unknown" && runs.length > 0 && accounts.every(isKnown) && !mesh.isOpaque(namespace))
    )
        yield at(
            policy,
            item,
            `no pod of ${namespace} runs as ${account} (but ${list(accounts.filter(isKnown))}): no caller has such a name`,
            `write one of ${list(accounts.filter(isKnown))}`,
        );
}

/** A namespace that nothing lives in, though others are described. */
function* checkNamespace(mesh: Mesh, policy: MeshObject, field: Field, name: string): Iterable<Finding> {
    if (
        mesh.namespace(name) ||
        mesh.objects.some(({ namespace }) => namespace === name || typeof namespace === "symbol")
    )
        return;
    if (mesh.namespaces.some((one) => !isKnown(one.name))) return;
    const names = mesh.namespaces.map((one) => one.name).filter(isKnown);
    const suggestion = closest(name, names);
    if (mesh.isOpaque(name) && !suggestion && (mesh.hasOpaqueNamespaces || /^(kube-|istio-)/.test(name))) return;
    if (name === rootNamespace(mesh)) return;
    yield at(
        policy,
        field,
        `there is no namespace ${name}: nobody calls from there`,
        suggestion ? `write ${suggestion}` : `name one of ${list(names)}`,
    );
}

export function isCidr(text: string): boolean {
    const [address = "", length] = text.split("/");
    const v4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(address);
    if (v4)
        return (
            v4.slice(1).every((part) => Number(part) < 256) &&
            (length === undefined || (/^\d+$/.test(length) && Number(length) <= 32))
        );
    return address.includes(":") && /^[0-9a-fA-F:.]+$/.test(address) && (length === undefined || Number(length) <= 128);
}

const METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];

function* checkOperation(
    mesh: Mesh,
    policy: MeshObject,
    operation: Field,
    workloads: readonly Workload[],
): Iterable<Finding> {
    for (const key of ["methods", "notMethods"])
        for (const item of operation.get(key).items()) {
            const text = item.text();
            if (!isKnown(text) || text.includes("*") || METHODS.includes(text)) continue;
            const meant = METHODS.includes(text.toUpperCase()) ? text.toUpperCase() : closest(text, METHODS);
            if (meant)
                yield at(
                    policy,
                    item,
                    `no request has the method "${text}": methods are in capitals`,
                    `write ${meant}`,
                );
        }
    for (const key of ["paths", "notPaths"])
        for (const item of operation.get(key).items()) {
            const text = item.text();
            if (!isKnown(text) || text.startsWith("/") || text.startsWith("*") || text.startsWith("{")) continue;
            yield at(policy, item, `no path begins with "${text}": the rule is never satisfied`, `write "/${text}"`);
        }
    for (const item of operation.get("paths").items()) {
        const text = item.text();
        if (isKnown(text) && /[?#]/.test(text))
            yield at(policy, item, `"${text}" has a query: paths are compared without it`, "remove the query");
        else if (isKnown(text) && /^.+\*.+$/.test(text) && !/\{\*\*?\}/.test(text))
            yield at(
                policy,
                item,
                `"${text}": a * counts at the beginning or the end only, here it is a letter`,
                "write a prefix with * at its end, or {*}",
            );
    }
    for (const key of ["ports", "notPorts"])
        for (const item of operation.get(key).items()) {
            const number = Number(item.value);
            if (!isKnown(item.text())) continue;
            const known = workloads
                .filter(({ isIstio }) => isIstio === "no")
                .map((workload) => portsOf(mesh, workload));
            if (known.length === 0 || known.some((numbers) => !numbers || numbers.includes(number))) continue;
            yield at(
                policy,
                item,
                `no pod that the policy counts for has the port ${String(item.value)} (but ${list(known.flatMap((numbers) => numbers ?? []).map(String))}): the rule is never satisfied`,
                "name the container's port, not the Service's",
            );
        }
}

function* checkCondition(policy: MeshObject, when: Field): Iterable<Finding> {
    const key = when.get("key").text();
    if (!isKnown(key)) return;
    if (!CONDITIONS.some((pattern) => pattern.test(key)))
        yield at(
            policy,
            when.get("key"),
            `Istio knows no condition "${key}": it refuses the policy`,
            "use request.headers[..], source.ip, request.auth.claims[..] ...",
        );
    if (!when.get("values").isSet && !when.get("notValues").isSet)
        yield at(policy, when, "the condition has no values: Istio refuses the policy", "add values or notValues");
}

/** Parts of a rule that only HTTP has. */
const HTTP_PARTS = ["hosts", "methods", "paths", "notHosts", "notMethods", "notPaths"];

function* checkHttpOnTcp(
    mesh: Mesh,
    policy: MeshObject,
    rule: Field,
    workloads: readonly Workload[],
): Iterable<Finding> {
    const parts = rule
        .get("to")
        .items()
        .flatMap((to) => HTTP_PARTS.map((key) => to.get("operation", key)).filter(({ isSet }) => isSet));
    const principals = rule
        .get("from")
        .items()
        .map((from) => from.get("source", "requestPrincipals"))
        .filter(({ isSet }) => isSet);
    const part = [...parts, ...principals][0];
    if (!part || workloads.length === 0) return;
    const ports = mesh.services
        .filter((service) => service.endpoints.some((workload) => workloads.includes(workload)))
        .flatMap((service) => service.ports);
    if (ports.length === 0 || !ports.every(({ protocol }) => isKnown(protocol) && !isHttp(protocol))) return;
    yield at(
        policy,
        part,
        `the ports of ${list(workloads.map(({ id }) => id))} speak ${list(ports.map(({ protocol }) => String(protocol)))}: proxies see no ${part.path.split(".").at(-1)} there, the rule is ${policy.root.get("spec", "action").value === "DENY" ? "applied without it" : "never satisfied"}`,
        "use ports and principals only",
    );
}

export const jwtRule: Rule = {
    id: "jwt",
    title: "Tokens are checked where rules ask for them, by keys that can be had",
    reason: "No request has a verified token: rules that ask for one allow nobody (403), or tokens are refused (401).",
    fix: "Add a RequestAuthentication for the same workload, with issuer and keys.",
    severity: "critical",
    enforcement: "mandatory",
    sources: [
        "S5",
        `${DOCS}request_authentication/`,
        "https://istio.io/latest/docs/reference/config/analysis/ist0149/",
    ],
    *check(mesh) {
        for (const policy of mesh.ofKind("RequestAuthentication", SECURITY)) yield* checkRules(policy);
        for (const policy of mesh.ofKind("AuthorizationPolicy", SECURITY)) yield* checkClaims(mesh, policy);
        for (const virtualService of mesh.virtualServices)
            for (const { matches } of virtualService.httpRoutes)
                for (const match of matches)
                    for (const name of match.get("headers").keys()) {
                        if (!name.startsWith("@request.auth.claims")) continue;
                        for (const { gateway } of virtualService.gateways) {
                            if (typeof gateway !== "object" || gateway.workloads.length === 0) continue;
                            if (
                                mesh
                                    .ofKind("RequestAuthentication")
                                    .some((policy) =>
                                        gateway.workloads.some((one) => appliesTo(mesh, policy, one) !== "no"),
                                    )
                            )
                                continue;
                            yield at(
                                virtualService,
                                match.get("headers", name),
                                `no RequestAuthentication counts for the proxies of ${gateway.id}: no request has verified claims, the match is never satisfied`,
                                "add a RequestAuthentication for the gateway's pods",
                            );
                        }
                    }
    },
};

function* checkRules(policy: MeshObject): Iterable<Finding> {
    const seen = new Set<string>();
    for (const rule of policy.root.get("spec", "jwtRules").items()) {
        if (rule.isUnknown) continue;
        const [issuer, uri, jwks] = ["issuer", "jwksUri", "jwks"].map((key) => rule.get(key)) as [Field, Field, Field];
        if (isKnown(issuer.text()) && seen.has(issuer.value as string))
            yield at(
                policy,
                issuer,
                `the issuer ${String(issuer.value)} has two rules`,
                "keep one rule for each issuer",
            );
        seen.add(String(issuer.value));
        if (uri.isSet && jwks.isSet)
            yield at(
                policy,
                jwks,
                "jwks and jwksUri are alternatives: Istio refuses the policy",
                "keep one of the two",
            );
        if (isKnown(uri.text()) && !/^https?:\/\/[^/]+/.test(uri.value as string))
            yield at(
                policy,
                uri,
                `"${String(uri.value)}" is no address: there are no keys, every token is refused`,
                "write https://...",
            );
        if (isKnown(jwks.text()) && !isKeySet(jwks.value as string))
            yield at(
                policy,
                jwks,
                "this is no set of keys (JSON with keys, each with kty): every token is refused",
                'write {"keys": [...]}',
            );
        for (const header of rule.get("fromHeaders").items()) {
            const prefix = header.get("prefix").text();
            if (isKnown(prefix) && /^bearer$/i.test(prefix))
                yield at(
                    policy,
                    header.get("prefix"),
                    `the prefix "${prefix}" lacks the space before the token: no token is found`,
                    'write "Bearer "',
                );
        }
    }
}

function isKeySet(text: string): boolean {
    if (text === "{}" || text.includes("${")) return true;
    try {
        const { keys } = JSON.parse(text) as { keys?: { kty?: string }[] };
        return Array.isArray(keys) && keys.length > 0 && keys.every(({ kty }) => typeof kty === "string");
    } catch {
        return false;
    }
}

function* checkClaims(mesh: Mesh, policy: MeshObject): Iterable<Finding> {
    const spec = policy.root.get("spec");
    if (spec.get("action").value === "DENY" || spec.isUnknown) return;
    const workloads = mesh.workloads.filter((workload) => appliesTo(mesh, policy, workload) === "yes");
    for (const rule of spec.get("rules").items()) {
        const asked = [
            ...rule
                .get("from")
                .items()
                .flatMap((from) => from.get("source", "requestPrincipals").items()),
            ...rule
                .get("when")
                .items()
                .filter((when) => String(when.get("key").value).startsWith("request.auth.")),
        ];
        const first = asked[0];
        if (!first || workloads.length === 0) continue;
        const others = mesh.ofKind("RequestAuthentication");
        const bare = workloads.find((workload) => others.every((other) => appliesTo(mesh, other, workload) === "no"));
        if (bare) {
            yield at(
                policy,
                first,
                `no RequestAuthentication counts for ${bare.id}: no request there has a verified token, the rule is never satisfied`,
                "add a RequestAuthentication for the same workload",
            );
            continue;
        }
        yield* checkIssuer(mesh, policy, asked, workloads);
    }
}

/** A request principal is `<issuer>/<subject>`: its issuer must be one that is verified. */
function* checkIssuer(
    mesh: Mesh,
    policy: MeshObject,
    asked: readonly Field[],
    workloads: readonly Workload[],
): Iterable<Finding> {
    const issuers = workloads
        .flatMap((workload) =>
            mesh.ofKind("RequestAuthentication").filter((other) => appliesTo(mesh, other, workload) !== "no"),
        )
        .flatMap((other) =>
            other.root
                .get("spec", "jwtRules")
                .items()
                .map((rule) => rule.get("issuer").text()),
        );
    if (issuers.length === 0 || !issuers.every(isKnown)) return;
    for (const item of asked) {
        const text = item.text();
        if (!isKnown(text) || text.startsWith("*")) continue;
        const issuer = text.includes("*")
            ? text.slice(0, text.indexOf("*")).replace(/\/$/, "")
            : text.slice(0, text.lastIndexOf("/"));
        if (
            issuers.some(
                (known) => isKnown(known) && (known === issuer || (text.includes("*") && known.startsWith(issuer))),
            )
        )
            continue;
        yield at(
            policy,
            item,
            `no token of the issuer "${issuer}" is verified there (but of ${list(issuers.filter(isKnown))}): the rule is never satisfied`,
            `write "${issuers.filter(isKnown)[0]}/..."`,
        );
    }
}

export const policyProvider: Rule = {
    id: "telemetry-provider",
    title: "Telemetry names providers that Istio's configuration has",
    reason: "Nothing is logged, traced or measured by that provider; nobody reports it.",
    fix: "Add the provider to meshConfig.extensionProviders, or correct its name.",
    severity: "medium",
    enforcement: "mandatory",
    sources: ["https://istio.io/latest/docs/reference/config/analysis/ist0157/"],
    *check(mesh) {
        const { providers } = meshConfig(mesh);
        for (const telemetry of mesh.ofKind("Telemetry", "telemetry.istio.io"))
            for (const kind of ["tracing", "metrics", "accessLogging"])
                for (const entry of telemetry.root.get("spec", kind).items())
                    for (const provider of entry.get("providers").items()) {
                        const name = provider.get("name").text();
                        if (!providers || !isKnown(name) || providers.includes(name)) continue;
                        yield at(
                            telemetry,
                            provider.get("name"),
                            `meshConfig.extensionProviders has no "${name}" (only ${list(providers)}): it is ignored`,
                            `write "${closest(name, providers) ?? providers.at(-1)}", or add the provider`,
                        );
                    }
    },
};
