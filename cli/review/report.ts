import type { BehaviourComparison } from "./behaviour/report";
import type { ResourceChanges } from "./compare";
import type { CostComparison } from "./costs";
import type { Risk } from "./risks/risk";
import type { PolicyComparison } from "./violations";

/** Everything that a review says, whatever form it is written in. */
export interface Review {
    readonly stack: string;
    readonly base: Revision;
    readonly change: Revision;
    /** ISO 8601. */
    readonly takenAt: string;
    readonly resources: ResourceChanges;
    /** What the operations rest on: the stack's state, or the two plans alone. */
    readonly against: "state" | "plans";
    /** Why a preview failed, by side. */
    readonly errors: { readonly base: readonly string[]; readonly change: readonly string[] };
    readonly policy: PolicyComparison;
    readonly risks: readonly Risk[];
    readonly cost: CostComparison | undefined;
    /** Undefined where it was not measured. */
    readonly behaviour: BehaviourComparison | undefined;
    /** What is not the official product. */
    readonly provenance: readonly string[];
}

/** A state of the program. */
export interface Revision {
    /** As the user named it: `main`, or `working tree`. */
    readonly name: string;
    /** Commit, abbreviated; with `+` where files differ from it. */
    readonly commit: string;
}

/** Whether the change may be deployed as far as the review can tell. */
export function isAcceptable({ policy, errors, behaviour }: Review): boolean {
    return policy.passes && errors.change.length === 0 && behaviour?.problem === undefined;
}
