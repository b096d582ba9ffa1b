import { isKnown } from "../../model/unknown";
import { at, type Rule } from "../rule";

export const destinationRuleHost: Rule = {
    id: "destination-rule-host",
    title: "A DestinationRule's host exists",
    reason: "The rule applies to nothing: no circuit breaker, no connection limits, and its subsets are unknown (503).",
    fix: "Set spec.host to a Service as `name` (same namespace) or `name.namespace.svc.cluster.local`.",
    severity: "high",
    enforcement: "mandatory",
    sources: ["E5", "C4", "C5 test 7"],
    *check(mesh) {
        for (const rule of mesh.destinationRules) {
            const { resolution, host } = rule;
            if (resolution.status !== "missing" || !isKnown(host)) continue;
            const completed = host.includes(".") ? "" : ` (it stands for ${resolution.fqdn})`;
            yield at(
                rule,
                "spec.host",
                `the host "${host}"${completed} is no Service and no ServiceEntry: the rule applies to nothing`,
                resolution.suggestion
                    ? `write "${resolution.suggestion}"`
                    : `declare the Service ${resolution.fqdn}, or remove the rule`,
            );
        }
    },
};
