import { createPublicKey, X509Certificate } from "node:crypto";
import type { Field } from "../../model/field";
import type { Gateway, Server } from "../../model/gateway";
import { lookup } from "../../model/lookup";
import type { Mesh } from "../../model/mesh";
import type { MeshObject } from "../../model/object";
import { overlaps } from "../../model/service-entry";
import { isKnown, type Maybe } from "../../model/unknown";
import { at, type Finding, list, type Rule } from "../rule";

export const gatewayServer: Rule = {
    id: "gateway-server",
    title: "Each server of a Gateway has a protocol and TLS settings that go together",
    reason: "Istio refuses the Gateway, or the port speaks something else than its clients.",
    fix: "Give HTTPS and TLS servers tls.mode (and a certificate where TLS ends), HTTP servers none.",
    severity: "critical",
    enforcement: "mandatory",
    sources: ["P5", "C2", "https://istio.io/latest/docs/reference/config/networking/gateway/"],
    *check(mesh) {
        for (const gateway of mesh.gateways) {
            const names = new Set<string>();
            for (const server of gateway.servers) {
                yield* checkProtocol(gateway, server);
                yield* checkHosts(gateway, server);
                const name = server.field.get("port", "name").text();
                if (isKnown(name) && names.has(name))
                    yield at(
                        gateway,
                        server.field.get("port", "name"),
                        `two servers have ports named "${name}": Istio refuses the Gateway`,
                        "give each port a name of its own",
                    );
                if (isKnown(name)) names.add(name);
                yield* checkRedirect(mesh, gateway, server);
            }
        }
    },
};

const PROTOCOLS = ["HTTP", "HTTPS", "GRPC", "GRPC-WEB", "HTTP2", "MONGO", "TCP", "TLS", "MYSQL", "REDIS"];

function* checkProtocol(gateway: Gateway, { protocol, field }: Server): Iterable<Finding> {
    const tls = field.get("tls");
    if (!isKnown(protocol) || field.isUnknown || tls.isUnknown) return;
    const upper = protocol.toUpperCase();
    if (!PROTOCOLS.includes(upper)) {
        yield at(
            gateway,
            field.get("port", "protocol"),
            `Istio knows no protocol "${protocol}"`,
            `write one of ${list(PROTOCOLS)}`,
        );
        return;
    }
    const mode = tls.get("mode");
    const needsTls = upper === "HTTPS" || upper === "TLS";
    const redirects = tls.get("httpsRedirect");
    if (needsTls && !tls.isSet)
        yield at(
            gateway,
            tls,
            `the port speaks ${upper} and has no tls: Istio refuses the Gateway`,
            "add tls with mode and credentialName",
        );
    if (!needsTls && tls.isSet && (mode.isSet || tls.get("credentialName").isSet) && !redirects.isSet)
        yield at(
            gateway,
            tls,
            `the port speaks ${upper}: its tls settings have no effect`,
            "write protocol: HTTPS, or remove tls",
        );
    if (needsTls && redirects.value === true)
        yield at(
            gateway,
            redirects,
            "the port speaks TLS already: httpsRedirect belongs to the HTTP port",
            "remove it here",
        );
    if (!needsTls || !tls.isSet || mode.isUnknown) return;
    const passes = ["PASSTHROUGH", "AUTO_PASSTHROUGH", "ISTIO_MUTUAL"].includes(String(mode.value));
    const certificates = ["credentialName", "credentialNames", "serverCertificate", "tlsCertificates"].filter(
        (key) => tls.get(key).isSet,
    );
    if (passes && certificates.length > 0)
        yield at(
            gateway,
            tls.get(certificates[0] as string),
            `mode ${String(mode.value)} uses no certificate of the Gateway: Istio refuses both`,
            "remove the certificate, or set mode: SIMPLE",
        );
    if (!passes && certificates.length === 0)
        yield at(
            gateway,
            tls,
            "TLS ends here and no certificate is named: Istio refuses the Gateway",
            "add credentialName",
        );
    if (mode.value === "MUTUAL" && tls.get("serverCertificate").isSet && !tls.get("caCertificates").isSet)
        yield at(
            gateway,
            tls,
            "MUTUAL needs caCertificates to check the clients by",
            "add caCertificates, or use credentialName",
        );
}

