import { isExpired } from "../settings";
import { at, type Rule } from "./rule";

export const expiredExemption: Rule = {
    id: "expired-exemption",
    title: "No exemption of a rule has outlived its date",
    reason: "An exemption is a decision for a time: after it nobody knows whether its reason still holds, and the rule speaks again.",
    fix: "Mend what was exempt and remove the exemption, or decide anew with another date.",
    severity: "medium",
    enforcement: "mandatory",
    sources: ["the exemptions of this pack"],
    *check(_, settings) {
        for (const [index, exemption] of settings.exemptions.entries()) {
            if (!isExpired(exemption, settings)) continue;
            const { rule, resource, reason, expires } = exemption;
            yield at(
                { id: `Exemption/${rule}`, source: undefined },
                `policy.exemptions[${index}].expires`,
                `the exemption of ${resource} from ${rule} ended on ${expires} ("${reason}")`,
                "mend what was exempt and remove the exemption, or decide anew with another date",
            );
        }
    },
};
