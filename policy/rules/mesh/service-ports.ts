import { addressesIn, clusterName, spokenAddresses } from "../../model/calls";
import { closest } from "../../model/host";
import { meshConfig } from "../../model/mesh-config";
import type { Mesh } from "../../model/mesh";
import type { MeshObject } from "../../model/object";
import { matchesSelector } from "../../model/labels";
import { isHttp, type Service } from "../../model/service";
import { isKnown, UNKNOWN } from "../../model/unknown";
import { Field } from "../../model/field";
import { at, type Finding, list, quote, type Rule } from "../rule";

const PROTOCOL_SELECTION = "https://istio.io/latest/docs/ops/configuration/traffic-management/protocol-selection/";

/** Ports by which everybody knows a protocol, and what Istio calls it. In these the server speaks first, or no HTTP. */
const WELL_KNOWN: Readonly<Record<number, { name: string; protocols: readonly string[]; serverFirst?: true }>> = {
    3306: { name: "MySQL", protocols: ["mysql", "tcp", "tls"], serverFirst: true },
    5432: { name: "PostgreSQL", protocols: ["tcp", "tls"] },
    6379: { name: "Redis", protocols: ["redis", "tcp", "tls"] },
    27017: { name: "MongoDB", protocols: ["mongo", "tcp", "tls"] },
    9092: { name: "Kafka", protocols: ["tcp", "tls"] },
    5672: { name: "AMQP", protocols: ["tcp", "tls"] },
    25: { name: "SMTP", protocols: ["tcp", "tls"], serverFirst: true },
    11211: { name: "memcached", protocols: ["tcp", "tls"] },
};

const NAMES = ["http", "http2", "https", "grpc", "grpc-web", "tcp", "tls", "udp", "mongo", "mysql", "redis"];

export const portName: Rule = {
    id: "port-name",
    title: "The name of a Service's port tells the protocol that the pods speak",
    reason: "The proxy takes the port for something else: routes do not apply, or connections hang or are reset.",
    fix: "Name the port <protocol> or <protocol>-<suffix>, or set appProtocol.",
    severity: "high",
    enforcement: "mandatory",
    sources: ["C1", PROTOCOL_SELECTION, "https://istio.io/latest/docs/reference/config/analysis/ist0118/"],
    *check(mesh) {
        for (const service of mesh.services) {
            if (
                !mesh.namespace(service.namespace) &&
                service.workloads.every((workload) => mesh.injection(workload) !== "yes")
            )
                continue;
            for (const port of service.ports) {
                const { name, protocol, number, targetPort, field } = port;
                const where = field.get("appProtocol").isSet ? field.get("appProtocol") : field.get("name");
                if (name === UNKNOWN || protocol === UNKNOWN || field.get("appProtocol").isUnknown) continue;
                if (protocol === undefined && isKnown(name) && !field.get("appProtocol").isSet) {
                    const slip = slipOf(name);
                    if (slip)
                        yield at(
                            service,
                            where,
                            `"${name}" names no protocol that Istio knows: the proxy guesses`,
                            `write "${slip}"`,
                        );
                }
                const app = field.get("appProtocol").text();
                if (isKnown(app) && protocol === undefined && !app.includes("/")) {
                    const near = closest(app.toLowerCase(), NAMES);
                    if (near)
                        yield at(
                            service,
                            where,
                            `Istio knows no appProtocol "${app}": the proxy guesses`,
                            `write ${near}`,
                        );
                }
                const known = [number, targetPort]
                    .map((one) => (typeof one === "number" ? WELL_KNOWN[one] : undefined))
                    .find(Boolean);
                if (known && isKnown(protocol) && !known.protocols.includes(protocol))
                    yield at(
                        service,
                        where,
                        `port ${String(number)} is ${known.name}'s, and its name says ${protocol}: the proxy waits for requests that never come, connections fail`,
                        `name it "tcp-${known.name.toLowerCase()}"`,
                    );
                if (
                    known?.serverFirst &&
                    protocol === undefined &&
                    service.endpoints.some((workload) => mesh.injection(workload) === "yes")
                )
                    yield at(
                        service,
                        where,
                        `on port ${String(number)} (${known.name}) the server speaks first, and the name tells no protocol: the proxy waits for the client's first byte, connections hang`,
                        `name it "tcp-${known.name.toLowerCase()}"`,
                    );
                if (isKnown(protocol) && isHttp(protocol) && typeof targetPort === "string") {
                    const other = ["grpc", "http", "http2", "tcp"].find(
                        (one) => targetPort === one || targetPort.startsWith(`${one}-`),
                    );
                    if (
                        (other === "grpc" && protocol === "http") ||
                        (other === "http" && protocol === "grpc") ||
                        other === "tcp"
                    )
                        yield at(
                            service,
                            where,
                            `the port says ${protocol} and leads to the containers' port "${targetPort}": the proxy speaks ${protocol} to a server of ${other}`,
                            `name it "${other}"`,
                        );
                }
            }
        }
    },
};

