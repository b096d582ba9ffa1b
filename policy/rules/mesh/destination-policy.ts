import type { DestinationRule } from "../../model/destination-rule";
import { readDuration } from "../../model/duration";
import { clientTls, podPort, serverMode } from "../../model/effective";
import type { Field } from "../../model/field";
import { sameHost } from "../../model/host";
import type { Mesh } from "../../model/mesh";
import { isKnown } from "../../model/unknown";
import { at, type Finding, list, type Rule } from "../rule";
import { isVisible } from "./route-action";

const DOCS = "https://istio.io/latest/docs/reference/config/networking/destination-rule/";

export const mutualTlsConflict: Rule = {
    id: "mutual-tls-conflict",
    title: "Callers and services agree on mutual TLS at every port",
    reason: "A service that takes mutual TLS only refuses plain text, and one without a sidecar cannot read TLS: 503.",
    fix: "Leave DestinationRule tls out (mutual TLS is then chosen by itself), or set the mode that the service takes.",
    severity: "critical",
    enforcement: "mandatory",
    sources: [
        "S3",
        "https://istio.io/latest/docs/ops/common-problems/network-issues/#503-errors-after-setting-destination-rule",
    ],
    *check(mesh) {
        for (const rule of mesh.destinationRules) {
            if (rule.resolution.status !== "service") continue;
            const { service } = rule.resolution;
            for (const port of service.ports) {
                const tls = clientTls(rule, isKnown(port.number) ? port.number : undefined);
                const mode = tls.get("mode");
                if (!isKnown(mode.text())) continue;
                const workloads = service.endpoints;
                if (workloads.length === 0) continue;
                const servers = workloads.map((workload) =>
                    serverMode(
                        mesh,
                        workload,
                        isKnown(port.number) ? podPort(service, port.number, workload) : undefined,
                    ),
                );
                const conflict =
                    mode.value === "DISABLE"
                        ? servers.find((server) => server.mode === "STRICT")
                        : mode.value === "ISTIO_MUTUAL"
                          ? servers.find((server) => server.mode === "DISABLE")
                          : mode.value === "SIMPLE" || mode.value === "MUTUAL"
                            ? servers.find((server) => server.mode === "STRICT")
                            : undefined;
                if (!conflict) continue;
                const says = conflict.policy
                    ? `${conflict.policy.id} says ${conflict.mode}`
                    : "its pods have no sidecar";
                yield at(
                    rule,
                    mode,
                    `callers use tls mode ${String(mode.value)} at port ${String(port.number)} of ${service.id}, but ${says}: requests are answered 503`,
                    conflict.mode === "DISABLE"
                        ? "remove tls, or give the pods a sidecar"
                        : "remove tls, or write ISTIO_MUTUAL",
                );
                break;
            }
        }
    },
};

export const destinationRuleConflict: Rule = {
    id: "destination-rule-conflict",
    title: "One DestinationRule says how a host is called",
    reason: "Of two rules for one host proxies use the older one's policy: the other's subsets or limits are missing at times.",
    fix: "Put both into one DestinationRule.",
    severity: "high",
    enforcement: "mandatory",
    sources: ["https://istio.io/latest/docs/ops/best-practices/traffic-management/#split-virtual-services"],
    *check(mesh) {
        for (const [index, later] of mesh.destinationRules.entries()) {
            if (later.root.get("spec", "workloadSelector").isSet) continue;
            const earlier = mesh.destinationRules
                .slice(0, index)
                .filter(({ root }) => !root.get("spec", "workloadSelector").isSet)
                .find(
                    (rule) =>
                        rule.namespace === later.namespace &&
                        isKnown(later.namespace) &&
                        sameHost(rule.resolution, later.resolution) &&
                        (overlap(rule, later) || (hasPolicy(rule) && hasPolicy(later))),
                );
            if (earlier)
                yield at(
                    later,
                    "spec.host",
                    `${earlier.id} speaks of the same host: only one of the two policies is in force`,
                    `move its contents into ${earlier.id}`,
                );
        }
        for (const rule of mesh.destinationRules) {
            const seen = new Set<unknown>();
            for (const { name, field } of rule.subsets) {
                if (isKnown(name) && seen.has(name))
                    yield at(
                        rule,
                        field.get("name"),
                        `the subset "${name}" is defined twice: Istio refuses the rule`,
                        "rename one",
                    );
                seen.add(name);
            }
        }
    },
};

