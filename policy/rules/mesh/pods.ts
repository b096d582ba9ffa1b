import { type Field } from "../../model/field";
import { closest } from "../../model/host";
import { podContainers, podSpec, runningContainers } from "../../model/pod";
import { isKnown, UNKNOWN } from "../../model/unknown";
import { isSpokenOf } from "../../model/pod";
import type { Workload } from "../../model/workload";
import { serverMode } from "../../model/effective";
import type { Mesh } from "../../model/mesh";
import { at, type Finding, list, type Rule } from "../rule";

export const probePort: Rule = {
    id: "probe-port",
    title: "A probe asks a port that its container declares",
    reason: "The probe never succeeds: the pod is never ready, or is restarted for ever.",
    fix: "Name a port of the container, by its number or name.",
    severity: "critical",
    enforcement: "mandatory",
    sources: [
        "C1",
        "https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/",
    ],
    *check(mesh) {
        for (const workload of mesh.workloads)
            for (const { field, isInjected, name } of podContainers(workload)) {
                const ports = field.get("ports");
                if (isInjected || ports.isPartial || workload.isIstio !== "no") continue;
                const declared = ports.items();
                for (const kind of ["readinessProbe", "livenessProbe", "startupProbe"])
                    for (const how of ["httpGet", "tcpSocket", "grpc"]) {
                        const port = field.get(kind, how, "port");
                        if (!port.isSet || port.isUnknown) continue;
                        if (declared.some((one) => one.get("containerPort").isUnknown || one.get("name").isUnknown))
                            continue;
                        const byName = typeof port.value === "string" && !/^\d+$/.test(port.value);
                        const key = byName ? "name" : "containerPort";
                        if (declared.some((one) => String(one.get(key).value) === String(port.value))) continue;
                        // A number may be listened on without being declared; where ports are declared it is most likely a slip.
                        if (!byName && (declared.length === 0 || isSpokenOf(mesh, workload, port.value))) continue;
                        yield at(
                            workload,
                            port,
                            `the container ${String(name)} declares no port ${String(port.value)}, it has ${list(declared.map((one) => `${String(one.get("containerPort").value)}${one.get("name").isSet ? ` (${String(one.get("name").value)})` : ""}`))}: the probe never succeeds`,
                            "name a port that the container declares",
                        );
                    }
            }
    },
};

export const podParts: Rule = {
    id: "pod-parts",
    title: "The parts of a pod fit together: volumes, names, ports and resources",
    reason: "The API server refuses the pods: the controller is there, its pods never come.",
    fix: "See what the finding says.",
    severity: "critical",
    enforcement: "mandatory",
    sources: ["C1", "https://kubernetes.io/docs/concepts/workloads/pods/"],
    *check(mesh) {
        for (const workload of mesh.workloads) {
            yield* checkVolumes(workload);
            yield* checkContainers(workload);
            const policy = podSpec(workload).get("restartPolicy");
            if (
                ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"].includes(workload.kind) &&
                isKnown(policy.text()) &&
                policy.value !== "Always"
            )
                yield at(
                    workload,
                    policy,
                    `pods of a ${workload.kind} are always restarted: it is refused`,
                    "remove restartPolicy",
                );
            if (
                ["Job", "CronJob"].includes(workload.kind) &&
                !podSpec(workload).isUnknown &&
                (!policy.isSet || policy.value === "Always")
            )
                yield at(
                    workload,
                    policy,
                    "a Job's pods need restartPolicy OnFailure or Never: it is refused",
                    "add restartPolicy: Never",
                );
        }
    },
};

function* checkVolumes(workload: Workload): Iterable<Finding> {
    const spec = podSpec(workload);
    const lists = [spec.get("volumes"), workload.root.get("spec", "volumeClaimTemplates")];
    if (lists.some((field) => field.isPartial)) return;
    const names = [
        ...lists[0]!.items().map((volume) => volume.get("name")),
        ...lists[1]!.items().map((claim) => claim.get("metadata", "name")),
    ];
    if (names.some(({ isUnknown }) => isUnknown)) return;
    const known = names.map(({ value }) => value);
    for (const { field, isInjected } of podContainers(workload))
        for (const mount of [...field.get("volumeMounts").items(), ...field.get("volumeDevices").items()]) {
            const name = mount.get("name").text();
            if (!isKnown(name) || known.includes(name) || isInjected) continue;
            yield at(
                workload,
                mount.get("name"),
                `the pods have no volume "${name}" (only ${list(known.map(String))}): they are refused`,
                `write "${closest(name, known.map(String)) ?? "the name of a volume"}", or add the volume`,
            );
        }
}

