import type { Plan, PlannedViolation } from "./plan";

/** The policy pack's verdict on a change, beside that on its base. */
export interface PolicyComparison {
    readonly added: readonly PlannedViolation[];
    readonly fixed: readonly PlannedViolation[];
    readonly unchanged: readonly PlannedViolation[];
    /** Why a side has no verdict, or only a part of one; empty where both are whole. */
    readonly reservations: readonly string[];
    /** Whether the change may be deployed: judged as a whole, and nothing mandatory is violated. */
    readonly passes: boolean;
}

/**
 * Which violations a change brings, which it mends, and which stay. A violation is the same one when rule and object are:
 * its words may change with numbers in it. Several of one rule at one object are told apart by field, then by their number.
 */
export function compareViolations(base: Plan, change: Plan): PolicyComparison {
    const [before, after] = [keyed(base.violations), keyed(change.violations)];
    const added = [...after].filter(([key]) => !before.has(key)).map(([, one]) => one);
    const gone = [...before].filter(([key]) => !after.has(key)).map(([, one]) => one);
    const unchanged = [...after].filter(([key]) => before.has(key)).map(([, one]) => one);
    const whole = change.complete && change.judged;
    return {
        added: added.sort(byWeight),
        // What a plan that stopped half-way did not come to is not mended.
        fixed: whole ? gone.sort(byWeight) : [],
        unchanged: unchanged.sort(byWeight),
        reservations: [
            ...reservation("The base", base, "what is called new may be old"),
            ...reservation("The change", change, "there may be violations that are not shown"),
        ],
        passes: whole && change.violations.every(({ enforcement }) => enforcement !== "mandatory"),
    };
}

function reservation(side: string, { complete, judged }: Plan, consequence: string): string[] {
    if (complete && judged) return [];
    const what = judged
        ? "was judged only in part, since its preview failed"
        : "was not judged, since its preview failed";
    return [`${side} ${what}: ${consequence}.`];
}

function keyed(violations: readonly PlannedViolation[]): Map<string, PlannedViolation> {
    const result = new Map<string, PlannedViolation>();
    for (const violation of violations) {
        const { rule, object, field } = violation;
        // Positions in lists move when something is added before them.
        const place = field.replaceAll(/\[\d+\]/g, "[]");
        let number = 0;
        while (result.has(`${rule} ${object} ${place} ${number}`)) number++;
        result.set(`${rule} ${object} ${place} ${number}`, violation);
    }
    return result;
}

const SEVERITIES = ["critical", "high", "medium", "low"];

function byWeight(a: PlannedViolation, b: PlannedViolation): number {
    const rank = ({ severity }: PlannedViolation) => SEVERITIES.indexOf(severity ?? "low");
    return (
        Number(b.enforcement === "mandatory") - Number(a.enforcement === "mandatory") ||
        rank(a) - rank(b) ||
        (a.rule < b.rule ? -1 : a.rule > b.rule ? 1 : 0)
    );
}
