import { closest } from "./host";
import type { Mesh } from "./mesh";
import type { MeshObject } from "./object";
import { isKnown, type Maybe } from "./unknown";

/** What a name of another object stands for. */
export type Lookup =
    | { readonly status: "found"; readonly object: MeshObject }
    | { readonly status: "unknown" }
    /** `suggestion` is what was probably meant: another name, or the namespace that has it. */
    | { readonly status: "missing"; readonly suggestion?: string };

/** Objects that Kubernetes or Istio make in every namespace. */
const ALWAYS_THERE = new Set(["ConfigMap/kube-root-ca.crt", "ConfigMap/istio-ca-root-cert", "ServiceAccount/default"]);

/** What makes Secrets that no manifest shows, and the field with the Secret's name. */
const SECRET_MAKERS: Readonly<Record<string, readonly string[]>> = {
    Certificate: ["spec", "secretName"],
    ExternalSecret: ["spec", "target", "name"],
    SealedSecret: ["metadata", "name"],
};

/**
 * Looks for an object by name. It counts as missing only where the list shows objects of its kind in the same namespace, or one that
 * was probably meant: others may be made by hand, by an operator or by another list.
 *
 * @param namespace Undefined: a cluster-wide kind.
 */
export function lookup(mesh: Mesh, kind: string, name: Maybe<string>, namespace: Maybe<string>): Lookup {
    if (!isKnown(name) || ALWAYS_THERE.has(`${kind}/${name}`) || name === "") return { status: "unknown" };
    const all = mesh.ofKind(kind);
    const inNamespace = all.filter((object) => object.namespace === namespace);
    const object = inNamespace.find((candidate) => candidate.name === name);
    if (object) return { status: "found", object };
    if (all.some((candidate) => !isKnown(candidate.name) || (namespace !== undefined && !isKnown(candidate.namespace))))
        return { status: "unknown" };
    if (namespace !== undefined && !isKnown(namespace)) return { status: "unknown" };
    if (kind === "Secret" && isMadeElsewhere(mesh, name)) return { status: "unknown" };
    const near = closest(
        name,
        inNamespace.map((candidate) => candidate.name),
    );
    if (near) return { status: "missing", suggestion: near };
    const elsewhere = all.find((candidate) => candidate.name === name);
    if (elsewhere && kind !== "ServiceAccount")
        return { status: "missing", suggestion: `${String(elsewhere.namespace)}/${name}` };
    // One account of a namespace tells little about the others: most are made with their application.
    if (
        inNamespace.length < (kind === "ServiceAccount" ? 2 : 1) ||
        (namespace !== undefined && mesh.isOpaque(namespace))
    )
        return { status: "unknown" };
    return { status: "missing" };
}

function isMadeElsewhere(mesh: Mesh, name: string): boolean {
    return Object.entries(SECRET_MAKERS).some(([kind, path]) =>
        mesh.ofKind(kind).some(({ root }) => {
            const made = root.get(...path).text();
            return made === name || (made !== undefined && !isKnown(made));
        }),
    );
}
