import type { Field } from "./field";
import { type Labels, matchesSelector, readLabels } from "./labels";
import type { Mesh } from "./mesh";
import type { MeshObject } from "./object";
import { all, any, type Answer, isKnown, same, UNKNOWN } from "./unknown";
import type { Workload } from "./workload";

export type Direction = "Ingress" | "Egress";

/** The other end of a connection. */
export type Peer =
    | { readonly workload: Workload }
    /** Any address outside of the cluster. */
    | "outside"
    /** Pods of a namespace that are not listed. */
    | { readonly namespace: string };

/** A connection in one direction, as a NetworkPolicy sees it. */
export interface Connection {
    readonly peer: Peer;
    /** Port of the pods that are connected to; undefined: any. */
    readonly port: number | undefined;
    readonly protocol: "TCP" | "UDP";
}

const KIND = "NetworkPolicy";

/** The policies that isolate a workload's pods in a direction, certainly or perhaps. */
export function isolating(
    mesh: Mesh,
    workload: Workload,
    direction: Direction,
): { policy: MeshObject; sure: boolean }[] {
    return mesh
        .ofKind(KIND, "networking.k8s.io")
        .map((policy) => ({ policy, answer: isolates(policy, workload, direction) }))
        .filter(({ answer }) => answer !== "no")
        .map(({ policy, answer }) => ({ policy, sure: answer === "yes" }));
}

function isolates(policy: MeshObject, workload: Workload, direction: Direction): Answer {
    const spec = policy.root.get("spec");
    return all([
        same(policy.namespace, workload.namespace),
        spec.isUnknown ? "maybe" : matchesSelector(spec.get("podSelector"), workload.labels),
        speaksOf(spec, direction),
    ]);
}

/** Whether a policy is about a direction: as it says, or by what rules it has. */
function speaksOf(spec: Field, direction: Direction): Answer {
    const types = spec.get("policyTypes");
    if (types.isPartial) return "maybe";
    if (types.items().length > 0) return types.items().some(({ value }) => value === direction) ? "yes" : "no";
    if (direction === "Ingress") return "yes";
    return spec.get("egress").isSet ? (spec.get("egress").isUnknown ? "maybe" : "yes") : "no";
}

/** Whether a workload's policies let a connection through; where none isolates it, everything. */
export function allows(mesh: Mesh, workload: Workload, direction: Direction, connection: Connection): Answer {
    const policies = isolating(mesh, workload, direction);
    if (policies.length === 0) return "yes";
    const answers = policies.map(({ policy, sure }) => {
        const rules = policy.root.get("spec", direction === "Ingress" ? "ingress" : "egress");
        const answer = rules.isPartial
            ? "maybe"
            : any(rules.items().map((rule) => admits(mesh, policy, workload, rule, direction, connection)));
        return sure || answer === "no" ? answer : "maybe";
    });
    const result = any(answers);
    // A policy that may not count for the pods may not isolate them either.
    return result === "no" && policies.every(({ sure }) => !sure) ? "maybe" : result;
}

function admits(
    mesh: Mesh,
    policy: MeshObject,
    own: Workload,
    rule: Field,
    direction: Direction,
    { peer, port, protocol }: Connection,
): Answer {
    if (rule.isUnknown) return "maybe";
    const peers = rule.get(direction === "Ingress" ? "from" : "to");
    const listener =
        direction === "Ingress" ? own : typeof peer === "object" && "workload" in peer ? peer.workload : undefined;
    const byPeer = peers.isPartial
        ? "maybe"
        : peers.items().length === 0
          ? "yes"
          : any(peers.items().map((item) => isPeer(mesh, policy, item, peer)));
    const ports = rule.get("ports");
    const byPort = ports.isPartial
        ? "maybe"
        : ports.items().length === 0 || port === undefined
          ? "yes"
          : any(ports.items().map((item) => isPort(item, port, protocol, listener)));
    return all([byPeer, byPort]);
}

function isPeer(mesh: Mesh, policy: MeshObject, item: Field, peer: Peer): Answer {
    if (item.isUnknown) return "maybe";
    const [pods, namespaces, block] = [item.get("podSelector"), item.get("namespaceSelector"), item.get("ipBlock")];
    // Pods have addresses that no manifest tells: a block may or may not hold them; all of them hold what is outside.
    if (block.isSet) return peer === "outside" ? "yes" : /\/0$/.test(String(block.get("cidr").value)) ? "yes" : "maybe";
    if (peer === "outside") return "no";
    const namespace = "workload" in peer ? peer.workload.namespace : peer.namespace;
    const inNamespace = namespaces.isSet
        ? matchesSelector(namespaces, namespaceLabels(mesh, namespace))
        : same(policy.namespace, namespace);
    if (!pods.isSet) return inNamespace;
    return all([inNamespace, "workload" in peer ? matchesSelector(pods, peer.workload.labels) : "maybe"]);
}

/** Labels of a namespace: those of its object, and the one with its name that Kubernetes sets itself. */
export function namespaceLabels(mesh: Mesh, name: unknown): Labels {
    if (typeof name !== "string") return UNKNOWN;
    const namespace = mesh.namespace(name);
    const own = { "kubernetes.io/metadata.name": name };
    if (!namespace) return WELL_KNOWN.has(name) ? { ...own, name: UNKNOWN, "k8s-app": UNKNOWN } : unknownBut(own);
    const labels = readLabels(namespace.root.get("metadata", "labels"));
    return labels === UNKNOWN ? UNKNOWN : { ...labels, ...own };
}

/** Namespaces of which everybody knows the name, and nobody the labels. */
const WELL_KNOWN = new Set(["kube-system"]);

/** Labels of which only some are known. */
function unknownBut(known: Readonly<Record<string, string>>): Labels {
    return new Proxy(known, { get: (target, key: string) => (key in target ? target[key] : UNKNOWN) }) as Labels;
}

function isPort(item: Field, port: number, protocol: string, listener: Workload | undefined): Answer {
    if (item.isUnknown) return "maybe";
    const transport = item.get("protocol").text() ?? "TCP";
    if (transport !== UNKNOWN && transport !== protocol) return "no";
    const wanted = item.get("port");
    if (wanted.isUnknown || transport === UNKNOWN) return "maybe";
    if (!wanted.isSet) return "yes";
    const name = wanted.text();
    if (isKnown(name)) {
        if (/^\d+$/.test(name)) return Number(name) === port ? "yes" : "no";
        if (!listener || typeof listener.ports === "symbol") return "maybe";
        const named = listener.ports.filter((one) => one.name === name || one.name === UNKNOWN);
        return any(named.map(({ number }) => same<number>(number, port)));
    }
    const first = wanted.number();
    const last = item.get("endPort").number();
    if (!isKnown(first) || last === UNKNOWN) return "maybe";
    return port >= first && port <= (last ?? first) ? "yes" : "no";
}
