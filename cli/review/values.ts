/** The values in a plan, as a reader may see them. */

/** What Pulumi writes for a value that is known only after the deployment, by the value's type. */
const UNKNOWN_MARKERS = new Set([
    "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
    "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
    "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
    "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
    "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    "030794c1-ac77-496b-92df-f27374a8bd58",
    "e48ece36-62e2-4504-bad9-02848725956a",
]);

/** Stands for a value that nobody can know before the deployment. */
export const NOT_YET_KNOWN = "(known after the deployment)";

/** Stands for a value that nobody should read in a report. */
export const SECRET = "[secret]";

/** Keys whose values are secrets also where a program forgot to say so. */
const SECRET_KEY = /(password|passwd|secret|token|private[-_]?key|api[-_]?key|webhook[-_]?url|authorization)$/i;

/** How secrets are marked in Pulumi's own records. */
const SECRET_SIGNATURE = "4dabf18193072939515e22adb298388d";

/**
 * The inputs of a resource without secrets: those that the engine has masked, the contents of Kubernetes Secrets, and texts
 * under keys that say that they are one. Values not yet known become {@link NOT_YET_KNOWN}, the folder `directory` a dot.
 */
export function masked(
    type: string,
    inputs: Readonly<Record<string, unknown>>,
    directory?: string,
): Record<string, unknown> {
    const isSecret = type === "kubernetes:core/v1:Secret";
    const clean = (value: unknown, key: string): unknown => {
        if (Array.isArray(value)) return value.map((item) => clean(item, key));
        if (typeof value === "object" && value !== null) {
            if (SECRET_SIGNATURE in value) return SECRET;
            return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, clean(item, name)]));
        }
        if (typeof value !== "string") return value;
        if (UNKNOWN_MARKERS.has(value)) return NOT_YET_KNOWN;
        if (SECRET_KEY.test(key) && value !== "") return SECRET;
        return directory === undefined ? value : value.replaceAll(directory, ".");
    };
    return Object.fromEntries(
        Object.entries(inputs)
            .filter(([key]) => !key.startsWith("__"))
            .map(([key, value]) => [
                key,
                isSecret && (key === "data" || key === "stringData") ? hide(value) : clean(value, key),
            ]),
    );
}

/** Hides the values, and shows the keys of a Secret. */
function hide(value: unknown): unknown {
    if (typeof value !== "object" || value === null) return SECRET;
    return Object.fromEntries(Object.keys(value).map((key) => [key, SECRET]));
}

/** Longest text of a value in a table. */
const SHOWN = 120;

/** A value as a short text. */
export function show(value: unknown): string {
    if (value === undefined) return "(none)";
    const text = typeof value === "string" ? value : JSON.stringify(value);
    const line = text.replaceAll(/\s*\n\s*/g, " ⏎ ");
    return line.length > SHOWN ? `${line.slice(0, SHOWN)} … (${text.length} characters)` : line;
}
