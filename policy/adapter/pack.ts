import { type Policies, PolicyPack, type ResourceValidationPolicy, type StackValidationPolicy } from "@pulumi/policy";
import { rules as allRules } from "../rules";
import { check, type Rule } from "../rules/rule";
import { toMessage } from "./message";
import { Stack } from "./stack";

/** Name of the pack and of its page. */
const NAME = "istio-platform";

/** The pack's policies: one for each rule, and one that shows the rules what the program declares. */
export function createPolicies(rules: readonly Rule[] = allRules): Policies {
    const stack = new Stack();
    return [declaredObjects(stack), ...rules.map((rule) => toPolicy(rule, stack))];
}

/** Serves the pack to the engine. */
export function createPack(): PolicyPack {
    return new PolicyPack(NAME, {
        displayName: "Istio platform",
        description: "Whole-mesh rules: what would break requests after the deployment is named before it",
        enforcementLevel: "mandatory",
        policies: createPolicies(),
    });
}

/** Reports nothing itself. */
function declaredObjects(stack: Stack): ResourceValidationPolicy {
    return {
        name: "declared-objects",
        description: "Shows the other policies each object as the program declares it",
        enforcementLevel: "advisory",
        validateResource: (resource) => stack.declare(resource),
    };
}

function toPolicy(rule: Rule, stack: Stack): StackValidationPolicy {
    return {
        name: rule.id,
        displayName: rule.title,
        description: `Rule: ${rule.title}. Otherwise: ${rule.reason}`,
        enforcementLevel: rule.enforcement,
        severity: rule.severity,
        remediationSteps: rule.fix,
        tags: [...rule.sources.filter((source) => !source.startsWith("https:"))],
        url: rule.sources.find((source) => source.startsWith("https:")),
        validateStack: ({ resources }, report) => {
            for (const violation of check(rule, stack.mesh(resources))) report(toMessage(violation), violation.source);
        },
    };
}
