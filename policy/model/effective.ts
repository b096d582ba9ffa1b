import type { DestinationRule } from "./destination-rule";
import type { Field } from "./field";
import type { Mesh } from "./mesh";
import type { MeshObject } from "./object";
import { istioSelector, policiesFor, rootNamespace } from "./selection";
import type { Service } from "./service";
import { isKnown } from "./unknown";
import type { Workload } from "./workload";

/** How a workload takes connections on a port. */
export type ServerMode = "STRICT" | "PERMISSIVE" | "DISABLE" | "unknown";

/** The mode in force on a port of a workload, and what says so. */
export interface EffectiveMode {
    readonly mode: ServerMode;
    /** Undefined: Istio's default. */
    readonly policy: MeshObject | undefined;
    readonly field: Field | undefined;
}

/** Mutual TLS in force at a port of a workload: port before workload before namespace before mesh (PERMISSIVE by default). */
export function serverMode(mesh: Mesh, workload: Workload, port: number | undefined): EffectiveMode {
    const none: EffectiveMode = { mode: "PERMISSIVE", policy: undefined, field: undefined };
    const injected = mesh.injection(workload);
    if (injected !== "yes") return { ...none, mode: injected === "no" ? "DISABLE" : "unknown" };
    if (mesh.ofKind("PeerAuthentication").some(({ root }) => hasUnknown(root))) return { ...none, mode: "unknown" };
    const policies = policiesFor(mesh, "PeerAuthentication", workload);
    const root = rootNamespace(mesh);
    const rank = (policy: MeshObject): number =>
        istioSelector(policy) && policy.namespace !== root ? 0 : policy.namespace !== root ? 1 : 2;
    const sorted = [...policies].sort((left, right) => rank(left) - rank(right));
    for (const policy of sorted) {
        const spec = policy.root.get("spec");
        const portMode = port === undefined ? undefined : spec.get("portLevelMtls", String(port), "mode");
        for (const field of [portMode, spec.get("mtls", "mode")]) {
            const value = field?.value;
            if (value === "STRICT" || value === "PERMISSIVE" || value === "DISABLE")
                return { mode: value, policy, field };
        }
    }
    return none;
}

function hasUnknown(root: Field): boolean {
    const spec = root.get("spec");
    const ports = spec.get("portLevelMtls");
    const fields = [
        root.get("metadata", "namespace"),
        spec,
        spec.get("selector"),
        spec.get("selector", "matchLabels"),
        spec.get("mtls"),
        spec.get("mtls", "mode"),
        ports,
        ...ports.keys().map((key) => ports.get(key, "mode")),
    ];
    return fields.some(({ isUnknown }) => isUnknown);
}

/** The traffic policy that callers follow for a port of a service: of the port, else of the host. */
export function clientTls(rule: DestinationRule, port: number | undefined): Field {
    const policy = rule.root.get("spec", "trafficPolicy");
    const own = policy
        .get("portLevelSettings")
        .items()
        .find((item) => isKnown(item.get("port", "number").number()) && item.get("port", "number").value === port);
    return own ? own.get("tls") : policy.get("tls");
}

/** Port of the pods behind a port of a Service, by number; undefined where it is not known. */
export function podPort(service: Service, port: number | undefined, workload: Workload): number | undefined {
    const found = service.ports.find(({ number }) => number === port);
    const target = found?.targetPort;
    if (typeof target === "number") return target;
    if (typeof target !== "string" || typeof workload.ports === "symbol") return undefined;
    const named = workload.ports.find(({ name }) => name === target)?.number;
    return isKnown(named) ? named : undefined;
}
