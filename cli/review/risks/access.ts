import type { Field } from "../../../policy/model/field";
import { matchesSelector } from "../../../policy/model/labels";
import type { MeshObject } from "../../../policy/model/object";
import { isKnown } from "../../../policy/model/unknown";
import type { Workload } from "../../../policy/model/workload";
import type { Side } from "../side";
import { differing, type Facts, type RiskRule } from "./risk";

const SECURITY = "security.istio.io";

/** Stands for every caller, known or not. */
const ANYBODY = "anybody";

/** S4: somebody may call a workload who could not before. */
export const reach: RiskRule = {
    id: "reach-widened",
    title: "Who may call a workload (AuthorizationPolicy)",
    *check(base, change) {
        const before = callers(base);
        for (const { object, before: old, after } of differing(before, callers(change))) {
            // A new workload is nobody's loss.
            if (!old || old.includes(ANYBODY)) continue;
            const added = after.filter((caller) => !old.includes(caller));
            if (added.length === 0) continue;
            const anybody = added.includes(ANYBODY);
            yield {
                severity: anybody ? "high" : "medium",
                object,
                text: anybody
                    ? `anybody in the mesh may call it; before only ${old.join(", ") || "nobody"}`
                    : `${added.join(", ")} may call it, too; before only ${old.join(", ") || "nobody"}`,
            };
        }
    },
};

/** S3: plain text is taken where it was refused. */
export const plainText: RiskRule = {
    id: "plain-text-accepted",
    title: "Which workloads take plain text (PeerAuthentication)",
    *check(base, change) {
        for (const { object, before, after } of differing(peerModes(base), peerModes(change)))
            for (const [port, mode] of Object.entries(after)) {
                const old = before?.[port] ?? before?.["*"];
                if (old !== "STRICT" || mode === "STRICT") continue;
                yield {
                    severity: "high",
                    object,
                    text: `${port === "*" ? "every port" : `port ${port}`} also takes plain text from outside the mesh: mutual TLS ${old} -> ${mode}`,
                };
            }
    },
};

/** S6: the pod network lets everybody through to a workload that it guarded, or everything out of it. */
export const podNetwork: RiskRule = {
    id: "pod-network-opened",
    title: "Which pods the network guards (NetworkPolicy)",
    *check(base, change) {
        const consequences = {
            Ingress: "no NetworkPolicy selects its pods any more: every pod of the cluster reaches every port of them",
            Egress: "no NetworkPolicy limits any more what its pods connect to",
        };
        for (const [direction, text] of Object.entries(consequences) as [Direction, string][]) {
            const now = guarded(change, direction);
            for (const [object, policies] of guarded(base, direction))
                if (policies > 0 && now.get(object) === 0)
                    yield { severity: direction === "Ingress" ? "high" : "medium", object, text };
        }
    },
};

/** Callers that the ALLOW policies of each workload name; `anybody` where none applies. */
function callers({ mesh }: Side): Facts<readonly string[]> {
    const policies = mesh.ofKind("AuthorizationPolicy", SECURITY);
    const root = rootNamespace({ mesh });
    return new Map(
        mesh.workloads
            .filter((workload) => mesh.injection(workload) === "yes" && workload.isIstio === "no")
            .map((workload) => {
                const allowing = policies
                    .filter((policy) => (policy.root.get("spec", "action").text() ?? "ALLOW") === "ALLOW")
                    .filter((policy) => applies(policy, workload, root));
                const names = allowing.flatMap((policy) => namesIn(policy));
                return [workload.id, allowing.length === 0 ? [ANYBODY] : [...new Set(names)].sort()];
            }),
    );
}

function applies(policy: MeshObject, workload: Workload, root: string | undefined): boolean {
    const everywhere = isKnown(policy.namespace) && policy.namespace === root;
    if (!everywhere && policy.namespace !== workload.namespace) return false;
    const selector = policy.root.get("spec", "selector");
    return !selector.isSet || matchesSelector(selector, workload.labels) === "yes";
}

