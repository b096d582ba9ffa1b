import { calls } from "../../model/calls";
import { podPort } from "../../model/effective";
import type { Field } from "../../model/field";
import { closest } from "../../model/host";
import { label, matchesSelector, readLabels, showLabels } from "../../model/labels";
import type { Mesh } from "../../model/mesh";
import { allows, type Connection, type Direction, isolating, namespaceLabels } from "../../model/network-policy";
import type { MeshObject } from "../../model/object";
import { isKnown, UNKNOWN } from "../../model/unknown";
import type { Workload } from "../../model/workload";
import { isCidr } from "./access";
import { at, type Finding, list, type Rule } from "../rule";

const DOCS = "https://kubernetes.io/docs/concepts/services-networking/network-policies/";
const policiesOf = (mesh: Mesh): readonly MeshObject[] => mesh.ofKind("NetworkPolicy", "networking.k8s.io");

export const networkPolicyTarget: Rule = {
    id: "network-policy-target",
    title: "The selectors and ports of a NetworkPolicy stand for pods, namespaces and ports that exist",
    reason: "The policy isolates nobody, or admits nobody: what it is there for does not happen.",
    fix: "Write labels that pods and namespaces carry, and ports of the pods.",
    severity: "high",
    enforcement: "mandatory",
    sources: ["S4", DOCS],
    *check(mesh) {
        for (const policy of policiesOf(mesh)) {
            const spec = policy.root.get("spec");
            if (spec.isUnknown || !isKnown(policy.namespace)) continue;
            const own = mesh.workloads.filter(({ namespace }) => namespace === policy.namespace || !isKnown(namespace));
            const selector = spec.get("podSelector");
            const targets = own.filter(({ labels }) => matchesSelector(selector, labels) !== "no");
            if (targets.length === 0 && own.length > 0 && !mesh.isOpaque(policy.namespace))
                yield at(
                    policy,
                    selector,
                    `no workload of the namespace ${policy.namespace} has pods with ${showLabels(readLabels(selector.get("matchLabels")))}: the policy isolates nobody`,
                    "write labels of the pods' template",
                );
            for (const [direction, key] of DIRECTIONS) {
                const types = spec.get("policyTypes");
                const rules = spec.get(key);
                if (
                    rules.items().length > 0 &&
                    types.items().length > 0 &&
                    !types.isPartial &&
                    !types.items().some(({ value }) => value === direction)
                )
                    yield at(
                        policy,
                        types,
                        `there are ${key} rules, and policyTypes lacks ${direction}: they do not count`,
                        `add ${direction} to policyTypes`,
                    );
                for (const rule of rules.items()) {
                    {
                        const peers = rule.get(key === "ingress" ? "from" : "to").items();
                        for (const peer of peers) yield* checkPeer(mesh, policy, peer, peers.length === 1);
                    }
                    if (key === "ingress") yield* checkPorts(mesh, policy, rule, targets);
                }
            }
        }
    },
};

const DIRECTIONS = [
    ["Ingress", "ingress"],
    ["Egress", "egress"],
] as const;

