import { isDeepStrictEqual } from "node:util";
import type { DeclaredObject } from "../../target/file";
import type { KubernetesObject } from "../../target/target";

/** Objects of the API server against those that the program has registered. */

/** A kind of objects that tell the proxies or the pod network what to do. */
export interface ObjectKind {
    apiVersion: string;
    kind: string;
    /**
     * `names`: other checks compare what the objects do, such as those of route tables.
     * @default everything that is declared of them
     */
    compared?: "names";
}

/** The objects of one kind among the declared ones. */
export const declaredOf = (
    { apiVersion, kind }: ObjectKind,
    declared: readonly DeclaredObject[],
): readonly DeclaredObject[] =>
    declared.filter((object) => object.kind === kind && groupOf(object.apiVersion) === groupOf(apiVersion));

/**
 * The declared fields in which an object differs, one difference a line; others may add fields of their own.
 *
 * @param declared Fields of the object, by name.
 * @param current The object; undefined where there is none.
 */
export function fieldDifferences(
    declared: Readonly<Record<string, unknown>>,
    current: Readonly<Record<string, unknown>> | undefined,
): string[] {
    if (!current) return ["is missing"];
    return Object.entries(declared).flatMap(([field, value]) => missingFrom(value, plain(current[field]), field));
}

/** In what the objects of one kind differ from the declared ones, one difference a line; empty when nothing does. */
export function objectDifferences(
    { apiVersion, kind, compared }: ObjectKind,
    found: readonly KubernetesObject[],
    declared: readonly DeclaredObject[],
): string[] {
    const own = new Map(declaredOf({ apiVersion, kind }, declared).map((object) => [nameOf(object), object]));
    const there = new Map(found.map((object) => [nameOf(object), object]));
    return [
        ...[...there.keys()].filter((name) => !own.has(name)).map((name) => `${kind} ${name} is not declared`),
        ...[...own.keys()].filter((name) => !there.has(name)).map((name) => `${kind} ${name} is missing`),
        ...[...own].flatMap(([name, object]) => {
            const current = there.get(name);
            if (!current || compared === "names") return [];
            return contentDifferences(object, current).map((difference) => `${kind} ${name}: ${difference}`);
        }),
    ];
}

const nameOf = ({ metadata: { namespace = "", name } }: KubernetesObject | DeclaredObject): string =>
    `${namespace}/${name}`;
/** One object may be read in any version of its group. */
const groupOf = (apiVersion: string): string => apiVersion.split("/")[0]!;

function contentDifferences(declared: DeclaredObject, current: KubernetesObject): string[] {
    const { labels = {}, annotations = {} } = current.metadata;
    return [
        ...differences(declared.spec, plain(current.spec ?? {}), "spec"),
        ...differences(marks(declared.metadata.labels), marks(labels), "labels"),
        ...differences(marks(declared.metadata.annotations), marks(annotations), "annotations"),
    ];
}

/** Labels and annotations that Istio reads, for example `istio.io/dry-run`: the others belong to whoever wrote the object. */
const marks = (all: Readonly<Record<string, string>>): Record<string, string> =>
    Object.fromEntries(Object.entries(all).filter(([key]) => /(^|\.)istio\.io\//.test(key)));

/** What the API server has sent of a kind of which the client makes classes, with `_from` for a word of its language. */
function plain(value: unknown): unknown {
    return JSON.parse(
        JSON.stringify(value, (_, one: unknown) => {
            if (!isObject(one) || !("_from" in one)) return one;
            const { _from: from, ...rest } = one;
            return { ...rest, from };
        }),
    );
}

/** The fields in which two values differ, each with its path. */
function differences(declared: unknown, seen: unknown, path: string): string[] {
    if (isDeepStrictEqual(declared, seen)) return [];
    if (isObject(declared) && isObject(seen))
        return [...new Set([...Object.keys(declared), ...Object.keys(seen)])].flatMap((key) =>
            differences(declared[key], seen[key], `${path}.${key}`),
        );
    return [`${path} is ${display(seen)} instead of ${display(declared)}`];
}

/** The declared values that are not there, each with its path; a list has to have as many entries. */
function missingFrom(declared: unknown, seen: unknown, path: string): string[] {
    if (Array.isArray(declared) && Array.isArray(seen) && declared.length === seen.length)
        return declared.flatMap((entry, index) => missingFrom(entry, seen[index], `${path}[${index}]`));
    if (isObject(declared) && isObject(seen))
        return Object.entries(declared).flatMap(([key, value]) => missingFrom(value, seen[key], `${path}.${key}`));
    if (isDeepStrictEqual(declared, seen)) return [];
    if (typeof declared === "string" && typeof seen === "string") return [`${path}: ${firstOtherLine(declared, seen)}`];
    return [`${path} is ${display(seen)} instead of ${display(declared)}`];
}

/** Of two texts of many lines, such as files in a ConfigMap, the first line that differs. */
function firstOtherLine(declared: string, seen: string): string {
    const [wanted, found] = [declared.split("\n"), seen.split("\n")];
    const line = wanted.findIndex((text, index) => text !== found[index]);
    const at = line < 0 ? wanted.length : line;
    return `line ${at + 1} is ${display(found[at])} instead of ${display(wanted[at])}`;
}

function isObject(value: unknown): value is Record<string, unknown> {
    return typeof value === "object" && value !== null && Array.isArray(value) === false;
}

const display = (value: unknown): string => (value === undefined ? "not set" : JSON.stringify(value));
