import type { Field } from "../../model/field";
import { closest } from "../../model/host";
import { type FieldTree, istioFields } from "../../model/istio-fields";
import type { MeshObject } from "../../model/object";
import { at, type Finding, list, quote, type Rule } from "../rule";

/** Slips that no likeness of letters explains. */
const MEANT: Readonly<Record<string, string>> = {
    percent: "weight",
    percentages: "percentage",
    backend: "destination",
    backends: "route",
    labels: "sourceLabels",
    service: "host",
};

export const unknownField: Rule = {
    id: "unknown-field",
    title: "Istio objects have only fields that Istio knows",
    reason: "The API server drops the field or refuses the object: what it should do does not happen (percent instead of weight: no canary).",
    fix: "Use the field's right name, at the right depth.",
    severity: "high",
    enforcement: "mandatory",
    sources: ["E8", "C8"],
    *check(mesh) {
        for (const object of mesh.objects) {
            const tree = istioFields(object.group, object.kind);
            if (tree !== undefined) yield* compare(object, object.root.get("spec"), tree);
        }
    },
};

function* compare(object: MeshObject, field: Field, tree: FieldTree): Iterable<Finding> {
    if (tree === 1) return;
    for (const item of field.items()) yield* compare(object, item, tree);
    for (const key of field.keys()) {
        const child = tree[key];
        if (child !== undefined) yield* compare(object, field.get(key), child);
        else
            yield at(
                object,
                field.get(key),
                `Istio knows no field "${key}" here: it is dropped or the object is refused`,
                advice(key, Object.keys(tree)),
            );
    }
}

function advice(key: string, known: readonly string[]): string {
    const meant = MEANT[key];
    const near =
        meant !== undefined && known.includes(meant) ? meant : (sameLetters(key, known) ?? closest(key, known));
    return near ? `write "${near}" instead` : `remove it, or use one of ${list(quote(known))}`;
}

/** `per_try_timeout` or `perTryTimeOut` for `perTryTimeout`. */
function sameLetters(key: string, known: readonly string[]): string | undefined {
    const letters = (text: string): string => text.replace(/[_-]/g, "").toLowerCase();
    return known.find((name) => letters(name) === letters(key));
}
