import { sections, type ProxySnapshot, type Section } from "./snapshot";

/** What is different in a proxy between two moments, down to the single field. */

export interface Difference {
    section: Section;
    /** Name of the listener, route configuration or cluster. */
    name: string;
    kind: "added" | "removed" | "changed";
    /** Of a changed one: what differs in it. */
    fields: readonly FieldDifference[];
}

export interface FieldDifference {
    /** Way to the field, for example `virtual_hosts[*:80].routes[0].route.timeout`. */
    path: string;
    /** Undefined where the field was not there. */
    before?: unknown;
    /** Undefined where the field is not there any more. */
    after?: unknown;
}

/** Everything that differs in the sections, in their order. */
export function differences(
    before: ProxySnapshot,
    after: ProxySnapshot,
    wanted: readonly Section[] = sections,
): Difference[] {
    return wanted.flatMap((section) => {
        const [old, current]: Readonly<Record<string, unknown>>[] = [before[section], after[section]];
        return [...new Set([...Object.keys(old!), ...Object.keys(current!)])].sort().flatMap((name): Difference[] => {
            if (!(name in old!)) return [{ section, name, kind: "added", fields: [] }];
            if (!(name in current!)) return [{ section, name, kind: "removed", fields: [] }];
            const fields = fieldDifferences("", old![name], current![name]);
            return fields.length === 0 ? [] : [{ section, name, kind: "changed", fields }];
        });
    });
}

/** The differences as text, one line each; empty where there are none. */
export function describeDifferences(all: readonly Difference[]): string {
    const sign = { added: "+", removed: "-", changed: "~" };
    return all
        .flatMap(({ section, name, kind, fields }) => [
            `${sign[kind]} ${section} ${name}`,
            ...fields.map(({ path, before, after }) => `    ${path}: ${show(before)} -> ${show(after)}`),
        ])
        .map((line) => `${line}\n`)
        .join("");
}

/** What differs in two values, field by field; elements of lists that have names are found by these. */
export function fieldDifferences(path: string, before: unknown, after: unknown): FieldDifference[] {
    const [old, current] = [parts(before), parts(after)];
    if (!old || !current || Array.isArray(before) !== Array.isArray(after))
        return JSON.stringify(before) === JSON.stringify(after) ? [] : [{ path, before, after }];
    const keyed = Array.isArray(before) ? elementKeys(before as unknown[], after as unknown[]) : undefined;
    const step = (key: string) => (keyed ? `${path}[${key}]` : path === "" ? key : `${path}.${key}`);
    const [left, right] = keyed ?? [old, current];
    return [...new Set([...left.keys(), ...right.keys()])].flatMap((key) =>
        fieldDifferences(step(key), left.get(key), right.get(key)),
    );
}

function parts(value: unknown): Map<string, unknown> | undefined {
    return typeof value === "object" && value !== null ? new Map(Object.entries(value)) : undefined;
}

/** The elements of two lists by their names where these tell them apart, else by their positions. */
function elementKeys(
    before: readonly unknown[],
    after: readonly unknown[],
): [Map<string, unknown>, Map<string, unknown>] {
    const name = (element: unknown) => (element as { name?: unknown } | null)?.name;
    const named = [before, after].every(
        (list) => list.every((one) => typeof name(one) === "string") && new Set(list.map(name)).size === list.length,
    );
    const keyed = (list: readonly unknown[]) =>
        new Map(list.map((element, index) => [named ? String(name(element)) : String(index), element]));
    return [keyed(before), keyed(after)];
}

function show(value: unknown): string {
    return value === undefined ? "(none)" : JSON.stringify(value);
}
