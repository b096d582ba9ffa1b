import { type Enforcement, levelIn, type Rule } from "../rules/rule";
import { ENVIRONMENTS } from "../settings";

/** The levels at which a rule may have to report, the strictest first: a policy of Pulumi's has one level only. */
export function enforcementsOf(rule: Rule): Enforcement[] {
    const levels = ENVIRONMENTS.map((environment) => levelIn(rule, environment));
    return (["mandatory", "advisory"] as const).filter((level) => levels.includes(level));
}

/** Name of the policy that reports a rule's findings at a level: the rule's id, and for its second level `<id>-advice`. */
export function policyName(rule: Rule, level: Enforcement): string {
    return level === enforcementsOf(rule)[0] ? rule.id : `${rule.id}-advice`;
}
