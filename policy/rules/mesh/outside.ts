import { calls } from "../../model/calls";
import { clientTls } from "../../model/effective";
import type { Field } from "../../model/field";
import { selects, readLabels } from "../../model/labels";
import { meshConfig } from "../../model/mesh-config";
import type { Mesh } from "../../model/mesh";
import type { MeshObject } from "../../model/object";
import type { ServiceEntry } from "../../model/service-entry";
import { isKnown } from "../../model/unknown";
import { isCidr } from "./access";
import { sidecarFor } from "./service-ports";
import { at, type Finding, list, type Rule } from "../rule";

const DOCS = "https://istio.io/latest/docs/reference/config/networking/service-entry/";

export const serviceEntryRule: Rule = {
    id: "service-entry",
    title: "A ServiceEntry's hosts, addresses, resolution and ports go together",
    reason: "Istio refuses the entry, or proxies lead its traffic to the wrong place, or nowhere.",
    fix: "See what the finding says.",
    severity: "high",
    enforcement: "mandatory",
    sources: [DOCS, "https://istio.io/latest/docs/reference/config/analysis/ist0134/"],
    *check(mesh) {
        for (const entry of mesh.serviceEntries) {
            const spec = entry.root.get("spec");
            if (spec.isUnknown) continue;
            yield* checkResolution(mesh, entry, spec);
            yield* checkPorts(entry, spec);
            for (const field of spec.get("addresses").items())
                if (isKnown(field.text()) && !isCidr(field.value as string))
                    yield at(
                        entry,
                        field,
                        `"${String(field.value)}" is no address: Istio refuses the entry`,
                        "write an address or a CIDR",
                    );
            for (const [index, host] of entry.hosts.entries()) {
                if (!isKnown(host)) continue;
                const field = spec.get("hosts").items()[index] as Field;
                if (/^[a-z]+:\/\/|\/|:\d+$/.test(host))
                    yield at(entry, field, `"${host}" is no host name`, "write the name alone");
                if (mesh.services.some(({ fqdn, isHidden }) => fqdn === host && !isHidden))
                    yield at(
                        entry,
                        field,
                        `"${host}" is a Service of the cluster already: proxies use one of the two`,
                        "use another name",
                    );
                const twin = mesh.serviceEntries.find(
                    (other) =>
                        other !== entry &&
                        mesh.serviceEntries.indexOf(other) < mesh.serviceEntries.indexOf(entry) &&
                        other.hosts.includes(host) &&
                        other.namespace === entry.namespace &&
                        other.ports.some((port) => entry.ports.includes(port)),
                );
                if (twin)
                    yield at(
                        entry,
                        field,
                        `${twin.id} already declares ${host} at the same port: proxies use one of the two`,
                        "keep one entry for the host",
                    );
            }
        }
    },
};

function* checkResolution(mesh: Mesh, entry: ServiceEntry, spec: Field): Iterable<Finding> {
    const [resolution, endpoints, selector] = ["resolution", "endpoints", "workloadSelector"].map((key) =>
        spec.get(key),
    ) as [Field, Field, Field];
    if ([resolution, endpoints, selector].some(({ isUnknown }) => isUnknown)) return;
    const mode = resolution.value ?? "NONE";
    const wildcard = entry.hosts.find((host) => isKnown(host) && host.includes("*"));
    if (
        typeof mode === "string" &&
        mode.startsWith("DNS") &&
        mode !== "DYNAMIC_DNS" &&
        wildcard &&
        endpoints.items().length === 0
    )
        yield at(
            entry,
            resolution,
            `${mode} cannot resolve "${String(wildcard)}": Istio refuses the entry`,
            "write NONE, or name the hosts",
        );
    if (mode === "STATIC" && endpoints.items().length === 0 && !selector.isSet)
        yield at(
            entry,
            resolution,
            "STATIC needs endpoints: the hosts have no address, calls are answered 503",
            "add endpoints, or write DNS",
        );
    if (mode === "NONE" && endpoints.items().length > 0)
        yield at(
            entry,
            resolution,
            "with NONE the endpoints are not used: Istio refuses the entry",
            "write STATIC or DNS",
        );
    if (endpoints.items().length > 0 && selector.isSet)
        yield at(
            entry,
            selector,
            "endpoints and workloadSelector exclude each other: Istio refuses the entry",
            "keep one of the two",
        );
    for (const endpoint of endpoints.items()) {
        const address = endpoint.get("address").text();
        if (mode === "STATIC" && isKnown(address) && !isCidr(address) && !address.startsWith("unix://"))
            yield at(
                entry,
                endpoint.get("address"),
                `STATIC takes addresses, "${address}" is a name: Istio refuses the entry`,
                "write DNS, or an address",
            );
        for (const name of endpoint.get("ports").keys())
            if (
                !spec
                    .get("ports")
                    .items()
                    .some((port) => port.get("name").value === name || port.get("name").isUnknown)
            )
                yield at(
                    entry,
                    endpoint.get("ports", name),
                    `the entry has no port "${name}"`,
                    "use the names of spec.ports",
                );
    }
    if (selector.isSet && isKnown(entry.namespace)) {
        const labels = readLabels(selector.get("labels"));
        const pods = [
            ...mesh.workloads
                .filter(({ namespace }) => namespace === entry.namespace)
                .map((workload) => workload.labels),
            ...[...mesh.ofKind("WorkloadEntry"), ...mesh.ofKind("WorkloadGroup")]
                .filter(({ namespace }) => namespace === entry.namespace)
                .map(({ root, kind }) =>
                    readLabels(
                        kind === "WorkloadEntry" ? root.get("spec", "labels") : root.get("spec", "metadata", "labels"),
                    ),
                ),
        ];
        if (pods.length > 0 && pods.every((own) => selects(labels, own) === "no"))
            yield at(
                entry,
                selector,
                "no WorkloadEntry and no pod carries these labels: the hosts have no address, calls are answered 503",
                "write labels that they carry",
            );
    }
}