function* checkPeer(mesh: Mesh, policy: MeshObject, peer: Field, isAlone: boolean): Iterable<Finding> {
    const cidr = peer.get("ipBlock", "cidr").text();
    if (isKnown(cidr) && (!isCidr(cidr) || !cidr.includes("/")))
        yield at(
            policy,
            peer.get("ipBlock", "cidr"),
            `"${cidr}" is no CIDR: the policy is refused`,
            "write 10.0.0.0/8",
        );
    for (const except of peer.get("ipBlock", "except").items()) {
        const text = except.text();
        if (isKnown(text) && isKnown(cidr) && isCidr(text) && isCidr(cidr) && !contains(cidr, text))
            yield at(
                policy,
                except,
                `${text} lies outside of ${cidr}: the policy is refused`,
                "write a part of the block",
            );
    }
    const [pods, namespaces] = [peer.get("podSelector"), peer.get("namespaceSelector")];
    if (pods.isUnknown || namespaces.isUnknown || peer.isUnknown) return;
    if (namespaces.isSet && namespaces.keys().length > 0) {
        const names = new Set([
            ...mesh.namespaces.map(({ name }) => name),
            ...mesh.workloads.map(({ namespace }) => namespace),
        ]);
        if ([...names].some((name) => !isKnown(name))) return;
        const wanted = readLabels(namespaces.get("matchLabels"));
        const byName = label(wanted, "kubernetes.io/metadata.name");
        const matching = [...names].filter((name) => matchesSelector(namespaces, namespaceLabels(mesh, name)) !== "no");
        // Namespaces that everybody has, or that are not described here, may well be meant.
        if (matching.length === 0 && names.size > 0 && !isElsewhere(mesh, byName, wanted, isAlone))
            yield at(
                policy,
                namespaces,
                `no namespace carries ${showLabels(wanted)}: nobody is admitted`,
                "write labels that the namespace carries; kubernetes.io/metadata.name is its name",
            );
        else yield* checkPods(mesh, policy, pods, matching);
        return;
    }
    if (namespaces.isSet) yield* checkPods(mesh, policy, pods, undefined);
    else if (pods.isSet) yield* checkPods(mesh, policy, pods, [policy.namespace]);
}

function isElsewhere(mesh: Mesh, byName: unknown, wanted: ReturnType<typeof readLabels>, isAlone: boolean): boolean {
    const known = mesh.namespaces.map(({ name }) => name).filter(isKnown);
    if (typeof byName === "string") {
        if (/^kube-/.test(byName)) return true;
        const isSlip = closest(byName, known) !== undefined;
        // A peer beside others may be of a part that is switched off; alone it shuts everybody out.
        return !isSlip && (mesh.hasOpaqueNamespaces || !isAlone);
    }
    if (wanted === UNKNOWN) return true;
    // A label under a key that none of the listed namespaces has belongs to somebody else's namespace, unless all are listed.
    const keys = new Set(mesh.namespaces.flatMap(({ labels }) => (labels === UNKNOWN ? [] : Object.keys(labels))));
    return (
        mesh.namespaces.length === 0 ||
        (mesh.isPartial &&
            Object.keys(wanted).length > 0 &&
            !Object.keys(wanted).some((key) => keys.has(key) || key === "name"))
    );
}

function* checkPods(
    mesh: Mesh,
    policy: MeshObject,
    pods: Field,
    namespaces: readonly unknown[] | undefined,
): Iterable<Finding> {
    if (!pods.isSet || pods.keys().length === 0) return;
    if (
        namespaces?.some(
            (name) => mesh.isOpaque(name as never) || !mesh.workloads.some((one) => one.namespace === name),
        )
    )
        return;
    const candidates = mesh.workloads.filter(
        ({ namespace }) => namespaces === undefined || !isKnown(namespace) || namespaces.includes(namespace),
    );
    if (candidates.length === 0 || candidates.some(({ labels }) => matchesSelector(pods, labels) !== "no")) return;
    if (namespaces === undefined && mesh.hasOpaqueNamespaces) return;
    yield at(
        policy,
        pods,
        `no pods ${namespaces ? `of ${list(namespaces.map(String))} ` : ""}carry ${showLabels(readLabels(pods.get("matchLabels")))}: nobody is admitted`,
        namespaces?.length === 1 && namespaces[0] === policy.namespace
            ? "write labels of the pods' template; pods of another namespace need a namespaceSelector beside podSelector"
            : "write labels of the pods' template",
    );
}

