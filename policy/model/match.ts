import type { Field } from "./field";
import { isKnown } from "./unknown";

/** A condition on a text: how Istio and the Gateway API write exact, prefix and regular expression. */
interface TextCondition {
    readonly how: "exact" | "prefix" | "regex";
    readonly text: string;
}

function readCondition(field: Field): TextCondition | undefined {
    for (const how of ["exact", "prefix", "regex"] as const) {
        const text = field.get(how).text();
        if (isKnown(text)) return { how, text };
    }
    return undefined;
}

/** Whether every text that satisfies the second condition satisfies the first; false where that cannot be told. */
function coversText(wide: Field, narrow: Field, ignoreCase = false): boolean {
    if (!wide.isSet) return true;
    const [left, right] = [readCondition(wide), readCondition(narrow)];
    if (!left || !right) return false;
    if (left.how === "regex" && /^\^?\/?\.\*\$?$/.test(left.text) && right.how !== "regex") return true;
    if (left.how === right.how && left.text === right.text) return true;
    if (right.how === "regex") return left.how === "prefix" && left.text === "/";
    const fold = (text: string): string => (ignoreCase ? text.toLowerCase() : text);
    if (left.how === "prefix") return fold(right.text).startsWith(fold(left.text));
    return false;
}

/** The conditions of an Istio HTTP match that are texts. */
const TEXTS = ["uri", "scheme", "method", "authority"] as const;
/** The conditions that are maps of texts. */
const MAPS = ["headers", "queryParams"] as const;
/** All conditions that this comparison understands. */
const UNDERSTOOD = new Set<string>([...TEXTS, ...MAPS, "name", "ignoreUriCase", "port", "gateways"]);

/** Whether every request of the second match satisfies the first; false where that cannot be told. */
export function coversMatch(wide: Field, narrow: Field): boolean {
    if (wide.isUnknown || narrow.isUnknown) return false;
    if (wide.keys().some((key) => !UNDERSTOOD.has(key))) return false;
    const ignoreCase = wide.get("ignoreUriCase").value === true;
    if (narrow.get("ignoreUriCase").isSet && !ignoreCase) return false;
    for (const key of TEXTS) if (!coversText(wide.get(key), narrow.get(key), key === "uri" && ignoreCase)) return false;
    for (const key of MAPS)
        for (const name of wide.get(key).keys()) {
            const condition = wide.get(key, name);
            if (!narrow.get(key, name).isSet) return false;
            if (condition.keys().length > 0 && !coversText(condition, narrow.get(key, name))) return false;
        }
    for (const key of ["headers", "queryParams"] as const)
        if (wide.get(key).isUnknown || narrow.get(key).isUnknown) return false;
    if (wide.get("port").isSet && wide.get("port").value !== narrow.get("port").value) return false;
    if (!wide.get("gateways").isSet) return true;
    const gateways = wide.get("gateways");
    const narrower = narrow.get("gateways").items();
    return narrower.length > 0 && narrower.every(({ value }) => gateways.items().some((item) => item.value === value));
}

/** Whether a match asks for nothing. */
export function isEmptyMatch(match: Field): boolean {
    return !match.isUnknown && match.keys().every((key) => key === "name");
}