function overlap(left: DestinationRule, right: DestinationRule): boolean {
    return left.subsets.some(({ name }) => isKnown(name) && right.subsets.some((other) => other.name === name));
}

function hasPolicy({ root }: DestinationRule): boolean {
    return root.get("spec", "trafficPolicy").keys().length > 0;
}

export const trafficPolicy: Rule = {
    id: "traffic-policy",
    title: "A traffic policy's parts go together",
    reason: "A part of the policy is refused, or has no effect: no failover, no ejection, another balance than the one written.",
    fix: "See what the finding says: each part has what it depends on.",
    severity: "high",
    enforcement: "mandatory",
    sources: ["E5", "E6", "C4", DOCS],
    *check(mesh) {
        for (const rule of mesh.destinationRules) {
            const policies = rule.trafficPolicies;
            for (const { field } of policies) {
                yield* checkBalancer(
                    rule,
                    field,
                    policies.map((policy) => policy.field),
                );
                yield* checkEjection(rule, field.get("outlierDetection"));
                yield* checkClientTls(rule, field.get("tls"));
                yield* checkPort(mesh, rule, field);
            }
        }
    },
};

function* checkBalancer(rule: DestinationRule, policy: Field, all: readonly Field[]): Iterable<Finding> {
    const balancer = policy.get("loadBalancer");
    if (balancer.isUnknown) return;
    if (balancer.get("simple").isSet && balancer.get("consistentHash").isSet)
        yield at(
            rule,
            balancer,
            "simple and consistentHash are alternatives: Istio refuses the rule",
            "keep one of the two",
        );
    const hash = balancer.get("consistentHash");
    const keys = ["httpHeaderName", "httpCookie", "useSourceIp", "httpQueryParameterName"].filter(
        (key) => hash.get(key).isSet,
    );
    if (hash.isSet && !hash.isUnknown && keys.length === 0)
        yield at(
            rule,
            hash,
            "nothing says by what to hash: Istio refuses the rule",
            "add httpHeaderName, httpCookie or useSourceIp",
        );
    if (keys.length > 1) yield at(rule, hash, `${list(keys)} are alternatives: Istio refuses the rule`, "keep one");
    const locality = balancer.get("localityLbSetting");
    if (!locality.isSet || locality.isUnknown || locality.get("enabled").value === false) return;
    const parts = ["distribute", "failover", "failoverPriority"].filter((key) => locality.get(key).isSet);
    if (parts.includes("distribute") && parts.length > 1)
        yield at(
            rule,
            locality,
            `${list(parts)} exclude each other: Istio refuses the rule`,
            "keep distribute or failover",
        );
    const ejects = [policy, ...all].some((one) => one.isUnknown || one.get("outlierDetection").isSet);
    if (!ejects && (parts.includes("failover") || parts.includes("failoverPriority") || parts.length === 0))
        yield at(
            rule,
            locality,
            "failover needs outlierDetection to know that a zone is ill: no request ever changes zones",
            "add outlierDetection to the same policy",
        );
    for (const share of locality.get("distribute").items()) {
        const to = share.get("to");
        const numbers = to.keys().map((key) => to.get(key).number());
        const sum = numbers.filter(isKnown).reduce((total, number) => total + number, 0);
        if (numbers.length > 0 && numbers.every(isKnown) && sum !== 100)
            yield at(
                rule,
                to,
                `the shares add up to ${sum}, not 100: Istio refuses the rule`,
                "make them 100 together",
            );
    }
    for (const move of locality.get("failover").items())
        if (
            move.get("from").isSet &&
            isKnown(move.get("from").text()) &&
            move.get("from").value === move.get("to").value
        )
            yield at(
                rule,
                move,
                "the failover leads from a region to itself: Istio refuses the rule",
                "name another region",
            );
}