function* checkPorts(mesh: Mesh, policy: MeshObject, rule: Field, targets: readonly Workload[]): Iterable<Finding> {
    if (targets.length === 0 || targets.length > 8) return;
    for (const item of rule.get("ports").items()) {
        const port = item.get("port");
        const value = port.value;
        if (item.isUnknown || (typeof value !== "number" && typeof value !== "string") || item.get("endPort").isSet)
            continue;
        const numbers = targets.flatMap(({ ports }) =>
            ports === UNKNOWN ? [UNKNOWN] : ports.flatMap(({ number, name }) => [number, name]),
        );
        if (numbers.includes(UNKNOWN) || numbers.length === 0 || targets.some(({ isIstio }) => isIstio !== "no"))
            continue;
        if (numbers.some((one) => one !== undefined && String(one) === String(value))) continue;
        const services = mesh.services.filter(({ workloads }) =>
            workloads.some((workload) => targets.includes(workload)),
        );
        if (
            services.some((service) =>
                service.ports.some(({ targetPort }) => targetPort === value || targetPort === UNKNOWN),
            )
        )
            continue;
        const asService = services.find((service) => service.ports.some(({ number }) => number === value));
        const isProxy = typeof value === "number" && value >= 15_000 && value <= 15_100;
        if (isProxy || (typeof value === "number" && !asService && targets.length > 1)) continue;
        yield at(
            policy,
            port,
            `the pods that are isolated have no port ${String(value)}${asService ? `, which is ${asService.id}'s own` : ""} (but ${list(numbers.filter((one) => typeof one === "number").map(String))}): nobody gets in by it`,
            "name the port of the pods: policies see connections after the Service has translated them",
        );
    }
}

function contains(block: string, part: string): boolean {
    const bits = (text: string): [bigint, number] => {
        const [address = "", length = "32"] = text.split("/");
        return [address.split(".").reduce((sum, byte) => sum * 256n + BigInt(Number(byte) || 0), 0n), Number(length)];
    };
    if (block.includes(":") || part.includes(":")) return true;
    const [[outer, outerLength], [inner, innerLength]] = [bits(block), bits(part)];
    return innerLength >= outerLength && inner >> BigInt(32 - outerLength) === outer >> BigInt(32 - outerLength);
}

export const networkPolicyCut: Rule = {
    id: "network-policy-cut",
    title: "NetworkPolicies let through what the mesh and its calls need",
    reason: "Connections time out: names are not resolved, proxies get no configuration, calls that the routes declare never arrive.",
    fix: "Add a rule for the peer and the port that the finding names.",
    severity: "critical",
    enforcement: "mandatory",
    sources: ["S4", "C8", DOCS],
    *check(mesh) {
        if (policiesOf(mesh).length === 0) return;
        const reported = new Set<string>();
        const once = function* (findings: Iterable<Finding>): Iterable<Finding> {
            for (const finding of findings) {
                const key = `${finding.object.id} ${finding.message.split(":")[0]}`;
                if (reported.has(key)) continue;
                reported.add(key);
                yield finding;
            }
        };
        for (const workload of mesh.workloads) yield* once(checkNeeds(mesh, workload));
        for (const call of calls(mesh)) {
            if (!isKnown(call.service.namespace)) continue;
            for (const server of call.service.endpoints) {
                const port = podPort(call.service, isKnown(call.port.number) ? call.port.number : undefined, server);
                if (port === undefined) continue;
                const what = `${call.client.id} calls ${call.service.id} (${call.shownBy.object.id})`;
                yield* once(
                    cut(mesh, server, "Ingress", { peer: { workload: call.client }, port, protocol: "TCP" }, what),
                );
                // With a sidecar at both ends traffic of ambient meshes alone uses another port.
                yield* once(
                    cut(mesh, call.client, "Egress", { peer: { workload: server }, port, protocol: "TCP" }, what),
                );
            }
        }
    },
};

