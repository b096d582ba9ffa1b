import { z } from "zod";
import type { Enforcement, Severity } from "../../policy/rules/rule";
import { masked } from "./values";

/** What Pulumi's engine would do to a stack, read from the events of a preview. */
export interface Plan {
    /** Every resource that the program registered, and those in the state that it no longer does; by URN. */
    readonly resources: ReadonlyMap<string, PlannedResource>;
    readonly violations: readonly PlannedViolation[];
    /** Why the preview failed, one message each; empty when it succeeded or only the policies refused it. */
    readonly errors: readonly string[];
    /** Whether the program ran to its end, so that a resource that is missing is really gone. */
    readonly complete: boolean;
    /** Whether the policy pack judged the whole stack. */
    readonly judged: boolean;
    /** Whether the stack has a state: the operations then are those on what is deployed. */
    readonly deployed: boolean;
}

/** What would happen to one resource. */
export type Operation = "same" | "create" | "update" | "replace" | "delete" | "read";

export interface PlannedResource {
    readonly urn: string;
    readonly type: string;
    readonly name: string;
    readonly operation: Operation;
    /** What the program declares, secrets masked; of a deleted one what it declared before. */
    readonly inputs: Readonly<Record<string, unknown>>;
    /** Properties because of which the provider would replace it. */
    readonly replacing: readonly string[];
}

/** A violation of the policy pack as the engine reports it. */
export interface PlannedViolation {
    /** Id of the rule; of another pack the name of its policy. */
    readonly rule: string;
    readonly enforcement: Enforcement;
    readonly severity: Severity | undefined;
    /** `Kind/namespace/name`; of another pack the resource's name. */
    readonly object: string;
    readonly urn: string | undefined;
    readonly field: string;
    readonly message: string;
    readonly fix: string;
}

const state = z.looseObject({ inputs: z.record(z.string(), z.unknown()).nullish() });
const step = z.looseObject({
    op: z.string(),
    urn: z.string(),
    type: z.string(),
    old: state.nullish(),
    new: state.nullish(),
    keys: z.array(z.string()).nullish(),
    detailedDiff: z
        .record(z.string(), z.looseObject({ diffKind: z.string().optional(), kind: z.string().optional() }))
        .nullish(),
});
const event = z.looseObject({
    resourcePreEvent: z.looseObject({ metadata: step }).optional(),
    policyEvent: z
        .looseObject({
            resourceUrn: z.string().optional(),
            message: z.string(),
            policyName: z.string(),
            enforcementLevel: z.string(),
            severity: z.string().optional(),
        })
        .optional(),
    policyAnalyzeStackSummaryEvent: z.looseObject({}).optional(),
    diagnosticEvent: z
        .looseObject({ message: z.string(), severity: z.string(), urn: z.string().optional() })
        .optional(),
    summaryEvent: z.looseObject({ result: z.string().optional() }).optional(),
});

/** How a folder of the program is written in the plan, wherever the program lies. */
export interface PlanOptions {
    /** Folder of the program, taken out of every value: the base lies in another one than the change. */
    readonly directory?: string;
}

/**
 * Reads the events that `pulumi preview --json` streams with PULUMI_ENABLE_STREAMING_JSON_PREVIEW, one a line.
 * Lines that are no event are passed over.
 */
export function readPlan(lines: Iterable<string>, { directory }: PlanOptions = {}): Plan {
    const resources = new Map<string, PlannedResource>();
    const violations: PlannedViolation[] = [];
    const errors: string[] = [];
    let [judged, ended, failed, deployed] = [false, false, false, false];
    for (const line of lines) {
        const one = parse(line);
        if (!one) continue;
        if (one.resourcePreEvent) {
            const planned = readStep(one.resourcePreEvent.metadata, directory);
            deployed ||= planned.operation !== "create" && planned.operation !== "read";
            resources.set(planned.urn, merge(resources.get(planned.urn), planned));
        }
        if (one.policyEvent) violations.push(readViolation(one.policyEvent));
        if (one.policyAnalyzeStackSummaryEvent) judged = true;
        if (one.diagnosticEvent?.severity === "error") errors.push(plainText(one.diagnosticEvent.message));
        if (one.summaryEvent) [ended, failed] = [true, one.summaryEvent.result === "failed"];
    }
    const real = unique(errors.filter((message) => !isFollowUp(message)));
    const whole = ended && real.length === 0;
    return {
        ...{ resources, violations: unique(violations), judged: judged || violations.length > 0, deployed },
        errors:
            real.length > 0 || (ended && (!failed || violations.some(({ enforcement }) => enforcement === "mandatory")))
                ? real
                : [ended ? "the preview failed without saying why" : "the preview ended before it was complete"],
        complete: whole,
    };
}

