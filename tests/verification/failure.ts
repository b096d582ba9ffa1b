/** A check that went red: everything a reader needs to act on it. */

export interface FailureDetails {
    /** What the configuration declares. */
    expected: string;
    /** What was observed: counts, status codes, pods. */
    seen: string;
    /** The likely cause. */
    cause: string;
    /** What to do about it. */
    action: string;
    /** Further files for the evidence folder: name to content. */
    evidence?: Readonly<Record<string, string>>;
}

export class CheckFailure extends Error {
    override readonly name = "CheckFailure";

    constructor(readonly details: FailureDetails) {
        super(`expected ${details.expected}; seen: ${details.seen}`);
    }
}

/** The details of any error: one that is not a {@link CheckFailure} means that the check could not be made. */
export function failureDetails(error: unknown): FailureDetails {
    if (error instanceof CheckFailure) return error.details;
    const text = error instanceof Error ? error.message : String(error);
    return {
        expected: "that the check can be made",
        seen: text,
        cause: "the cluster, a pod or a proxy did not answer as the check needs it",
        action: "look at the error and the evidence; a check that cannot be made counts as failed",
        evidence: error instanceof Error && error.stack ? { "error.txt": error.stack } : {},
    };
}
