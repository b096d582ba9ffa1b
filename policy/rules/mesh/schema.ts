import { closest } from "../../model/host";
import { departures } from "../../model/conformance";
import { kindsOf, schemaOf, versionsOf } from "../../model/schema";
import { isKnown } from "../../model/unknown";
import { at, list, quote, type Rule } from "../rule";

/** Slips that no likeness of letters explains. */
const MEANT: Readonly<Record<string, readonly string[]>> = {
    percent: ["weight", "percentage"],
    percentages: ["percentage"],
    backend: ["destination"],
    backends: ["route", "backendRefs"],
    labels: ["sourceLabels", "matchLabels"],
    service: ["host"],
};

/** APIs that are worth guarding as a whole: an unknown kind or version of theirs is a mistake. */
const GUARDED = /(^|\.)istio\.io$|^gateway\.networking\.k8s\.io$/;

export const unknownField: Rule = {
    id: "unknown-field",
    title: "Objects have only fields that their API knows",
    reason: "The API server drops the field or refuses the object: what it should do does not happen (percent instead of weight: no canary).",
    fix: "Use the field's right name, at the right depth.",
    severity: "high",
    enforcement: "mandatory",
    sources: ["E8", "C8"],
    *check(mesh) {
        for (const departure of departures(mesh)) {
            if (departure.what !== "unknown field") continue;
            const { object, field, key, known } = departure;
            yield at(
                object,
                field,
                `${object.group.endsWith("istio.io") ? "Istio" : `the API ${object.group || "v1"}`} knows no field "${key}" here: it is dropped or the object is refused`,
                advice(key, known),
            );
        }
    },
};

export const fieldValue: Rule = {
    id: "field-value",
    title: "Fields have values of the type, the set and the range that their API allows",
    reason: "The API server or Istio's validation refuses the object; what it should replace stays in force.",
    fix: "Write a value that the field takes.",
    severity: "high",
    enforcement: "mandatory",
    sources: ["E8", "C8", "https://istio.io/latest/docs/reference/config/analysis/ist0106/"],
    *check(mesh) {
        for (const departure of departures(mesh)) {
            if (departure.what !== "wrong value") continue;
            const { object, field, expected, allowed } = departure;
            const near =
                allowed &&
                closest(
                    String(field.value).toUpperCase(),
                    allowed.map((name) => name.toUpperCase()),
                );
            const meant = near && allowed.find((name) => name.toUpperCase() === near);
            yield at(
                object,
                field,
                `${JSON.stringify(field.value) ?? "the value"} is not what the field takes (${expected}): the object is refused`,
                meant ? `write ${meant}` : `write ${expected}`,
            );
        }
    },
};

export const requiredField: Rule = {
    id: "required-field",
    title: "Objects have every field that their API asks for, and one of each set of alternatives",
    reason: "The API server or Istio's validation refuses the object; what it should replace stays in force.",
    fix: "Add the field, or keep one of the alternatives.",
    severity: "high",
    enforcement: "mandatory",
    sources: ["C8", "https://istio.io/latest/docs/reference/config/analysis/ist0106/"],
    *check(mesh) {
        for (const departure of departures(mesh)) {
            const { object, field } = departure;
            if (departure.what === "missing field")
                yield at(object, field, `${departure.key} is missing: the object is refused`, `add ${field.path}`);
            if (departure.what === "exclusive fields")
                yield at(
                    object,
                    field,
                    `${list(departure.keys)} are alternatives, and more than one is set: the object is refused`,
                    `keep one of ${list(departure.keys)}`,
                );
        }
    },
};

export const apiVersion: Rule = {
    id: "api-version",
    title: "Every object is of a kind that its API serves",
    reason: "The API server answers that it has no such kind: nothing of the object is applied.",
    fix: "Write the apiVersion that serves the kind, and the kind's right name.",
    severity: "critical",
    enforcement: "mandatory",
    sources: ["C8", "https://istio.io/latest/docs/reference/config/"],
    *check(mesh) {
        for (const object of mesh.objects) {
            const version = object.root.get("apiVersion").text();
            if (!isKnown(version) || schemaOf(version, object.kind) !== undefined) continue;
            const versions = versionsOf(object.kind);
            const own = versions.filter((known) => known.startsWith(`${object.group}/`));
            if (versions.length > 0) {
                // A kind of the same name in somebody else's API (Knative's Service) is that API's own.
                if (own.length === 0 && !isLike(object.group, versions)) continue;
                const served = own.length > 0 ? own : versions;
                yield at(
                    object,
                    "apiVersion",
                    `${version} has no kind ${object.kind}: the object is refused`,
                    `write apiVersion: ${list(served).replace(/ and /, " or ")}`,
                );
            } else if (GUARDED.test(object.group) && object.kind !== "IstioOperator") {
                const near = closest(object.kind, kindsOf(object.group));
                if (kindsOf(object.group).length > 0 && near)
                    yield at(object, "kind", `${version} has no kind ${object.kind}`, `write kind: ${near}`);
            }
        }
    },
};

/** Whether a group is one of those that serve the kind, but for a slip: another group of Istio's, an old one of Kubernetes'. */
function isLike(group: string, versions: readonly string[]): boolean {
    const groups = versions.map((version) => (version.includes("/") ? version.slice(0, version.indexOf("/")) : ""));
    if (
        group === "" ||
        group === "extensions" ||
        /\.istio\.io$|\.k8s\.io$|^(apps|batch|policy|autoscaling)$/.test(group)
    )
        return true;
    return closest(group, groups) !== undefined;
}

function advice(key: string, known: readonly string[]): string {
    const meant = MEANT[key]?.find((name) => known.includes(name));
    const near = meant ?? sameLetters(key, known) ?? closest(key, known);
    return near ? `write "${near}" instead` : `remove it, or use one of ${list(quote(known))}`;
}

/** `per_try_timeout` or `perTryTimeOut` for `perTryTimeout`. */
function sameLetters(key: string, known: readonly string[]): string | undefined {
    const letters = (text: string): string => text.replace(/[_-]/g, "").toLowerCase();
    return known.find((name) => letters(name) === letters(key));
}
