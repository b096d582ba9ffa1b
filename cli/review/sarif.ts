import { type BaselineState, type SarifFinding, toSarif } from "../../policy/manifests/sarif";
import { rules } from "../../policy/rules";
import type { Locator } from "./locate";
import type { PlannedViolation } from "./plan";
import type { PolicyComparison } from "./violations";

/** The policy pack's verdict for a code host: each violation at the component that declares the resource. */
export function reviewSarif({ added, unchanged, fixed }: PolicyComparison, locator: Locator): object {
    const findings = [
        ...added.map((violation) => toFinding(violation, "new", locator)),
        ...unchanged.map((violation) => toFinding(violation, "unchanged", locator)),
        ...fixed.map((violation) => toFinding(violation, "absent", locator)),
    ];
    return toSarif(
        { findings, problems: [] },
        rules.filter(({ id }) => findings.some(({ rule }) => rule === id)),
    );
}

function toFinding(violation: PlannedViolation, baselineState: BaselineState, locator: Locator): SarifFinding {
    const { urn, severity, ...rest } = violation;
    return {
        ...rest,
        severity: severity ?? "medium",
        source: urn,
        place: { ...locator.of(urn), column: 1 },
        baselineState,
    };
}
