import type { Field } from "../../model/field";
import { at, type Rule } from "../rule";
import { istioSecurity, nsaCisa } from "../standards";

export const wildcardAuthorization: Rule = {
    id: "wildcard-authorization",
    title: "No AuthorizationPolicy lets everybody in",
    reason: "A rule that asks for nothing allows every request, whatever the other policies of the workload say.",
    fix: "Name principals, namespaces, paths or methods in the rule.",
    severity: "high",
    enforcement: "mandatory",
    sources: ["S4"],
    standards: [istioSecurity("Authorization policies"), nsaCisa("Authentication and authorization")],
    *check(mesh) {
        for (const policy of mesh.ofKind("AuthorizationPolicy", "security.istio.io")) {
            const spec = policy.root.get("spec");
            const action = spec.get("action");
            if (action.isUnknown || (action.isSet && action.value !== "ALLOW")) continue;
            for (const rule of spec.get("rules").items()) {
                if (rule.isUnknown) continue;
                const asksNothing = rule.keys().length === 0;
                const wildcard = onlyAnybody(rule);
                if (asksNothing)
                    yield at(policy, rule, "the rule allows every request", "name who may do what in the rule");
                else if (wildcard)
                    yield at(policy, wildcard, 'the rule allows "*", which is everybody', "name the callers");
            }
        }
    },
};

/** What can narrow a source. */
const SOURCES = ["principals", "namespaces", "requestPrincipals", "ipBlocks", "remoteIpBlocks"] as const;

/** The source of a rule whose only condition is a caller of any name. */
function onlyAnybody(rule: Field): Field | undefined {
    if (rule.get("to").isSet || rule.get("when").isSet || rule.get("from").isPartial) return undefined;
    return rule
        .get("from")
        .items()
        .map((from) => from.get("source"))
        .find((source) => {
            const keys = source.keys();
            return (
                !source.isUnknown &&
                keys.length > 0 &&
                keys.every(
                    (key) =>
                        (SOURCES as readonly string[]).includes(key) &&
                        source
                            .get(key)
                            .items()
                            .some(({ value }) => value === "*"),
                )
            );
        });
}
