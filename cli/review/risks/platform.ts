import { isKnown } from "../../../policy/model/unknown";
import type { Side } from "../side";
import { differing, type Facts, type RiskRule } from "./risk";

/** Which objects touch every proxy, or every request from outside. */
export const blastRadius: RiskRule = {
    id: "blast-radius",
    title: "Changes that reach every proxy or every request",
    *check(base, change) {
        const number = change.mesh.workloads.filter((workload) => change.mesh.injection(workload) === "yes").length;
        for (const { object, before, after } of differing(wide(base), wide(change)))
            yield {
                severity: "medium",
                object,
                text: `${before === undefined ? "new" : "changed"}: ${after.reach.replace("N", String(number))}`,
            };
        const now = wide(change);
        for (const [object, { reach }] of wide(base))
            if (!now.has(object))
                yield { severity: "medium", object, text: `removed: ${reach.replace("N", String(number))}` };
    },
};

interface Wide {
    readonly reach: string;
    /** What differs when it changes. */
    readonly content: string;
}

function wide({ mesh }: Side): Facts<Wide> {
    const facts = new Map<string, Wide>();
    const add = (object: { id: string; root: { value: unknown } }, reach: string) =>
        facts.set(object.id, {
            reach,
            content: JSON.stringify(object.root.value, (_, value: unknown) =>
                typeof value === "symbol" ? "?" : value,
            ),
        });
    for (const workload of mesh.workloads)
        if (workload.isIstio === "yes") {
            const plane = workload.containers.some(({ name }) => name === "discovery");
            add(
                workload,
                plane ? "it configures the proxies of all N workloads" : "every request through this gateway passes it",
            );
        }
    for (const filter of mesh.ofKind("EnvoyFilter"))
        if (!filter.root.get("spec", "workloadSelector").isSet && !filter.root.get("spec", "targetRefs").isSet)
            add(filter, "it has no workloadSelector and changes the proxies of all N workloads");
    for (const policy of [
        ...mesh.ofKind("PeerAuthentication"),
        ...mesh.ofKind("AuthorizationPolicy"),
        ...mesh.ofKind("Telemetry"),
    ])
        if (policy.namespace === "istio-system" && !policy.root.get("spec", "selector").isSet)
            add(policy, "it holds for all N workloads of the mesh");
    for (const map of mesh.ofKind("ConfigMap"))
        if (
            isKnown(map.name) &&
            /^istio(-sidecar-injector)?(-[\w-]+)?$/.test(map.name) &&
            map.namespace === "istio-system"
        )
            add(
                map,
                "it is the configuration of all N workloads' proxies; pods take some of it only when they start again",
            );
    return facts;
}

/** What is behind a workload: its pods and how it is kept from losing them. */
export const capacity: RiskRule = {
    id: "capacity-lowered",
    title: "Fewer pods, or pods with less",
    *check(base, change) {
        for (const { object, before, after } of differing(sizes(base), sizes(change))) {
            if (!before) continue;
            if (after.replicas < before.replicas)
                yield {
                    severity: after.replicas <= 1 ? "high" : "low",
                    object,
                    text: `pods ${before.replicas} -> ${after.replicas}${after.replicas === 1 ? ": while it restarts nobody answers" : after.replicas === 0 ? ": nobody answers" : ""}`,
                };
            for (const [what, old] of Object.entries(before.memory)) {
                const now = after.memory[what];
                if (now !== undefined && now < old)
                    yield {
                        severity: "low",
                        object,
                        text: `memory limit of ${what}: ${mebibytes(old)} -> ${mebibytes(now)}: above it the container is killed`,
                    };
            }
        }
    },
};

/** C12: nothing holds node maintenance back any more. */
export const disruption: RiskRule = {
    id: "disruption-budget-removed",
    title: "PodDisruptionBudgets and autoscalers that go",
    *check(base, change) {
        for (const [kind, text] of [
            ["PodDisruptionBudget", "maintenance of nodes may stop all of its pods at once"],
            ["HorizontalPodAutoscaler", "nothing adds pods under load any more"],
        ] as const) {
            const now = new Set(change.mesh.ofKind(kind).map(({ id }) => id));
            for (const { id } of base.mesh.ofKind(kind))
                if (!now.has(id)) yield { severity: "medium", object: id, text: `removed: ${text}` };
        }
    },
};

