import type { CheckName } from "./checks";

/** What a run of the suite says about a mutation. */
export type Verdict =
    /** Red is exactly what had to be. */
    | { kind: "killed" }
    /** Nothing is red, and nothing had to be. */
    | { kind: "quiet" }
    /** Nothing is red although something had to be. */
    | { kind: "survived"; missing: CheckName[] }
    /** Something is red, but not exactly what had to be. */
    | { kind: "inexact"; missing: CheckName[]; unexpected: CheckName[] }
    /** Something is red although the change is equivalent. */
    | { kind: "false alarm"; unexpected: CheckName[] }
    /** The mutation could not be made, or did not come into force: nothing is known. */
    | { kind: "not made"; reason: string };

/**
 * Compares the red checks with those that had to be red.
 *
 * @param allowed Checks that chance decides on: red or not, they are right.
 */
export function judge(
    expected: ReadonlySet<CheckName>,
    red: ReadonlySet<CheckName>,
    allowed: ReadonlySet<CheckName> = new Set(),
): Verdict {
    const missing = [...expected].filter((name) => !red.has(name));
    const unexpected = [...red].filter((name) => !expected.has(name) && !allowed.has(name));
    if (expected.size === 0) return red.size === 0 ? { kind: "quiet" } : { kind: "false alarm", unexpected };
    if (red.size === 0) return { kind: "survived", missing };
    if (missing.length === 0 && unexpected.length === 0) return { kind: "killed" };
    return { kind: "inexact", missing, unexpected };
}

/** Whether the suite did what it had to do. */
export const isRight = ({ kind }: Verdict): boolean => kind === "killed" || kind === "quiet";

/** The verdict in one or more lines. */
export function explain(verdict: Verdict): string[] {
    const lines = verdict.kind === "not made" ? [verdict.reason] : [];
    if ("missing" in verdict && verdict.missing.length > 0)
        lines.push(`not red although it had to be: ${verdict.missing.join(", ")}`);
    if ("unexpected" in verdict && verdict.unexpected.length > 0)
        lines.push(`red although it must not be: ${verdict.unexpected.join(", ")}`);
    return lines;
}
