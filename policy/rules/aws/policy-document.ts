import type { Field } from "../../model/field";
import { UNKNOWN, type Unknown } from "../../model/unknown";

/** A statement of a policy in JSON. */
export interface Statement {
    readonly effect: string;
    readonly actions: readonly string[];
    readonly resources: readonly string[];
    /** Names of the principals, of whichever kind; `*`: everybody. */
    readonly principals: readonly string[];
    readonly condition: unknown;
}

interface Written {
    Effect?: unknown;
    Action?: unknown;
    Resource?: unknown;
    Principal?: unknown;
    Condition?: unknown;
}

/** The statements of a policy, given as JSON text or as an object; UNKNOWN: not known yet, or not to be read. */
export function statementsOf(policy: Field): readonly Statement[] | Unknown {
    const document = read(policy);
    if (document === UNKNOWN || containsUnknown(document)) return UNKNOWN;
    const statements = (document as { Statement?: unknown } | null)?.Statement;
    return asList(statements)
        .filter((statement): statement is Written => typeof statement === "object" && statement !== null)
        .map(({ Effect, Action, Resource, Principal, Condition }) => ({
            effect: String(Effect),
            actions: asList(Action).map(String),
            resources: asList(Resource).map(String),
            principals:
                typeof Principal === "object" && Principal !== null
                    ? Object.values(Principal).flatMap(asList).map(String)
                    : asList(Principal).map(String),
            condition: Condition,
        }));
}

function read({ value }: Field): unknown {
    if (typeof value !== "string") return value ?? UNKNOWN;
    try {
        return JSON.parse(value);
    } catch {
        return UNKNOWN;
    }
}

function asList(value: unknown): unknown[] {
    return value === undefined || value === null ? [] : Array.isArray(value) ? value : [value];
}

function containsUnknown(value: unknown): boolean {
    if (value === UNKNOWN) return true;
    return typeof value === "object" && value !== null && Object.values(value).some(containsUnknown);
}
