import type { Side } from "../side";

/** Something that a reviewer should know before agreeing: not wrong by itself. */
export interface Risk {
    /** Id of the rule that found it. */
    readonly rule: string;
    readonly severity: "high" | "medium" | "low";
    /** `Kind/namespace/name`. */
    readonly object: string;
    /** What may happen, with the numbers of both sides. */
    readonly text: string;
}

/** A small pure function: what is riskier in the change than in its base. */
export interface RiskRule {
    readonly id: string;
    /** One line: what it looks at. */
    readonly title: string;
    check(base: Side, change: Side): Iterable<Omit<Risk, "rule">>;
}

/** Facts of one side, by the object that they are about. */
export type Facts<T> = ReadonlyMap<string, T>;

/** Objects whose fact on the change's side is another one than on the base's; `before` is undefined for a new object. */
export function* differing<T>(
    before: Facts<T>,
    after: Facts<T>,
    isSame: (a: T, b: T) => boolean = (a, b) => JSON.stringify(a) === JSON.stringify(b),
): Iterable<{ object: string; before: T | undefined; after: T }> {
    for (const [object, fact] of after) {
        const old = before.get(object);
        if (old === undefined || !isSame(old, fact)) yield { object, before: old, after: fact };
    }
}

/** Risks of one rule in the same words, with all the objects that they are about. */
export interface RiskGroup extends Omit<Risk, "object"> {
    readonly objects: readonly string[];
}

/** Puts together what a report says of several objects in the same words. */
export function groupRisks(risks: readonly Risk[]): RiskGroup[] {
    const groups = new Map<string, Risk[]>();
    for (const risk of risks) {
        const key = JSON.stringify([risk.rule, risk.severity, risk.text]);
        groups.set(key, [...(groups.get(key) ?? []), risk]);
    }
    return [...groups.values()].map((group) => {
        const { rule, severity, text } = group[0]!;
        return { rule, severity, text, objects: group.map(({ object }) => object) };
    });
}