function* checkContainers(workload: Workload): Iterable<Finding> {
    const seen = new Set<string>();
    const ports = new Map<string, string>();
    for (const { name, field, list: where } of podContainers(workload)) {
        if (isKnown(name) && seen.has(name))
            yield at(
                workload,
                field.get("name"),
                `two containers are named "${name}": the pods are refused`,
                "rename one",
            );
        if (isKnown(name)) seen.add(name);
        for (const kind of ["cpu", "memory", "ephemeral-storage"]) {
            const [request, limit] = [field.get("resources", "requests", kind), field.get("resources", "limits", kind)];
            for (const one of [request, limit])
                if (one.isSet && !one.isUnknown && quantity(one.value) === undefined)
                    yield at(
                        workload,
                        one,
                        `"${String(one.value)}" is no quantity: the object is refused`,
                        "write 100m, 128Mi ...",
                    );
            const [least, most] = [quantity(request.value), quantity(limit.value)];
            if (least !== undefined && most !== undefined && least > most)
                yield at(
                    workload,
                    request,
                    `the container ${String(name)} asks for ${String(request.value)} ${kind} and may have ${String(limit.value)}: the pods are refused`,
                    "raise the limit, or ask for less",
                );
        }
        if (where !== "containers") continue;
        for (const port of field.get("ports").items()) {
            const label = port.get("name").text();
            if (isKnown(label) && (label.length > 15 || !/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(label)))
                yield at(
                    workload,
                    port.get("name"),
                    `"${label}" is no name of a port (15 letters, digits and - at most): the pods are refused`,
                    "shorten it",
                );
            if (isKnown(label) && ports.has(label))
                yield at(
                    workload,
                    port.get("name"),
                    `two ports are named "${label}": the pods are refused`,
                    "rename one",
                );
            if (isKnown(label)) ports.set(label, String(name));
        }
    }
}

const UNITS: Readonly<Record<string, number>> = {
    n: 1e-9, u: 1e-6, m: 1e-3, "": 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18,
    Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60,
}; // prettier-ignore