function* checkEjection(rule: DestinationRule, ejection: Field): Iterable<Finding> {
    if (!ejection.isSet || ejection.isUnknown) return;
    const [any5xx, gateway] = ["consecutive5xxErrors", "consecutiveGatewayErrors"].map((key) => ejection.get(key));
    const count = ejection.get("consecutive5xxErrors").number();
    const gatewayCount = ejection.get("consecutiveGatewayErrors").number();
    const local = ejection.get("consecutiveLocalOriginFailures");
    if (
        count === 0 &&
        !isPositive(gatewayCount) &&
        !gateway?.isUnknown &&
        !isPositive(local.number()) &&
        !local.isUnknown
    )
        yield at(
            rule,
            any5xx as Field,
            "0 switches it off and nothing else counts errors: no pod is ever ejected",
            "write 1 or more",
        );
    if (
        isKnown(count) &&
        isKnown(gatewayCount) &&
        count > 0 &&
        gatewayCount >= count &&
        gatewayCount > 0 &&
        count !== gatewayCount
    )
        yield at(
            rule,
            gateway as Field,
            `${gatewayCount} gateway errors never come before ${count} errors of any kind, which include them`,
            "write a smaller number than consecutive5xxErrors",
        );
    if (local.isSet && ejection.get("splitExternalLocalOriginErrors").value === false)
        yield at(
            rule,
            local,
            "it counts only with splitExternalLocalOriginErrors: true",
            "add splitExternalLocalOriginErrors: true",
        );
    const [interval, base] = ["interval", "baseEjectionTime"].map((key) => readDuration(ejection.get(key).text()));
    for (const [key, value] of [
        ["interval", interval],
        ["baseEjectionTime", base],
    ] as const)
        if (isKnown(value) && value < 1)
            yield at(rule, ejection.get(key), `${key} must be 1ms or more: Istio refuses the rule`, "write 1s or more");
    const limit = ejection.get("maxEjectionPercent").number();
    if (limit === 0)
        yield at(
            rule,
            ejection.get("maxEjectionPercent"),
            "0 % of the pods may be ejected: none ever is",
            "write 10 or more",
        );
}

function isPositive(value: unknown): boolean {
    return typeof value === "number" && value > 0;
}

function* checkClientTls(rule: DestinationRule, tls: Field): Iterable<Finding> {
    if (!tls.isSet || tls.isUnknown) return;
    const mode = tls.get("mode").value;
    const has = (key: string): boolean => tls.get(key).isSet;
    if (mode === "MUTUAL" && !has("credentialName") && !(has("clientCertificate") && has("privateKey")))
        yield at(
            rule,
            tls,
            "MUTUAL needs the caller's certificate and key: Istio refuses the rule",
            "add clientCertificate and privateKey, or credentialName",
        );
    const own = ["clientCertificate", "privateKey", "caCertificates"].filter(has);
    if (mode === "ISTIO_MUTUAL" && own.length > 0)
        yield at(
            rule,
            tls,
            `ISTIO_MUTUAL uses Istio's certificates: ${list(own)} are refused`,
            `remove ${list(own)}, or write MUTUAL`,
        );
    if (
        has("insecureSkipVerify") &&
        tls.get("insecureSkipVerify").value === true &&
        (has("caCertificates") || has("subjectAltNames"))
    )
        yield at(
            rule,
            tls.get("insecureSkipVerify"),
            "nothing is verified, although it says by what to",
            "remove insecureSkipVerify",
        );
}