function namesIn(policy: MeshObject): string[] {
    return policy.root
        .get("spec", "rules")
        .items()
        .flatMap((rule) => {
            const sources = rule.get("from").items();
            if (sources.length === 0) return [ANYBODY];
            return sources.flatMap((from) => sourceNames(from.get("source")));
        });
}

function sourceNames(source: Field): string[] {
    const list = (key: string) =>
        source
            .get(key)
            .items()
            .map((item) => item.text())
            .filter(isKnown);
    const principals = list("principals").map((name) =>
        name === "*" ? ANYBODY : name.replace(/^.*\/ns\/([^/]+)\/sa\//, "$1/"),
    );
    const others = [
        ...list("namespaces").map((name) => `namespace ${name}`),
        ...list("requestPrincipals").map((name) => `token ${name}`),
        ...[...list("ipBlocks"), ...list("remoteIpBlocks")].map((block) => `address ${block}`),
    ];
    return principals.length + others.length === 0 ? [ANYBODY] : [...principals, ...others];
}

/** Mutual TLS of each workload, by port; `*` for all others. */
function peerModes(side: Side): Facts<Readonly<Record<string, string>>> {
    const { mesh } = side;
    const root = rootNamespace(side);
    const policies = mesh.ofKind("PeerAuthentication", SECURITY);
    const modeOf = (policy: MeshObject | undefined) => {
        const mode = policy?.root.get("spec", "mtls", "mode").text();
        return isKnown(mode) && mode !== "UNSET" ? mode : undefined;
    };
    const find = (namespace: unknown, workload?: Workload) =>
        policies.find(({ namespace: own, root: object }) => {
            const selector = object.get("spec", "selector");
            if (own !== namespace || selector.isSet !== (workload !== undefined)) return false;
            return workload === undefined || matchesSelector(selector, workload.labels) === "yes";
        });
    return new Map(
        mesh.workloads
            .filter((workload) => mesh.injection(workload) === "yes" && workload.isIstio === "no")
            .map((workload) => {
                const own = find(workload.namespace, workload);
                const mode = modeOf(own) ?? modeOf(find(workload.namespace)) ?? modeOf(find(root)) ?? "PERMISSIVE";
                const ports = own?.root.get("spec", "portLevelMtls");
                const byPort = (ports?.keys() ?? []).flatMap((port): [string, string][] => {
                    const text = ports!.get(port, "mode").text();
                    return isKnown(text) ? [[port, text]] : [];
                });
                return [workload.id, { "*": mode, ...Object.fromEntries(byPort) }];
            }),
    );
}

type Direction = "Ingress" | "Egress";

/** How many NetworkPolicies guard what comes to the pods of each workload, or leaves them. */
function guarded({ mesh }: Side, direction: Direction): Facts<number> {
    const policies = mesh.ofKind("NetworkPolicy", "networking.k8s.io").filter(({ root }) => {
        const types = root.get("spec", "policyTypes").items();
        // Without a list a policy is about what comes in, and about what goes out where it says anything of that.
        if (types.length === 0) return direction === "Ingress" || root.get("spec", "egress").isSet;
        return types.some(({ value }) => value === direction);
    });
    return new Map(
        mesh.workloads.map((workload) => {
            const own = policies.filter(
                ({ namespace, root }) =>
                    namespace === workload.namespace &&
                    matchesSelector(root.get("spec", "podSelector"), workload.labels) === "yes",
            );
            return [workload.id, own.length];
        }),
    );
}

/** Namespace whose policies hold in the whole mesh: that of the control plane. */
function rootNamespace({ mesh }: Pick<Side, "mesh">): string | undefined {
    const plane = mesh.workloads.find(({ containers }) => containers.some(({ name }) => name === "discovery"));
    return plane && isKnown(plane.namespace) ? plane.namespace : undefined;
}
