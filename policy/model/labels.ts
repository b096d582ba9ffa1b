import type { Field } from "./field";
import { all, any, type Answer, type Maybe, same, UNKNOWN, type Unknown } from "./unknown";

/** Labels, annotations or an equality selector; `UNKNOWN` when not even the keys are known. */
export type Labels = Readonly<Record<string, string | Unknown>> | Unknown;

/** Reads a map of strings; a missing map is an empty one. */
export function readLabels(field: Field): Labels {
    if (field.isUnknown) return UNKNOWN;
    const labels: Record<string, string | Unknown> = {};
    for (const key of field.keys()) {
        const value = field.get(key).value;
        labels[key] = value === UNKNOWN ? UNKNOWN : String(value);
    }
    return labels;
}

/** The value of one label. */
export function label(labels: Labels, key: string): Maybe<string> {
    return labels === UNKNOWN ? UNKNOWN : labels[key];
}

/** Whether labels carry everything that an equality selector asks for. An empty selector selects everything. */
export function selects(selector: Labels, labels: Labels): Answer {
    if (selector === UNKNOWN) return "maybe";
    return all(Object.entries(selector).map(([key, value]) => same<string>(value, label(labels, key))));
}

/** One requirement of a label selector (`matchExpressions`). */
function satisfies(requirement: Field, labels: Labels): Answer {
    const key = requirement.get("key").text();
    if (typeof key !== "string" || labels === UNKNOWN) return "maybe";
    const actual = labels[key];
    const values = requirement.get("values");
    const listed = values.isUnknown
        ? "maybe"
        : any(values.items().map((item) => (actual === undefined ? "no" : same(item.text(), actual))));
    switch (requirement.get("operator").text()) {
        case "In":
            return listed;
        case "NotIn":
            return not(listed);
        case "Exists":
            return actual === undefined ? "no" : "yes";
        case "DoesNotExist":
            return actual === undefined ? "yes" : "no";
        default:
            return "maybe";
    }
}

/** Whether labels satisfy a Kubernetes label selector (`matchLabels` and `matchExpressions`). */
export function matchesSelector(selector: Field, labels: Labels): Answer {
    if (selector.isUnknown || selector.get("matchExpressions").isPartial) return "maybe";
    return all([
        selects(readLabels(selector.get("matchLabels")), labels),
        ...selector
            .get("matchExpressions")
            .items()
            .map((requirement) => satisfies(requirement, labels)),
    ]);
}

/** Labels as text for messages: `app=shop, version=v1`. */
export function showLabels(labels: Labels): string {
    if (labels === UNKNOWN) return "(not known yet)";
    const shown = Object.entries(labels).map(
        ([key, value]) => `${key}=${value === UNKNOWN ? "(not known yet)" : value}`,
    );
    return shown.length > 0 ? shown.join(", ") : "(none)";
}

function not(answer: Answer): Answer {
    return answer === "yes" ? "no" : answer === "no" ? "yes" : "maybe";
}
