/**
 * A value that cannot be known yet: during a preview Pulumi knows some outputs only after the update.
 * Rules never report on an unknown value and never treat it as absent.
 */
export const UNKNOWN: unique symbol = Symbol.for("istio-platform.policy.unknown");
export type Unknown = typeof UNKNOWN;

/** A field as the model keeps it: its value, not known yet, or absent. */
export type Maybe<T> = T | Unknown | undefined;

/** Whether a field is both present and known. */
export function isKnown<T>(value: Maybe<T>): value is T {
    return value !== undefined && value !== UNKNOWN;
}

/** Answer to a question about values some of which may be unknown. */
export type Answer = "yes" | "no" | "maybe";

/** `yes` when every answer is, `no` when one is, else `maybe`. */
export function all(answers: Iterable<Answer>): Answer {
    let result: Answer = "yes";
    for (const answer of answers) {
        if (answer === "no") return "no";
        if (answer === "maybe") result = "maybe";
    }
    return result;
}

/** `yes` when one answer is, `no` when every one is, else `maybe`. */
export function any(answers: Iterable<Answer>): Answer {
    let result: Answer = "no";
    for (const answer of answers) {
        if (answer === "yes") return "yes";
        if (answer === "maybe") result = "maybe";
    }
    return result;
}

/** Whether two fields hold the same value. Two absent fields are equal. */
export function same<T>(left: Maybe<T>, right: Maybe<T>): Answer {
    if (left === UNKNOWN || right === UNKNOWN) return "maybe";
    return left === right ? "yes" : "no";
}