function* checkHosts(gateway: Gateway, { hosts }: Server): Iterable<Finding> {
    for (const { host, field } of hosts) {
        if (!isKnown(host)) continue;
        if (/^[a-z]+:\/\/|:\d+$|\//.test(host))
            yield at(
                gateway,
                field,
                `"${host}" is no host name: it has a scheme, a port or a path`,
                "write the name alone",
            );
        else if (host.includes("*") && host !== "*" && !/^\*\.[^*]+$/.test(host))
            yield at(
                gateway,
                field,
                `"${host}": a * may only stand for the first part of a name`,
                'write "*.example.com"',
            );
    }
}

/** A redirect to HTTPS where nobody speaks HTTPS for the host. */
function* checkRedirect(mesh: Mesh, gateway: Gateway, server: Server): Iterable<Finding> {
    const redirect = server.field.get("tls", "httpsRedirect");
    if (redirect.value !== true || !server.hostsKnown) return;
    const secure = mesh.gateways
        .filter((other) => other === gateway || sharesProxies(gateway, other))
        .flatMap(({ servers }) => servers)
        .filter(({ protocol }) => !isKnown(protocol) || ["HTTPS", "TLS"].includes(protocol.toUpperCase()));
    for (const { host, field } of server.hosts) {
        if (!isKnown(host)) continue;
        if (
            secure.some(
                (other) =>
                    !other.hostsKnown || other.hosts.some((own) => !isKnown(own.host) || overlaps(own.host, host)),
            )
        )
            continue;
        yield at(
            gateway,
            field,
            `clients of "${host}" are sent to https://, and no server speaks HTTPS for it`,
            "add a server with protocol HTTPS for the host, or remove httpsRedirect",
        );
    }
}

function sharesProxies(left: Gateway, right: Gateway): boolean {
    if (left.workloads.length > 0) return left.workloads.some((workload) => right.workloads.includes(workload));
    return JSON.stringify(left.selector) === JSON.stringify(right.selector);
}

export const gatewayConflict: Rule = {
    id: "gateway-conflict",
    title: "No two servers want different things of one port and host",
    reason: "One of the two is left out: its clients get 404, a reset, or the other's certificate.",
    fix: "Keep one server for the host and port, or give them different ports.",
    severity: "high",
    enforcement: "mandatory",
    sources: [
        "https://istio.io/latest/docs/reference/config/analysis/ist0145/",
        "https://istio.io/latest/docs/ops/common-problems/network-issues/",
    ],
    *check(mesh) {
        const all = mesh.gateways.flatMap((gateway) => gateway.servers.map((server) => ({ gateway, server })));
        for (const [index, later] of all.entries())
            for (const earlier of all.slice(0, index)) {
                const [left, right] = [earlier.server, later.server];
                if (!isKnown(left.port) || left.port !== right.port) continue;
                if (earlier.gateway !== later.gateway && !sharesProxies(earlier.gateway, later.gateway)) continue;
                if (bindOf(left) !== bindOf(right)) continue;
                const [one, other] = [family(left), family(right)];
                if (one === undefined || other === undefined) continue;
                if (one !== other) {
                    yield at(
                        later.gateway,
                        right.field.get("port", "protocol"),
                        `port ${left.port} already speaks ${String(left.protocol)} in ${earlier.gateway.id}: one of the two servers is left out`,
                        "use another port, or the same protocol",
                    );
                    break;
                }
                const twin = right.hosts.find(
                    ({ host, namespace }) =>
                        isKnown(host) && left.hosts.some((own) => own.host === host && own.namespace === namespace),
                );
                if (one !== "tls" || !twin) continue;
                if (earlier.gateway === later.gateway && left.field.get("tls").value === right.field.get("tls").value)
                    continue;
                yield at(
                    later.gateway,
                    twin.field,
                    `${earlier.gateway.id} (${left.field.path}) already serves "${String(twin.host)}" on port ${left.port} by TLS: one of the two is left out`,
                    "serve the host by one Gateway",
                );
                break;
            }
    },
};

function bindOf({ field }: Server): string {
    return String(field.get("bind").value ?? "");
}

function family({ protocol }: Server): "http" | "tls" | "tcp" | undefined {
    if (!isKnown(protocol)) return undefined;
    if (["HTTPS", "TLS"].includes(protocol.toUpperCase())) return "tls";
    return ["HTTP", "HTTP2", "GRPC", "GRPC-WEB"].includes(protocol.toUpperCase()) ? "http" : "tcp";
}

export const gatewayCredential: Rule = {
    id: "gateway-credential",
    title: "A Gateway's certificate is a Secret in the namespace of its proxies, with certificate and key",
    reason: "The port opens without a certificate: every TLS connection is reset.",
    fix: "Put the Secret (tls.crt, tls.key; for MUTUAL also ca.crt) into the namespace of the gateway's pods.",
    severity: "critical",
    enforcement: "mandatory",
    sources: [
        "P5",
        "https://istio.io/latest/docs/reference/config/analysis/ist0101/",
        "https://istio.io/latest/docs/reference/config/analysis/ist0161/",
    ],
    *check(mesh) {
        for (const gateway of mesh.gateways)
            for (const { field, hosts } of gateway.servers)
                for (const name of [field.get("tls", "credentialName"), ...field.get("tls", "credentialNames").items()])
                    yield* checkCredential(mesh, gateway, name, {
                        namespace: gateway.workloads[0]?.namespace ?? (mesh.isPartial ? undefined : gateway.namespace),
                        hosts: hosts.map(({ host }) => host),
                        mutual: /MUTUAL$/.test(String(field.get("tls", "mode").value)),
                    });
        for (const rule of mesh.destinationRules)
            for (const { field } of rule.trafficPolicies) {
                const name = field.get("tls", "credentialName");
                if (rule.root.get("spec", "workloadSelector").isSet && name.isSet)
                    yield* checkCredential(mesh, rule, name, { namespace: rule.namespace, hosts: [], mutual: false });
            }
    },
};

interface Wanted {
    readonly namespace: Maybe<string>;
    readonly hosts: readonly Maybe<string>[];
    readonly mutual: boolean;
}

function* checkCredential(mesh: Mesh, object: MeshObject, field: Field, wanted: Wanted): Iterable<Finding> {
    const text = field.text();
    if (!isKnown(text) || /^(kubernetes|configmap|file|builtin|sds):\/\//.test(text) || text.includes("{{")) return;
    const namespace = isKnown(wanted.namespace) ? wanted.namespace : namespaceOfSecrets(mesh);
    const found = lookup(mesh, "Secret", text, namespace);
    if (found.status === "missing")
        yield at(
            object,
            field,
            `there is no Secret ${text} in ${String(namespace)}, where the gateway's proxies are: TLS connections are reset`,
            found.suggestion ? `"${found.suggestion}" exists: name it, or move it there` : `declare the Secret there`,
        );
    if (found.status === "found") yield* checkSecret(found.object, wanted);
}

/** Where gateways look for certificates while their pods are not listed: Istio's namespace, if Secrets are listed there. */
function namespaceOfSecrets(mesh: Mesh): Maybe<string> {
    return mesh.ofKind("Secret").find(({ namespace }) => namespace === "istio-system")?.namespace;
}

function* checkSecret(secret: MeshObject, { mutual, hosts }: Wanted): Iterable<Finding> {
    const maps = [secret.root.get("data"), secret.root.get("stringData")];
    if (maps.some(({ isUnknown }) => isUnknown)) return;
    const keys = maps.flatMap((map) => map.keys());
    if (keys.length === 0) return;
    for (const [name, old] of [
        ["tls.crt", "cert"],
        ["tls.key", "key"],
    ] as const)
        if (!keys.includes(name) && !keys.includes(old))
            yield at(
                secret,
                "data",
                `a gateway uses this Secret, which has no ${name} (only ${list(keys)}): TLS connections are reset`,
                `add ${name}`,
            );
    if (mutual && !keys.includes("ca.crt") && !keys.includes("cacert"))
        yield at(secret, "data", "a gateway checks its clients by this Secret, which has no ca.crt", "add ca.crt");
    yield* checkCertificate(secret, hosts);
}

/** A certificate that can be read: it must be for the host, and go with its key. */
function* checkCertificate(secret: MeshObject, hosts: readonly Maybe<string>[]): Iterable<Finding> {
    const [certificate, key] = [pem(secret, "tls.crt"), pem(secret, "tls.key")];
    let read: X509Certificate;
    try {
        read = new X509Certificate(certificate ?? "");
    } catch {
        return;
    }
    const missing = hosts
        .filter(isKnown)
        .filter((host) => host !== "*" && !host.startsWith("*."))
        .find((host) => read.checkHost(host) === undefined);
    if (missing)
        yield at(
            secret,
            'data["tls.crt"]',
            `the certificate is for ${read.subjectAltName ?? read.subject}, not for ${missing}: clients refuse it`,
            `issue one for ${missing}`,
        );
    try {
        if (key && !createPublicKey(key).equals(read.publicKey))
            yield at(
                secret,
                'data["tls.key"]',
                "the key does not belong to the certificate: the proxies refuse both",
                "use the certificate's own key",
            );
    } catch {
        return;
    }
}

function pem(secret: MeshObject, key: string): string | undefined {
    const encoded = secret.root.get("data", key).text();
    const plain = secret.root.get("stringData", key).text();
    return isKnown(plain) ? plain : isKnown(encoded) ? Buffer.from(encoded, "base64").toString("utf8") : undefined;
}