/** What every pod of the mesh needs: names, and for its proxy the control plane. */
function* checkNeeds(mesh: Mesh, workload: Workload): Iterable<Finding> {
    const isolated = isolating(mesh, workload, "Egress");
    if (isolated.length > 0 && !isSilent(mesh, workload)) {
        const dns: Connection[] = [53, 5353].flatMap((port) =>
            (["UDP", "TCP"] as const).map((protocol) => ({ peer: dnsPeer(mesh), port, protocol })),
        );
        const answers = dns.map((connection) => allows(mesh, workload, "Egress", connection));
        if (answers.every((answer) => answer === "no"))
            yield* blame(
                "Egress",
                isolated,
                `the pods of ${workload.id} cannot ask for names: no egress to port 53 (UDP) of kube-dns`,
                "add egress to kube-system, port 53, UDP and TCP",
            );
        if (mesh.injection(workload) === "yes" && workload.isIstio === "no") {
            const plane = mesh.workloads.find(({ containers }) => containers.some(({ name }) => name === "discovery"));
            const peer = plane ? { workload: plane } : { namespace: "istio-system" };
            if (allows(mesh, workload, "Egress", { peer, port: 15012, protocol: "TCP" }) === "no")
                yield* blame(
                    "Egress",
                    isolated,
                    `the proxies of ${workload.id} cannot reach istiod: no egress to port 15012 of istio-system`,
                    "add egress to istio-system, port 15012",
                );
        }
    }
    if (mesh.namespace(workload.namespace)?.isAmbient && isolating(mesh, workload, "Ingress").length > 0) {
        const peer = { namespace: String(workload.namespace) };
        if (allows(mesh, workload, "Ingress", { peer, port: 15008, protocol: "TCP" }) === "no")
            yield* blame(
                "Ingress",
                isolating(mesh, workload, "Ingress"),
                `the ztunnel cannot reach the pods of ${workload.id}: no ingress to port 15008`,
                "add ingress to port 15008",
            );
    }
    if (workload.containers.some(({ name }) => name === "discovery")) {
        const isolation = isolating(mesh, workload, "Ingress");
        for (const [port, what] of [
            [15012, "proxies get no configuration"],
            [15017, "no pod is injected, no object of Istio's is checked"],
        ] as const) {
            if (isolation.length === 0) continue;
            const peers: Connection["peer"][] =
                port === 15017 ? ["outside", { namespace: "kube-system" }] : injectedPeers(mesh);
            if (
                peers.length === 0 ||
                !peers.every((peer) => allows(mesh, workload, "Ingress", { peer, port, protocol: "TCP" }) === "no")
            )
                continue;
            yield* blame(
                "Ingress",
                isolation,
                `nobody reaches istiod on port ${port}: ${what}`,
                `add ingress to port ${port}`,
            );
        }
    }
}

function injectedPeers(mesh: Mesh): Connection["peer"][] {
    return mesh.workloads
        .filter((workload) => workload.isIstio === "no" && mesh.injection(workload) === "yes")
        .map((workload) => ({ workload }));
}

/** Pods that call nobody by what is shown, and whose proxies nobody speaks of, may well be shut in on purpose. */
function isSilent(mesh: Mesh, workload: Workload): boolean {
    return mesh.injection(workload) !== "yes" && !calls(mesh).some(({ client }) => client === workload);
}

function dnsPeer(mesh: Mesh): Connection["peer"] {
    const dns = mesh.workloads.find(
        ({ namespace, labels }) => namespace === "kube-system" && label(labels, "k8s-app") === "kube-dns",
    );
    return dns ? { workload: dns } : { namespace: "kube-system" };
}

function* cut(
    mesh: Mesh,
    workload: Workload,
    direction: Direction,
    connection: Connection,
    what: string,
): Iterable<Finding> {
    if (allows(mesh, workload, direction, connection) !== "no") return;
    yield* blame(
        direction,
        isolating(mesh, workload, direction),
        `${what}, and no policy lets it ${direction === "Ingress" ? "in at" : "out of"} ${workload.id}: port ${connection.port} is closed`,
        `add ${direction.toLowerCase()} for ${typeof connection.peer === "object" && "workload" in connection.peer ? connection.peer.workload.id : "the peer"}, port ${connection.port}`,
    );
}

/** Names the policies that are meant for the pods: those that admit something, or else the one that admits nothing. */
function* blame(
    direction: Direction,
    isolated: readonly { policy: MeshObject; sure: boolean }[],
    message: string,
    fix: string,
): Iterable<Finding> {
    const key = direction === "Ingress" ? "ingress" : "egress";
    const sure = isolated.filter(({ sure: isSure }) => isSure).map(({ policy }) => policy);
    const admitting = sure.filter(({ root }) => root.get("spec", key).items().length > 0);
    for (const policy of admitting.length > 0 ? admitting : sure)
        yield at(policy, policy.root.get("spec", key), message, fix);
}