/** A name that is meant to tell a protocol and does not: `htpp`, `http_api`, `HTTP2web`, `httpapi`. */
function slipOf(name: string): string | undefined {
    const [first = "", ...rest] = name.split(/[-_.]/);
    const lower = first.toLowerCase();
    if (NAMES.includes(lower)) return name.includes("_") || name.includes(".") ? [lower, ...rest].join("-") : undefined;
    const near =
        lower.length > 3 ? closest(lower, ["http", "http2", "https", "grpc", "mongo", "mysql", "redis"]) : undefined;
    if (near) return [near, ...rest].join("-");
    const joined = /^(https?|http2|grpc)(?=[a-z])/.exec(lower);
    return joined && rest.length === 0 ? `${joined[1]}-${first.slice(joined[0].length)}` : undefined;
}

export const servicePorts: Rule = {
    id: "service-ports",
    title: "The ports of Services are told apart, and Services for the same pods agree about them",
    reason: "The API server refuses the Service, or the proxy of the pods speaks one protocol of two at their port.",
    fix: "Give every port a name and a number of its own, and the same protocol to the same port of the pods.",
    severity: "high",
    enforcement: "mandatory",
    sources: [
        "https://istio.io/latest/docs/reference/config/analysis/ist0116/",
        "https://istio.io/latest/docs/reference/config/analysis/ist0137/",
    ],
    *check(mesh) {
        for (const service of mesh.services) {
            const seen = new Set<string>();
            for (const { name, number, transport, field } of service.ports) {
                if (!isKnown(number) || !isKnown(transport) || name === UNKNOWN) continue;
                const keys = [`${number}/${transport}`, ...(name === undefined ? [] : [`name ${name}`])];
                const twice = keys.find((key) => seen.has(key));
                if (twice)
                    yield at(
                        service,
                        field,
                        `two ports are ${twice}: the Service is refused`,
                        "give each a name and a number of its own",
                    );
                if (name === undefined && service.ports.length > 1)
                    yield at(
                        service,
                        field.get("name"),
                        "a Service with several ports needs names for them: it is refused",
                        "name the port",
                    );
                for (const key of keys) seen.add(key);
            }
            if (service.type === "ExternalName") {
                const target = service.root.get("spec", "externalName").text();
                if (!service.root.get("spec", "externalName").isSet)
                    yield at(
                        service,
                        "spec.externalName",
                        "a Service of type ExternalName needs externalName: it is refused",
                        "add it",
                    );
                for (const { protocol, name, field } of service.ports)
                    if (isKnown(name) && isKnown(protocol) && protocol === "tcp" && isKnown(target))
                        yield at(
                            service,
                            field.get("name"),
                            "a TCP port of an ExternalName Service takes the traffic of every address at this port number",
                            "name the protocol that the host speaks (http, https), or use a ServiceEntry",
                        );
            }
        }
        for (const workload of mesh.workloads) yield* checkShared(mesh, workload);
        for (const set of mesh.workloads.filter(({ kind }) => kind === "StatefulSet"))
            yield* checkStatefulSet(mesh, set);
    },
};

function* checkShared(mesh: Mesh, workload: Mesh["workloads"][number]): Iterable<Finding> {
    if (workload.isIstio !== "no") return;
    const services = mesh.services.filter((service) => service.endpoints.includes(workload));
    const protocols = new Map<string, { service: Service; protocol: string }>();
    for (const service of services)
        for (const { targetPort, protocol, field } of service.ports) {
            if (!isKnown(targetPort) || !isKnown(protocol)) continue;
            const first = protocols.get(String(targetPort));
            if (first && first.service !== service && isHttp(first.protocol) !== isHttp(protocol))
                yield at(
                    service,
                    field,
                    `${first.service.id} says that port ${String(targetPort)} of ${workload.id} speaks ${first.protocol}, this Service says ${protocol}: the proxy takes one of the two`,
                    "name the ports by the same protocol",
                );
            if (!first) protocols.set(String(targetPort), { service, protocol });
        }
}