/** A Kubernetes quantity as a number; undefined when it is none. */
export function quantity(value: unknown): number | undefined {
    if (typeof value === "number") return value;
    if (typeof value !== "string") return undefined;
    const match = /^([+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)([numkMGTPE]|[KMGTPE]i)?$/.exec(value.trim());
    return match ? Number(match[1]) * (UNITS[match[2] ?? ""] as number) : undefined;
}

/** Ports of the proxy in every pod. */
const PROXY_PORTS: Readonly<Record<number, string>> = {
    15000: "administration", 15001: "outbound traffic", 15004: "debugging", 15006: "inbound traffic", 15008: "HBONE",
    15020: "metrics and probes", 15021: "health", 15053: "DNS", 15090: "metrics",
}; // prettier-ignore

export const proxyConflict: Rule = {
    id: "proxy-conflict",
    title: "Pods leave the proxy its ports and its user",
    reason: "The proxy cannot listen, or takes the application's traffic for its own and lets it bypass the mesh.",
    fix: "Use another port and another user than 1337.",
    severity: "high",
    enforcement: "mandatory",
    sources: [
        "https://istio.io/latest/docs/ops/deployment/application-requirements/",
        "https://istio.io/latest/docs/reference/config/analysis/ist0144/",
    ],
    *check(mesh) {
        for (const workload of mesh.workloads) {
            if (workload.isIstio !== "no" || mesh.injection(workload) !== "yes") continue;
            const user = podSpec(workload).get("securityContext", "runAsUser");
            const reason = "1337 is the proxy's own user: the application's traffic bypasses the mesh";
            if (user.value === 1337) yield at(workload, user, reason, "use another user");
            for (const { field, name, isInjected } of runningContainers(workload)) {
                if (name === "istio-proxy" || isInjected) continue;
                const own = field.get("securityContext", "runAsUser");
                if (own.value === 1337) yield at(workload, own, reason, "use another user");
                for (const port of field.get("ports").items()) {
                    const number = port.get("containerPort").number();
                    if (!isKnown(number) || !PROXY_PORTS[number]) continue;
                    yield at(
                        workload,
                        port.get("containerPort"),
                        `the proxy in the same pod listens on ${number} (${PROXY_PORTS[number]})`,
                        "use another port",
                    );
                }
            }
        }
    },
};

export const injectionLabel: Rule = {
    id: "injection-label",
    title: "Labels and annotations of Istio are where and what Istio reads",
    reason: "Istio does not read it there: pods get no sidecar, or a setting that is written is not in force.",
    fix: "Write it on the pods' template (spec.template.metadata), with the very name and value that Istio knows.",
    severity: "high",
    enforcement: "mandatory",
    sources: [
        "P8",
        "https://istio.io/latest/docs/ops/common-problems/injection/",
        "https://istio.io/latest/docs/reference/config/analysis/ist0107/",
    ],
    *check(mesh) {
        for (const namespace of mesh.namespaces) yield* checkNamespace(mesh, namespace);
        for (const workload of mesh.workloads) {
            const own = workload.root.get("metadata");
            const pods = workload.template.get("metadata");
            for (const part of ["labels", "annotations"] as const) {
                for (const map of own === pods || workload.kind === "Pod" ? [pods] : [own, pods])
                    for (const key of map.get(part).keys()) yield* checkKey(workload, map.get(part, key), key, part);
                if (workload.kind === "Pod") continue;
                for (const key of own.get(part).keys())
                    if (ON_PODS.test(key) && !pods.get(part, key).isSet && !pods.get(part).isUnknown && !pods.isUnknown)
                        yield at(
                            workload,
                            own.get(part, key),
                            `${key} counts on the pods' template, not on the ${workload.kind}: it has no effect here`,
                            `move it to ${pods.path || "spec.template.metadata"}.${part}`,
                        );
            }
            const inject = pods.get("labels", "sidecar.istio.io/inject").text();
            const value = inject ?? pods.get("annotations", "sidecar.istio.io/inject").text();
            if (isKnown(value) && value !== "true" && value !== "false")
                yield at(
                    workload,
                    pods.get(inject === undefined ? "annotations" : "labels", "sidecar.istio.io/inject"),
                    `"${value}" is neither "true" nor "false"`,
                    'write "true" or "false"',
                );
            yield* checkValues(workload, pods.get("annotations"));
        }
    },
};

/** Labels and annotations that count on pods alone. */
const ON_PODS = /^(sidecar|inject|proxy|traffic\.sidecar|readiness\.status\.sidecar|status\.sidecar)\.istio\.io\//;

/** What Istio reads on namespaces and pods. */
const KNOWN = new Set(
    (
        "istio-injection istio.io/rev istio.io/dataplane-mode istio.io/use-waypoint istio.io/use-waypoint-namespace istio.io/ingress-use-waypoint istio.io/waypoint-for istio.io/tag istio.io/dry-run istio.io/autoRegistrationGroup istio.io/workloadController istio.io/waypoint-inbound-binding istio.io/global istio.io/connect-strategy istio.io/http-redirect-code istio.io/owning-resource istio.io/operator-managed istio.io/gateway-name istio.io/cluster istio.io/config istio.io/deployed-by istio.io/https istio.io/reroute-virtual-interfaces istio.io/for istio.io/upgradeGroup istio.io/test " +
        "sidecar.istio.io/inject sidecar.istio.io/status sidecar.istio.io/agentLogLevel sidecar.istio.io/bootstrapOverride sidecar.istio.io/componentLogLevel sidecar.istio.io/controlPlaneAuthPolicy sidecar.istio.io/discoveryAddress sidecar.istio.io/enableCoreDump sidecar.istio.io/extraStatTags sidecar.istio.io/interceptionMode sidecar.istio.io/logLevel sidecar.istio.io/nativeSidecar sidecar.istio.io/proxyCPU sidecar.istio.io/proxyCPULimit sidecar.istio.io/proxyImage sidecar.istio.io/proxyImageType sidecar.istio.io/proxyMemory sidecar.istio.io/proxyMemoryLimit sidecar.istio.io/rewriteAppHTTPProbers sidecar.istio.io/statsCompression sidecar.istio.io/statsHistogramBuckets sidecar.istio.io/statsInclusionPrefixes sidecar.istio.io/statsInclusionRegexps sidecar.istio.io/statsInclusionSuffixes sidecar.istio.io/userVolume sidecar.istio.io/userVolumeMount sidecar.istio.io/statsEvictionInterval sidecar.istio.io/statsFlushInterval " +
        "inject.istio.io/templates proxy.istio.io/config proxy.istio.io/overrides " +
        "traffic.sidecar.istio.io/excludeInboundPorts traffic.sidecar.istio.io/excludeInterfaces traffic.sidecar.istio.io/excludeOutboundIPRanges traffic.sidecar.istio.io/excludeOutboundPorts traffic.sidecar.istio.io/includeInboundPorts traffic.sidecar.istio.io/includeOutboundIPRanges traffic.sidecar.istio.io/includeOutboundPorts traffic.sidecar.istio.io/kubevirtInterfaces traffic.sidecar.istio.io/forceIncludeOutboundIPRanges " +
        "readiness.status.sidecar.istio.io/applicationPorts readiness.status.sidecar.istio.io/failureThreshold readiness.status.sidecar.istio.io/initialDelaySeconds readiness.status.sidecar.istio.io/periodSeconds status.sidecar.istio.io/port prometheus.istio.io/merge-metrics " +
        "service.istio.io/canonical-name service.istio.io/canonical-revision service.istio.io/workload-name topology.istio.io/network topology.istio.io/cluster topology.istio.io/subzone topology.istio.io/controlPlaneClusters networking.istio.io/exportTo networking.istio.io/gatewayPort networking.istio.io/service-type networking.istio.io/address-type networking.istio.io/traffic-distribution networking.istio.io/tunnel networking.istio.io/enable-autoallocate-ip networking.istio.io/internal-service ambient.istio.io/redirection ambient.istio.io/bypass-inbound-capture ambient.istio.io/dns-capture security.istio.io/tlsMode gateway.istio.io/name-override gateway.istio.io/service-account gateway.istio.io/managed gateway.istio.io/controller-version gateway.istio.io/tls-terminate-mode galley.istio.io/analyze-suppress install.operator.istio.io/owner-kind"
    ).split(" "),
);

function* checkKey(workload: Workload, field: Field, key: string, part: string): Iterable<Finding> {
    if (KNOWN.has(key)) {
        if (part === "annotations" && key === "istio-injection")
            yield at(workload, field, "istio-injection is a label of namespaces", "label the namespace");
        return;
    }
    if (!/istio\.io|^istio-/.test(key) || key.startsWith("install.operator") || key.includes("operator.istio.io"))
        return;
    const near = closest(key, KNOWN);
    if (near)
        yield at(
            workload,
            field,
            `Istio knows no ${part === "labels" ? "label" : "annotation"} ${key}`,
            `write ${near}`,
        );
    else if (/^(sidecar|traffic\.sidecar|proxy|inject)\.istio\.io\//.test(key))
        yield at(
            workload,
            field,
            `Istio knows no ${part === "labels" ? "label" : "annotation"} ${key}: it has no effect`,
            "remove it, or see Istio's list of annotations",
        );
}

function* checkNamespace(mesh: Mesh, namespace: Mesh["namespaces"][number]): Iterable<Finding> {
    const labels = namespace.root.get("metadata", "labels");
    const [injection, revision, mode] = ["istio-injection", "istio.io/rev", "istio.io/dataplane-mode"].map((key) => labels.get(key)) as [
        Field, Field, Field,
    ]; // prettier-ignore
    if (labels.isUnknown) return;
    for (const key of labels.keys()) {
        if (KNOWN.has(key) || !/^istio|istio\.io/.test(key)) continue;
        const near = closest(key, KNOWN);
        if (near)
            yield at(namespace, labels.get(key), `Istio knows no label ${key}: it has no effect`, `write ${near}`);
    }
    const text = injection.text();
    if (isKnown(text) && text !== "enabled" && text !== "disabled")
        yield at(
            namespace,
            injection,
            `"${text}" is neither "enabled" nor "disabled": pods get no sidecar`,
            'write "enabled"',
        );
    if (isKnown(text) && isKnown(revision.text()))
        yield at(
            namespace,
            revision,
            "istio-injection wins over istio.io/rev: the revision is not used",
            "keep one of the two labels",
        );
    if (isKnown(mode.text()) && mode.value === "ambient" && text === "enabled")
        yield at(
            namespace,
            mode,
            "a namespace has sidecars or is ambient: its pods get sidecars, the ztunnel leaves them out",
            "keep one of the two labels",
        );
    if (isKnown(mode.text()) && !["ambient", "none"].includes(mode.value as string))
        yield at(namespace, mode, `Istio knows no data plane "${String(mode.value)}"`, "write ambient");
    yield* checkRevision(mesh, namespace, revision);
    const annotation = namespace.root.get("metadata", "annotations", "istio-injection");
    if (annotation.isSet)
        yield at(
            namespace,
            annotation,
            "istio-injection is a label, as an annotation it has no effect",
            "move it to metadata.labels",
        );
}

/** A revision that no control plane of the list has. */
function* checkRevision(mesh: Mesh, namespace: Mesh["namespaces"][number], revision: Field): Iterable<Finding> {
    const name = revision.text();
    if (!isKnown(name)) return;
    const planes = mesh.workloads.filter(({ containers }) =>
        containers.some((container) => container.name === "discovery"),
    );
    const revisions = [...planes, ...mesh.webhookConfigurations].map(
        ({ root, kind }) =>
            (kind === "Deployment"
                ? root.get("spec", "template", "metadata", "labels")
                : root.get("metadata", "labels")
            ).get("istio.io/rev").value,
    );
    const tags = mesh.webhookConfigurations.map(({ root }) => root.get("metadata", "labels", "istio.io/tag").value);
    if (planes.length === 0 || revisions.includes(UNKNOWN)) return;
    const known = [...revisions, ...tags].filter((one) => typeof one === "string");
    if (known.length === 0 || known.includes(name)) return;
    yield at(
        namespace,
        revision,
        `no control plane has the revision "${name}" (but ${list(known)}): pods get no sidecar`,
        `write "${known[0]}"`,
    );
}

function* checkValues(workload: Workload, annotations: Field): Iterable<Finding> {
    const prefix = "traffic.sidecar.istio.io/";
    for (const key of annotations.keys().filter((name) => name.startsWith(prefix))) {
        const field = annotations.get(key);
        const text = field.text();
        if (!isKnown(text) || text === "*" || text === "") continue;
        const parts = text.split(",").map((part) => part.trim());
        const bad = parts.find((part) =>
            key.endsWith("Ports") ? !isPort(part) : key.endsWith("IPRanges") ? !isRange(part) : false,
        );
        if (bad !== undefined)
            yield at(
                workload,
                field,
                `"${bad}" is no ${key.endsWith("Ports") ? "port" : "CIDR"}: injection fails, no pod comes`,
                key.endsWith("Ports") ? "write numbers separated by commas" : "write 10.0.0.0/8",
            );
    }
    const proxy = annotations.get("proxy.istio.io/config").text();
    if (isKnown(proxy) && /^\s*\{[^}]*$/.test(proxy))
        yield at(workload, annotations.get("proxy.istio.io/config"), "this is no YAML: injection fails", "correct it");
}

const isPort = (text: string): boolean => /^\d+$/.test(text) && Number(text) > 0 && Number(text) < 65_536;
const isRange = (text: string): boolean => /^[\d.]+\/\d+$/.test(text) || /^[0-9a-f:]+\/\d+$/i.test(text);

export const rewrittenProbe: Rule = {
    id: "probe-rewrite",
    title: "Probes by HTTP reach pods that take mutual TLS only",
    reason: "The kubelet has no certificate: without the rewriting of probes the pods are never ready.",
    fix: "Remove the annotation sidecar.istio.io/rewriteAppHTTPProbers.",
    severity: "critical",
    enforcement: "mandatory",
    sources: ["S3", "https://istio.io/latest/docs/ops/configuration/mesh/app-health-check/"],
    *check(mesh) {
        for (const workload of mesh.workloads) {
            const field = workload.template.get("metadata", "annotations", "sidecar.istio.io/rewriteAppHTTPProbers");
            if (field.value !== "false" || serverMode(mesh, workload, undefined).mode !== "STRICT") continue;
            const probes = podContainers(workload).flatMap(({ field: container }) =>
                ["readinessProbe", "livenessProbe", "startupProbe"].filter(
                    (kind) => container.get(kind, "httpGet").isSet,
                ),
            );
            if (probes.length > 0)
                yield at(
                    workload,
                    field,
                    `its ${list(probes)} come without a certificate, and the pods take mutual TLS only`,
                    "remove the annotation",
                );
        }
    },
};