interface Size {
    readonly replicas: number;
    /** Memory limits in bytes, by container. */
    readonly memory: Readonly<Record<string, number>>;
}

function sizes({ mesh }: Side): Facts<Size> {
    const facts = new Map<string, Size>();
    for (const { id, replicas, containers } of mesh.workloads) {
        const limits = containers.flatMap(({ name, field }): [string, number][] => {
            const bytes = readBytes(field.get("resources", "limits", "memory").value);
            return isKnown(name) && bytes !== undefined ? [[name, bytes]] : [];
        });
        if (isKnown(replicas)) facts.set(id, { replicas, memory: Object.fromEntries(limits) });
    }
    return facts;
}

const UNITS: Readonly<Record<string, number>> = {
    "": 1,
    Ki: 2 ** 10,
    Mi: 2 ** 20,
    Gi: 2 ** 30,
    k: 1e3,
    M: 1e6,
    G: 1e9,
};

function readBytes(value: unknown): number | undefined {
    const match = /^(\d+(?:\.\d+)?)(Ki|Mi|Gi|k|M|G|)$/.exec(String(value));
    return match ? Number(match[1]) * UNITS[match[2]!]! : undefined;
}

const mebibytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;

/** P10: new ways in from outside. */
export const entrance: RiskRule = {
    id: "entrance-opened",
    title: "Hosts and ports that are open to the outside",
    *check(base, change) {
        const before = entrances(base);
        for (const [object, ways] of entrances(change))
            for (const way of ways)
                if (!before.get(object)?.includes(way))
                    yield {
                        severity: way.includes("*") && before.size > 0 ? "high" : "medium",
                        object,
                        text: `open to the outside now: ${way}`,
                    };
    },
};

function entrances({ mesh }: Side): Facts<readonly string[]> {
    const facts = new Map<string, string[]>();
    for (const gateway of mesh.gateways) {
        const ways = gateway.servers.flatMap(({ port, protocol, hosts }) =>
            hosts.map(
                ({ host }) => `${String(protocol)} ${String(port)} for ${isKnown(host) ? host : "(not known yet)"}`,
            ),
        );
        facts.set(gateway.id, ways);
    }
    for (const service of mesh.services)
        if (service.type === "LoadBalancer" || service.type === "NodePort")
            facts.set(
                service.id,
                service.ports.map(
                    ({ number, nodePort }) =>
                        `${String(service.type)} port ${String(number)}${isKnown(nodePort) ? ` at ${nodePort}` : ""}`,
                ),
            );
    return facts;
}

/** T7, P11: more of the world may be reached from the mesh. */
export const egress: RiskRule = {
    id: "egress-opened",
    title: "What may be reached outside of the mesh",
    *check(base, change) {
        const [before, after] = [outboundMode(base), outboundMode(change)];
        if (before === "REGISTRY_ONLY" && after !== undefined && after !== before)
            yield {
                severity: "high",
                object: "ConfigMap/istio-system/istio",
                text: `outboundTrafficPolicy REGISTRY_ONLY -> ${after}: pods may send data anywhere`,
            };
        const known = new Set(base.mesh.serviceEntries.map(({ id }) => id));
        for (const entry of change.mesh.serviceEntries)
            if (!known.has(entry.id)) {
                const hosts = entry.root
                    .get("spec", "hosts")
                    .items()
                    .map(({ value }) => String(value));
                yield { severity: "low", object: entry.id, text: `new hosts outside: ${hosts.join(", ")}` };
            }
    },
};

function outboundMode({ mesh }: Side): string | undefined {
    const map = mesh
        .ofKind("ConfigMap")
        .find(({ name, namespace }) => name === "istio" && namespace === "istio-system");
    const text = map?.root.get("data", "mesh").text();
    if (!isKnown(text)) return undefined;
    return /outboundTrafficPolicy:\s*\n?\s*mode:\s*(\w+)/.exec(text)?.[1] ?? "ALLOW_ANY";
}

/** The policy pack looks away where it did not before. */
export const exemptions: RiskRule = {
    id: "policy-exemption",
    title: "What the policy pack overlooks",
    *check(base, change) {
        for (const exemption of change.exemptions)
            if (!base.exemptions.includes(exemption)) {
                const [rule = "", resource = ""] = exemption.split(" ");
                yield { severity: "medium", object: resource, text: `the rule ${rule} overlooks it from now on` };
            }
    },
};