function* checkStatefulSet(mesh: Mesh, set: MeshObject): Iterable<Finding> {
    const field = set.root.get("spec", "serviceName");
    const name = field.text();
    if (!isKnown(name) || name === "") return;
    const resolution = mesh.service(name, set.namespace);
    if (resolution.status === "missing")
        yield at(
            set,
            field,
            `there is no Service ${name}: the pods have no names of their own`,
            resolution.suggestion ? `${resolution.suggestion} comes closest` : "declare the headless Service",
        );
}

export const noReplicas: Rule = {
    id: "no-replicas",
    title: "Services that routes lead to have pods",
    reason: "Requests are answered 503, no healthy upstream.",
    fix: "Run at least one replica, or take the weight from it.",
    severity: "high",
    enforcement: "mandatory",
    sources: ["E8", "C8 problem 2"],
    *check(mesh) {
        for (const service of mesh.services) {
            const { workloads } = service;
            if (workloads.length === 0 || service.endpoints.length !== workloads.length) continue;
            if (
                mesh
                    .ofKind("HorizontalPodAutoscaler")
                    .some(({ namespace }) => namespace === service.namespace || !isKnown(namespace))
            )
                continue;
            if (!workloads.every(({ replicas }) => replicas === 0)) continue;
            yield at(
                workloads[0] as MeshObject,
                "spec.replicas",
                `no pod runs (replicas 0), and ${service.id} leads here: requests are answered 503`,
                "set spec.replicas to 1 or more",
            );
        }
        for (const virtualService of mesh.virtualServices)
            for (const { subset, weight, resolution, parent, field } of virtualService.destinations) {
                if (!isKnown(subset) || resolution.status !== "service" || weight === 0 || weight === UNKNOWN) continue;
                const { service } = resolution;
                const labels = mesh
                    .rulesFor(resolution)
                    .flatMap((rule) => rule.subsets)
                    .find(({ name }) => name === subset)?.labels;
                if (!labels || labels === UNKNOWN || mesh.ofKind("HorizontalPodAutoscaler").length > 0) continue;
                const pods = service.endpoints.filter((workload) => {
                    const own = workload.labels;
                    return own !== UNKNOWN && Object.entries(labels).every(([key, value]) => own[key] === value);
                });
                if (pods.length === 0 || !pods.every(({ replicas }) => replicas === 0)) continue;
                if (service.endpoints.every(({ replicas }) => replicas === 0)) continue;
                yield at(
                    pods[0] as MeshObject,
                    "spec.replicas",
                    `no pod runs (replicas 0), and ${virtualService.id} (${(weight === undefined ? field : parent).path}) sends requests to the subset "${subset}": they are answered 503`,
                    "set spec.replicas to 1 or more, or take the weight from it",
                );
            }
    },
};

export const calledService: Rule = {
    id: "called-service",
    title: "The addresses that pods and configurations are told are Services that exist, at ports of theirs",
    reason: "Calls fail: the name is not resolved, or nobody listens on the port.",
    fix: "Write name.namespace.svc.cluster.local and the Service's port.",
    severity: "critical",
    enforcement: "mandatory",
    sources: ["C1", "C8 problem 4"],
    *check(mesh) {
        for (const workload of mesh.workloads) {
            if (!isKnown(workload.namespace)) continue;
            for (const { address, field } of spokenAddresses(workload))
                yield* checkAddress(mesh, workload, field, address, workload.namespace);
        }
        for (const map of mesh.ofKind("ConfigMap")) {
            if (!isKnown(map.namespace) || /^istio/.test(String(map.name))) continue;
            for (const key of map.root.get("data").keys()) {
                const field = map.root.get("data", key);
                const text = field.text();
                if (!isKnown(text) || text.length > 200_000) continue;
                for (const address of addressesIn(text))
                    if (/\.svc(\.cluster\.local)?$/.test(address.host))
                        yield* checkAddress(mesh, map, field, address, map.namespace);
            }
        }
    },
};

