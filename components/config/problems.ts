import type { z } from "zod";
import { exampleAt, knownKeys } from "./json-schema";
import { nearest } from "./nearest";

/** One thing that is wrong with a stack's configuration. */
export interface Problem {
    /** Path of the value under the project's name, for example `egov.hello.weights`. */
    path: string;
    /** What is wrong and what is allowed. */
    message: string;
}

/** What a zod issue says, in words of the configuration; most issues are one problem. */
export function describeIssue(issue: z.core.$ZodIssue, root: unknown): Problem[] {
    const path = issue.path.join(".");
    const say = (message: string): Problem[] => [{ path, message }];
    switch (issue.code) {
        case "unrecognized_keys":
            return issue.keys.map((key) => unknownKey(issue.path, key, root));
        case "invalid_type":
            return say(mismatch(kind(issue, root), issue.input));
        case "invalid_value":
            return say(mismatch(oneOf(issue.values), issue.input));
        case "invalid_union":
            return issue.errors.length > 0
                ? bestBranch(issue).flatMap((inner) =>
                      describeIssue({ ...inner, path: [...issue.path, ...inner.path] }, root),
                  )
                : say(mismatch(oneOf((issue as { options?: unknown[] }).options ?? []), valueAt(root, issue.path)));
        case "invalid_key":
            return issue.issues.map((inner) => ({ path, message: `the name must be ${plain(inner)}` }));
        case "too_small":
        case "too_big":
            return say(mismatch(bound(issue), issue.input));
        case "custom":
            // A contradiction is about several values and says everything itself; a refinement says what is allowed.
            return say(
                issue.input === null || typeof issue.input !== "object"
                    ? mismatch(issue.message, issue.input)
                    : issue.message,
            );
        default:
            return say(mismatch(issue.message, issue.input));
    }
}

/** Names of the types as a person would call them. */
const kinds: Record<string, string> = {
    int: "a whole number",
    number: "a whole number",
    string: "text",
    boolean: "true or false",
    object: "a group of keys",
    record: "a group of keys",
    array: "a list",
};

function kind({ expected, path }: z.core.$ZodIssueInvalidType, root: unknown): string {
    const example = exampleAt(path, root);
    return `${kinds[expected] ?? expected}${example === undefined ? "" : ` such as ${show(example)}`}`;
}

const oneOf = (values: readonly unknown[]) =>
    `${values.length > 1 ? "one of " : ""}${values.map((value) => JSON.stringify(value)).join(", ")}`;

function mismatch(allowed: string, input: unknown): string {
    return input === undefined ? `missing; it must be ${allowed}` : `must be ${allowed}, but is ${show(input)}`;
}

function show(input: unknown): string {
    const text = JSON.stringify(input) ?? String(input);
    return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** What zod says by default, rather than words of ours. */
const generic = /^(Invalid|Too (small|big)|Unrecognized)/;

function plain(issue: z.core.$ZodIssue): string {
    return issue.code === "too_small" || issue.code === "too_big" ? bound(issue) : issue.message;
}

function bound(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig): string {
    if (!generic.test(issue.message)) return issue.message;
    const [word, limit] = issue.code === "too_small" ? ["at least", issue.minimum] : ["at most", issue.maximum];
    return `${word} ${limit}${units[issue.origin]?.(Number(limit)) ?? ""}`;
}

/** What a limit counts, where it is not the value itself. */
const units: Record<string, (count: number) => string> = {
    string: (count) => (count === 1 ? " character long" : " characters long"),
    array: (count) => (count === 1 ? " entry" : " entries"),
};

/** Of a value that fits none of several forms: the problems with the form that it comes nearest to. */
function bestBranch({ errors }: z.core.$ZodIssueInvalidUnion): z.core.$ZodIssue[] {
    const wrongKind = (issues: z.core.$ZodIssue[]) =>
        issues.some(({ path, code }) => path.length === 0 && (code === "invalid_type" || code === "invalid_value"));
    const fitting = errors.filter((issues) => !wrongKind(issues));
    const [best = []] = (fitting.length > 0 ? fitting : errors).toSorted((a, b) => a.length - b.length);
    return best;
}

function unknownKey(path: readonly PropertyKey[], key: string, root: unknown): Problem {
    const known = knownKeys(path, root);
    const guess = nearest(key, known);
    return {
        path: [...path, key].join("."),
        message: `unknown key${guess ? `, did you mean "${guess}"?` : "."} Known here: ${known.join(", ")}`,
    };
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
    return path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], root);
}