function* checkPorts(entry: ServiceEntry, spec: Field): Iterable<Finding> {
    const names = new Set<string>();
    const hasAddresses = spec.get("addresses").items().length > 0 || spec.get("addresses").isUnknown;
    for (const port of spec.get("ports").items()) {
        const protocol = port.get("protocol").text() ?? port.get("name").text()?.toString().split("-")[0];
        const name = port.get("name").text();
        if (isKnown(name) && names.has(name))
            yield at(entry, port.get("name"), `two ports are named "${name}"`, "rename one");
        if (isKnown(name)) names.add(name);
        if (typeof protocol !== "string" || port.get("protocol").isUnknown) continue;
        const upper = protocol.toUpperCase();
        if (
            !["HTTP", "HTTPS", "GRPC", "GRPC-WEB", "HTTP2", "MONGO", "TCP", "TLS", "MYSQL", "REDIS", "UDP"].includes(
                upper,
            ) &&
            port.get("protocol").isSet
        )
            yield at(
                entry,
                port.get("protocol"),
                `Istio knows no protocol "${protocol}"`,
                "write HTTP, HTTPS, TCP, TLS ...",
            );
        const number = port.get("number").number();
        const target = port.get("targetPort").number();
        if (number === 443 && upper === "HTTP" && (target === undefined || target === 443))
            yield at(
                entry,
                port.get("protocol"),
                "port 443 speaks TLS, and the entry says HTTP: the proxy cannot read what it sends on",
                "write HTTPS or TLS (or HTTP on port 80, with targetPort 443 and TLS origination)",
            );
        if (number === 80 && (upper === "HTTPS" || upper === "TLS"))
            yield at(
                entry,
                port.get("protocol"),
                `port 80 speaks HTTP, and the entry says ${upper}: the proxy waits for a TLS handshake`,
                "write HTTP",
            );
        if (
            (upper === "TCP" || upper === "MYSQL" || upper === "MONGO" || upper === "REDIS") &&
            !hasAddresses &&
            spec.get("resolution").value !== "DNS" &&
            spec.get("resolution").value !== "STATIC" &&
            spec.get("resolution").value !== "DNS_ROUND_ROBIN" &&
            !spec.get("resolution").isUnknown
        )
            yield at(
                entry,
                "spec.addresses",
                `a port of protocol ${upper} without addresses takes the traffic of every host at port ${String(number)}`,
                "add addresses",
            );
    }
}

export const tlsOrigination: Rule = {
    id: "tls-origination",
    title: "TLS to hosts outside begins once: in the application or in the proxy",
    reason: "With both the proxy wraps TLS into TLS, with none it sends plain text to a TLS port: the host answers with an error.",
    fix: "Let the application call http:// on a port of protocol HTTP with tls.mode SIMPLE, or https:// without a tls mode.",
    severity: "critical",
    enforcement: "mandatory",
    sources: ["https://istio.io/latest/docs/ops/common-problems/network-issues/#double-tls"],
    *check(mesh) {
        for (const rule of mesh.destinationRules) {
            if (rule.resolution.status !== "service-entry") continue;
            const { entry } = rule.resolution;
            for (const port of entry.root.get("spec", "ports").items()) {
                const [protocol, number] = [port.get("protocol").text(), port.get("number").number()];
                if (!isKnown(protocol as string) || !isKnown(number as number)) continue;
                const mode = clientTls(rule, number as number).get("mode");
                const isTls = ["HTTPS", "TLS"].includes(String(protocol).toUpperCase());
                if (isTls && (mode.value === "SIMPLE" || mode.value === "MUTUAL"))
                    yield at(
                        rule,
                        mode,
                        `port ${String(number)} of ${entry.id} already speaks ${String(protocol)}: the proxy wraps TLS into TLS`,
                        "remove tls here, or declare the port as HTTP and call it by http://",
                    );
                if (mode.value === "ISTIO_MUTUAL" && entry.root.get("spec", "location").value !== "MESH_INTERNAL")
                    yield at(
                        rule,
                        mode,
                        `${entry.id} lies outside of the mesh: it does not know Istio's certificates`,
                        "write SIMPLE, or remove tls",
                    );
            }
        }
        for (const entry of mesh.serviceEntries)
            for (const port of entry.root.get("spec", "ports").items()) {
                if (port.get("protocol").value !== "HTTP" || port.get("targetPort").value !== 443) continue;
                const rules = mesh.destinationRules.filter(
                    ({ resolution }) =>
                        resolution.status === "unknown" ||
                        (resolution.status === "service-entry" && resolution.entry === entry),
                );
                if (rules.some(({ resolution }) => resolution.status === "unknown")) continue;
                const number = port.get("number").number();
                if (rules.some((rule) => clientTls(rule, isKnown(number) ? number : undefined).get("mode").isSet))
                    continue;
                yield at(
                    rules[0] ?? entry,
                    rules[0] ? "spec.trafficPolicy" : port.get("targetPort"),
                    `${entry.id} leads HTTP to port 443, and no DestinationRule begins TLS: the host gets plain text on its TLS port`,
                    "add a DestinationRule with tls.mode: SIMPLE for the port",
                );
            }
    },
};

