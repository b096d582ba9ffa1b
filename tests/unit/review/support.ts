import { readPlan, type Plan } from "../../../cli/review/plan";

/** Events of Pulumi's engine, as a preview streams them. */

export interface Step {
    urn: string;
    op?: string;
    old?: Record<string, unknown>;
    new?: Record<string, unknown>;
    detailedDiff?: Record<string, { diffKind: string }>;
}

export const urn = (types: string, name: string): string => `urn:pulumi:local::istio-platform::${types}::${name}`;

/** URN of a Kubernetes object in a component. */
export const inComponent = (component: string, type: string, name: string): string =>
    urn(`istio-platform:${component}$kubernetes:${type}`, name);

export function step({ urn: of, op = "create", old, new: now, detailedDiff }: Step): object {
    const type = of.split("::")[2]!.split("$").at(-1)!;
    return {
        resourcePreEvent: {
            metadata: {
                ...{ op, urn: of, type },
                old: old ? { inputs: old } : null,
                new: now ? { inputs: now } : null,
                detailedDiff: detailedDiff ?? null,
            },
            planning: true,
        },
    };
}

export interface Violation {
    rule: string;
    message: string;
    urn?: string;
    level?: "mandatory" | "advisory";
}

export function policyEvent({ rule, message, urn: of, level = "mandatory" }: Violation): object {
    return {
        policyEvent: {
            ...{ policyName: rule, message, enforcementLevel: level, severity: "high" },
            ...(of !== undefined && { resourceUrn: of }),
        },
    };
}

export const judged = { policyAnalyzeStackSummaryEvent: { policyPackName: "istio-platform" } };
export const summary = (result = "succeeded") => ({ summaryEvent: { result, isPreview: true } });
export const failure = (message: string) => ({ diagnosticEvent: { message, severity: "error" } });

/** A plan of these events, which ran to its end. */
export function plan(...events: object[]): Plan {
    return planOf([...events, judged, summary()]);
}

export const planOf = (events: readonly object[], directory?: string): Plan =>
    readPlan(
        events.map((event) => JSON.stringify(event)),
        directory === undefined ? {} : { directory },
    );