function parse(line: string): z.output<typeof event> | undefined {
    if (!line.startsWith("{")) return undefined;
    try {
        return event.parse(JSON.parse(line));
    } catch {
        return undefined;
    }
}

const OPERATIONS: Readonly<Record<string, Operation>> = {
    same: "same",
    refresh: "same",
    create: "create",
    import: "create",
    update: "update",
    delete: "delete",
    "discard-replaced": "delete",
    read: "read",
    replace: "replace",
    "create-replacement": "replace",
    "import-replacement": "replace",
    "delete-replaced": "replace",
    "read-replacement": "replace",
};

function readStep({ op, urn, type, ...of }: z.output<typeof step>, directory: string | undefined): PlannedResource {
    const replacing = Object.entries(of.detailedDiff ?? {})
        .filter(([, { diffKind, kind }]) => (diffKind ?? kind ?? "").endsWith("-replace"))
        .map(([path]) => path);
    return {
        ...{ urn, type, name: urn.split("::").at(-1) ?? urn },
        operation: OPERATIONS[op] ?? "update",
        inputs: masked(type, of.new?.inputs ?? of.old?.inputs ?? {}, directory),
        replacing: replacing.length > 0 ? replacing : (of.keys ?? []),
    };
}

/** A replacement is several steps on one URN: the new resource is what counts. */
function merge(before: PlannedResource | undefined, after: PlannedResource): PlannedResource {
    if (!before) return after;
    if (before.operation !== "replace" && after.operation !== "replace") return after;
    const replacing = unique([...before.replacing, ...after.replacing]);
    return { ...before, operation: "replace", replacing };
}

/** `object, field: message.\nFix: fix.`, as the project's own pack writes it. */
const VIOLATION = /^(?<object>\w+\/[^,\s]+), (?<field>[^:]+?): (?<message>[^]*?)\.\nFix: (?<fix>[^]*?)\.?\s*$/;

interface PolicyEvent {
    resourceUrn?: string | undefined;
    message: string;
    policyName: string;
    enforcementLevel: string;
    severity?: string | undefined;
}

function readViolation({
    message,
    policyName,
    enforcementLevel,
    severity,
    resourceUrn,
}: PolicyEvent): PlannedViolation {
    const text = plainText(message);
    // The engine puts the policy's description before the message.
    const own = VIOLATION.exec(text.slice(Math.max(0, text.search(/^\w+\/[^,\s]+, /m))))?.groups;
    return {
        rule: policyName.replace(/-advice$/, ""),
        enforcement: enforcementLevel === "mandatory" ? "mandatory" : "advisory",
        severity: (["critical", "high", "medium", "low"] as const).find((one) => one === severity),
        object: own?.["object"] ?? resourceUrn?.split("::").at(-1) ?? "(stack)",
        urn: resourceUrn,
        field: own?.["field"] ?? "",
        message: own?.["message"] ?? text,
        fix: own?.["fix"] ?? "",
    };
}

/** Errors that only say that there were others. */
function isFollowUp(message: string): boolean {
    return /^(preview failed|update failed|.*policy violations? occurred|Preview failed)\b/i.test(message.trim());
}

/** Without Pulumi's colour tags, terminal colours and empty ends. */
function plainText(text: string): string {
    return text.replaceAll(/<\{%.*?%\}>|\u001b\[[\d;]*m/g, "").trim();
}

function unique<T>(values: readonly T[]): T[] {
    return [...new Map(values.map((value) => [JSON.stringify(value), value])).values()];
}