function* checkPort(mesh: Mesh, rule: DestinationRule, field: Field): Iterable<Finding> {
    const number = field.get("port", "number");
    const { resolution } = rule;
    if (!isKnown(number.number())) return;
    const ports =
        resolution.status === "service" && resolution.service.portsKnown
            ? resolution.service.ports.map((port) => port.number)
            : resolution.status === "service-entry" && resolution.entry.ports.every(isKnown)
              ? resolution.entry.ports
              : undefined;
    if (!ports || ports.length === 0 || ports.includes(number.value as number)) return;
    yield at(
        rule,
        number,
        `${resolution.fqdn} has no port ${String(number.value)}, it has ${list(ports.map(String))}: the settings apply to nothing`,
        `write ${list(ports.map(String)).replace(" and ", " or ")}`,
    );
}

export const hiddenRule: Rule = {
    id: "export-scope",
    title: "Services and DestinationRules are exported to those who route to them",
    reason: "To a proxy that may not see it the host or its subset does not exist: 503.",
    fix: "Add the namespace to exportTo, or leave exportTo out.",
    severity: "critical",
    enforcement: "mandatory",
    sources: ["https://istio.io/latest/docs/reference/config/networking/destination-rule/#DestinationRule"],
    *check(mesh) {
        for (const virtualService of mesh.virtualServices) {
            const clients = clientNamespaces(virtualService);
            if (clients.length === 0) continue;
            for (const { resolution, subset, field } of virtualService.destinations) {
                if (resolution.status === "service") {
                    const exportTo = resolution.service.root.get(
                        "metadata",
                        "annotations",
                        "networking.istio.io/exportTo",
                    );
                    const blind = clients.find(
                        (client) => !shows(exportTo.text(), resolution.service.namespace, client),
                    );
                    if (blind)
                        yield at(
                            resolution.service,
                            exportTo,
                            `${virtualService.id} routes to this Service for proxies in ${blind}, to which it is not exported: requests are answered 503`,
                            `add ${blind} to the annotation`,
                        );
                }
                if (resolution.status === "service-entry") {
                    const { entry } = resolution;
                    const blind = clients.find((client) => !isVisible(entry, client));
                    if (blind)
                        yield at(
                            entry,
                            "spec.exportTo",
                            `${virtualService.id} routes to ${resolution.fqdn} for proxies in ${blind}, to which it is not exported`,
                            `add "${blind}" to spec.exportTo`,
                        );
                }
                if (!isKnown(subset)) continue;
                const rules = mesh
                    .rulesFor(resolution)
                    .filter((rule) => rule.subsets.some(({ name }) => name === subset));
                const blind = clients.find(
                    (client) => rules.length > 0 && rules.every((rule) => !isVisible(rule, client)),
                );
                if (blind && rules[0])
                    yield at(
                        rules[0],
                        "spec.exportTo",
                        `${virtualService.id} (${field.path}) uses the subset "${subset}" in proxies of ${blind}, to which this rule is not exported: requests are answered 503`,
                        `add "${blind}" to spec.exportTo`,
                    );
            }
        }
    },
};

/** Namespaces of the proxies that certainly use a VirtualService: its gateways' and, for the mesh, its own. */
function clientNamespaces(virtualService: Mesh["virtualServices"][number]): string[] {
    const found = new Set<string>();
    for (const { gateway } of virtualService.gateways) {
        if (gateway === "mesh") {
            if (isKnown(virtualService.namespace)) found.add(virtualService.namespace);
        } else if (typeof gateway === "object")
            for (const { namespace } of gateway.workloads) if (isKnown(namespace)) found.add(namespace);
    }
    return [...found];
}

function shows(exportTo: unknown, own: unknown, client: string): boolean {
    if (typeof exportTo !== "string" || exportTo === "") return true;
    return exportTo
        .split(",")
        .map((part) => part.trim())
        .some((part) => part === "*" || part === client || (part === "." && own === client));
}