export const sidecarScope: Rule = {
    id: "sidecar-scope",
    title: "A Sidecar lets its pods see the services that they call",
    reason: "The proxies do not know the service: calls are answered 502, or pass by all routes and limits.",
    fix: "Add namespace/host to egress.hosts.",
    severity: "critical",
    enforcement: "mandatory",
    sources: ["https://istio.io/latest/docs/reference/config/networking/sidecar/"],
    *check(mesh) {
        for (const sidecar of mesh.ofKind("Sidecar", "networking.istio.io"))
            for (const egress of sidecar.root.get("spec", "egress").items())
                for (const field of egress.get("hosts").items()) yield* checkHost(mesh, sidecar, field);
        for (const { client, service, shownBy } of calls(mesh)) {
            if (client.isIstio !== "no" || mesh.injection(client) !== "yes") continue;
            const sidecar = sidecarFor(mesh, client);
            const egress = sidecar?.root.get("spec", "egress");
            if (!sidecar || !egress || egress.isPartial || egress.items().length === 0) continue;
            const hosts = egress.items().flatMap((item) => item.get("hosts").items());
            if (hosts.some((field) => field.isUnknown) || egress.items().some((item) => item.get("hosts").isPartial))
                continue;
            if (
                !isKnown(service.fqdn) ||
                hosts.some((field) =>
                    shows(String(field.value), client.namespace, service.namespace, service.fqdn as string),
                )
            )
                continue;
            yield at(
                sidecar,
                egress.items()[0]?.get("hosts") ?? egress,
                `${client.id} calls ${service.id} (${shownBy.field.path}), which its proxies are not told of`,
                `add "${String(service.namespace)}/*" to hosts`,
            );
        }
    },
};

function shows(text: string, client: unknown, namespace: unknown, fqdn: string): boolean {
    const slash = text.indexOf("/");
    const [space, host] = [text.slice(0, slash), text.slice(slash + 1)];
    const inNamespace =
        space === "*" || space === namespace || (space === "." && client === namespace) || space === "~";
    return (
        inNamespace &&
        space !== "~" &&
        (host === "*" || host === fqdn || (host.startsWith("*.") && fqdn.endsWith(host.slice(1))))
    );
}

function* checkHost(mesh: Mesh, sidecar: MeshObject, field: Field): Iterable<Finding> {
    const text = field.text();
    if (!isKnown(text)) return;
    const match = /^([^/]+)\/([^/]+)$/.exec(text);
    if (!match) {
        yield at(
            sidecar,
            field,
            `"${text}" is not namespace/host: Istio refuses the Sidecar`,
            `write "./${text}" or "*/${text}"`,
        );
        return;
    }
    const [, namespace, host] = match as unknown as [string, string, string];
    if (
        namespace !== "*" &&
        namespace !== "." &&
        namespace !== "~" &&
        namespace !== meshConfig(mesh).rootNamespace &&
        namespace !== "istio-system"
    ) {
        const names = [...mesh.namespaces.map(({ name }) => name), ...mesh.objects.map((object) => object.namespace)];
        if (names.some((name) => typeof name === "symbol")) return;
        if (!names.includes(namespace) && (!mesh.isPartial || mesh.namespaces.length > 0))
            yield at(
                sidecar,
                field,
                `there is no namespace ${namespace}: the proxies see nothing of it`,
                `name one of ${list(mesh.namespaces.map(({ name }) => String(name)))}`,
            );
    }
    if (host === "*" || host.startsWith("*.")) return;
    if (!host.includes("."))
        yield at(
            sidecar,
            field,
            `"${host}" is no full name: no service has it`,
            `write "${namespace}/${host}.${namespace === "." || namespace === "*" ? String(sidecar.namespace) : namespace}.svc.cluster.local"`,
        );
    else if (mesh.resolve(host, sidecar.namespace).status === "missing")
        yield at(sidecar, field, `"${host}" is no Service and no ServiceEntry`, "correct the name");
}