function* checkAddress(
    mesh: Mesh,
    object: MeshObject,
    field: Field,
    address: { host: string; port: number | undefined; scheme: string | undefined },
    own: string,
): Iterable<Finding> {
    const { host, port, scheme } = address;
    const name = clusterName(host, own);
    if (!name) return;
    const isQualified = /\.svc(\.cluster\.local)?$/.test(host);
    const resolution = mesh.service(name.name, name.namespace);
    if (mesh.serviceEntries.some((entry) => entry.has(host) !== "no")) return;
    if (resolution.status === "missing") {
        // A short name may be a container of the same pod, or a host that nothing shows.
        const near = closest(
            name.name,
            mesh.services.filter(({ namespace }) => namespace === name.namespace).map((one) => one.name),
        );
        const isNamespace = !host.includes(".") || isQualified || mesh.namespace(name.namespace) !== undefined;
        if (!isQualified && !(near && isNamespace)) return;
        yield at(
            object,
            field,
            `"${host}" is told here, and there is no such Service: calls fail`,
            near
                ? `write ${host.replace(name.name, near)}`
                : (resolution.suggestion ?? "declare the Service, or correct the name"),
        );
    }
    if (resolution.status !== "service" || !resolution.service.portsKnown || resolution.service.ports.length === 0)
        return;
    const wanted = port ?? (scheme === "http" ? 80 : scheme === "https" ? 443 : undefined);
    const ports = resolution.service.ports.map(({ number }) => number).filter(isKnown);
    // A headless Service's pods are called at their own ports.
    const isHeadless = resolution.service.root.get("spec", "clusterIP").value === "None";
    if (wanted === undefined || ports.includes(wanted) || isHeadless || resolution.service.type === "ExternalName")
        return;
    yield at(
        object,
        field,
        `"${host}:${wanted}" is told here, and ${resolution.service.id} has no port ${wanted} (but ${list(ports.map(String))}): calls fail`,
        `write ${list(ports.map(String)).replace(" and ", " or ")}`,
    );
}

export const registryOnly: Rule = {
    id: "registry-only",
    title: "Hosts outside that pods call are declared where undeclared ones are refused",
    reason: "With outboundTrafficPolicy REGISTRY_ONLY a call to a host that no ServiceEntry names is answered 502.",
    fix: "Declare a ServiceEntry for the host and its port.",
    severity: "high",
    enforcement: "mandatory",
    sources: ["https://istio.io/latest/docs/tasks/traffic-management/egress/egress-control/"],
    *check(mesh) {
        for (const workload of mesh.workloads) {
            if (mesh.injection(workload) !== "yes" || !isKnown(workload.namespace)) continue;
            const sidecar = sidecarFor(mesh, workload);
            const mode = sidecar?.root.get("spec", "outboundTrafficPolicy", "mode").value;
            if (mode === "ALLOW_ANY" || (mode !== "REGISTRY_ONLY" && !meshConfig(mesh).isRegistryOnly)) continue;
            for (const { address, field } of spokenAddresses(workload)) {
                if (!/^(https?|grpc)$/.test(address.scheme ?? "") || !/\.[a-z]{2,}$/.test(address.host)) continue;
                if (clusterName(address.host, workload.namespace) && !/\.(com|io|net|org|dev|kr)$/.test(address.host))
                    continue;
                if (/\.(svc|local)$/.test(address.host)) continue;
                const entries = mesh.serviceEntries.filter((entry) => entry.has(address.host) !== "no");
                const port = address.port ?? (address.scheme === "https" ? 443 : 80);
                if (
                    entries.some(
                        ({ ports }) => ports.length === 0 || ports.some((one) => !isKnown(one) || one === port),
                    )
                )
                    continue;
                if (entries[0])
                    yield at(
                        entries[0],
                        "spec.ports",
                        `${workload.id} calls ${address.host}:${port}, and the entry has the ports ${list(entries[0].ports.map(String))} only: the calls are answered 502`,
                        `add the port ${port}`,
                    );
                else
                    yield at(
                        workload,
                        field,
                        `${quote([address.host])} is called here, no ServiceEntry names it, and undeclared hosts are refused: the calls are answered 502`,
                        "declare a ServiceEntry for it",
                    );
            }
        }
    },
};

/** The Sidecar object that counts for a workload. */
export function sidecarFor(mesh: Mesh, workload: Mesh["workloads"][number]): MeshObject | undefined {
    const own = mesh.ofKind("Sidecar").filter(({ namespace }) => namespace === workload.namespace);
    const selected = own.find((sidecar) => {
        const selector = sidecar.root.get("spec", "workloadSelector", "labels");
        return selector.keys().length > 0 && matchesSelector(asSelector(selector), workload.labels) === "yes";
    });
    const wide = own.find((sidecar) => sidecar.root.get("spec", "workloadSelector", "labels").keys().length === 0);
    const root = mesh
        .ofKind("Sidecar")
        .find(
            (sidecar) =>
                sidecar.namespace === meshConfig(mesh).rootNamespace &&
                !sidecar.root.get("spec", "workloadSelector").isSet,
        );
    return selected ?? wide ?? root;
}

function asSelector(labels: Field): Field {
    return new Field({ matchLabels: labels.value }, labels.path);
}
