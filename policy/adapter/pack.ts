import { type Policies, PolicyPack, type ResourceValidationPolicy, type StackValidationPolicy } from "@pulumi/policy";
import { rules as allRules } from "../rules";
import { check, type Enforcement, type Rule, type Violation } from "../rules/rule";
import { showControl } from "../rules/standards";
import { dayOf } from "../settings";
import { toMessage } from "./message";
import { enforcementsOf, policyName } from "./names";
import { nothingFound } from "./quick";
import { Stack } from "./stack";

/** Name of the pack and of its page. */
const NAME = "istio-platform";

/**
 * The pack's policies: one that shows the rules what the program declares, one that applies them all, and for each rule
 * those that report what it found.
 *
 * @param today The day to judge exemptions by.
 */
export function createPolicies(rules: readonly Rule[] = allRules, today = dayOf(new Date())): Policies {
    const verdict = new Verdict(new Stack(today), rules);
    return [
        declaredObjects(verdict),
        wholeStack(verdict),
        ...rules.flatMap((rule) => enforcementsOf(rule).map((level) => report(rule, level, verdict))),
    ];
}

/** Serves the pack to the engine. */
export function createPack(): PolicyPack {
    return new PolicyPack(NAME, {
        displayName: "Istio platform",
        description: "Whole-stack rules: what would break requests, or open a door, is named before the deployment",
        enforcementLevel: "mandatory",
        policies: createPolicies(),
    });
}

/** What the rules say about the stack: worked out once, however many policies report it. */
class Verdict {
    private violations: ReadonlyMap<string, readonly Violation[]> | undefined;

    constructor(
        readonly stack: Stack,
        private readonly rules: readonly Rule[],
    ) {}

    judge(resources: Parameters<Stack["judged"]>[0]): void {
        const { mesh, settings } = this.stack.judged(resources);
        this.violations = new Map(this.rules.map((rule) => [rule.id, check(rule, mesh, settings)]));
    }

    /** What a rule found and this level has to report; undefined before the stack was judged. */
    of({ id }: Rule, level: Enforcement): readonly Violation[] | undefined {
        return this.violations?.get(id)?.filter(({ enforcement }) => enforcement === level);
    }
}

/** Reports nothing itself. */
function declaredObjects({ stack }: Verdict): ResourceValidationPolicy {
    return {
        name: "declared-objects",
        description: "Shows the other policies each object as the program declares it",
        enforcementLevel: "advisory",
        validateResource: (resource) => stack.declare(resource),
    };
}

/** Reports nothing itself. */
function wholeStack(verdict: Verdict): StackValidationPolicy {
    return {
        name: "whole-stack",
        description: "Applies every rule to the whole stack; the other policies report what they found",
        enforcementLevel: "advisory",
        validateStack: ({ resources }) => verdict.judge(resources),
    };
}

function report(rule: Rule, level: Enforcement, verdict: Verdict): StackValidationPolicy {
    const sources = rule.sources ?? [];
    const controls = (rule.standards ?? []).map(showControl);
    return {
        name: policyName(rule, level),
        displayName: rule.title,
        description: `Rule: ${rule.title}. Otherwise: ${rule.reason}`,
        enforcementLevel: level,
        severity: rule.severity,
        remediationSteps: rule.fix,
        tags: [...sources.filter((source) => !source.startsWith("https:")), ...controls],
        url: sources.find((source) => source.startsWith("https:")),
        validateStack: nothingFound(
            () => verdict.of(rule, level)?.length === 0,
            ({ resources }, say) => {
                // Somebody may have switched the policy off that judges the stack for all.
                if (!verdict.of(rule, level)) verdict.judge(resources);
                for (const violation of verdict.of(rule, level) ?? []) say(toMessage(violation), violation.source);
            },
        ),
    };
}
