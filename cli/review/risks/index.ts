import type { Side } from "../side";
import { plainText, podNetwork, reach } from "./access";
import { blastRadius, capacity, disruption, egress, entrance, exemptions } from "./platform";
import type { Risk, RiskRule } from "./risk";
import { emptyPool, faultInjected, retriesCutOff, retryLoad, timeoutGone, trafficJump } from "./traffic";

/** Every rule about risks, in the order in which a review shows risks of equal severity. */
export const riskRules: readonly RiskRule[] = [
    ...[plainText, reach, podNetwork, entrance, egress, exemptions],
    ...[faultInjected, trafficJump, retriesCutOff, retryLoad, timeoutGone, emptyPool],
    ...[blastRadius, capacity, disruption],
];

const SEVERITIES = ["high", "medium", "low"];

/** What is riskier in the change than in its base, the gravest first. Deterministic. */
export function risksOf(base: Side, change: Side, rules: readonly RiskRule[] = riskRules): Risk[] {
    return rules
        .flatMap((rule) => [...rule.check(base, change)].map((risk) => ({ rule: rule.id, ...risk })))
        .map((risk, index) => ({ risk, index }))
        .sort((a, b) => SEVERITIES.indexOf(a.risk.severity) - SEVERITIES.indexOf(b.risk.severity) || a.index - b.index)
        .map(({ risk }) => risk);
}
