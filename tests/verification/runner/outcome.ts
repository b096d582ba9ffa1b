import type { FailureDetails } from "../failure";
import type { Check, Spec } from "../spec";

/** What became of one check. */
export interface Outcome {
    spec: Spec;
    check: Check;
    status: "passed" | "failed" | "skipped";
    /** Milliseconds that the check itself took. */
    durationMs: number;
    /** Why it was skipped. */
    reason?: string;
    failure?: FailureDetails;
    /** Files of the evidence folder, relative to the report's folder. */
    evidence: string[];
}
