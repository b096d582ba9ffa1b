import { parse } from "yaml";
import { fieldDifferences } from "../../tests/verification/proxy-views/difference";
import { componentOf } from "./components";
import { dataHeldBy } from "./data";
import type { Plan, PlannedResource } from "./plan";
import { forcesReplacement } from "./replacement";

/** What a change does to a resource, compared with the base. */
export interface ResourceChange {
    readonly urn: string;
    readonly type: string;
    readonly name: string;
    /** Outermost component of the program, `apps:Ecommerce`. */
    readonly component: string;
    readonly kind: "created" | "changed" | "replaced" | "deleted";
    /** What is lost when it is deleted or replaced: `a database`. */
    readonly holds?: string;
    /** What is declared differently; empty for what is created or deleted. */
    readonly fields: readonly ChangedField[];
    /** Paths because of which it is replaced. */
    readonly because: readonly string[];
    /** Who says that it is replaced: the provider, or without a state the table of fields that cannot change. */
    readonly by?: "provider" | "table";
}

export interface ChangedField {
    readonly path: string;
    readonly before: unknown;
    readonly after: unknown;
}

export interface ResourceChanges {
    readonly changes: readonly ResourceChange[];
    /** Resources of the change's plan that are as in the base. */
    readonly unchanged: number;
    /** Resources that base and change would touch alike: deployed things that have drifted, or commits not yet deployed. */
    readonly pending: number;
}

/**
 * What a change does to the resources, compared with what its base does: from the plans of both, against the same state.
 * A plan that stopped half-way says nothing about what it did not come to: no resource counts as deleted then.
 */
export function compareResources(base: Plan, change: Plan): ResourceChanges {
    const changes: ResourceChange[] = [];
    let [unchanged, pending] = [0, 0];
    for (const urn of new Set([...base.resources.keys(), ...change.resources.keys()])) {
        const [before, after] = [present(base, urn), present(change, urn)];
        const compared = compare(before, after, base, change);
        if (compared) changes.push(compared);
        else if (after) {
            unchanged++;
            if (["create", "update", "replace"].includes(after.operation) && change.deployed) pending++;
        }
    }
    return { changes: changes.sort(byWeight), unchanged, pending };
}

/** What a plan leaves there of a resource: undefined where it deletes it or does not have it. */
function present(plan: Plan, urn: string): PlannedResource | undefined {
    const resource = plan.resources.get(urn);
    return resource?.operation === "delete" ? undefined : resource;
}

function compare(
    before: PlannedResource | undefined,
    after: PlannedResource | undefined,
    base: Plan,
    change: Plan,
): ResourceChange | undefined {
    const either = after ?? before;
    if (!either) return undefined;
    const { urn, type, name } = either;
    const holds = dataHeldBy(type);
    const about = { urn, type, name, component: componentOf(urn), fields: [], because: [], ...(holds && { holds }) };
    if (!after) return change.complete ? { ...about, kind: "deleted" } : undefined;
    if (!before) return base.complete ? { ...about, kind: "created" } : undefined;
    const fields = changedFields(before.inputs, after.inputs);
    if (after.operation === "replace" && before.operation !== "replace")
        return { ...about, kind: "replaced", fields, because: after.replacing, by: "provider" };
    if (fields.length === 0) return undefined;
    // With a state the provider has been asked; what is created there now is new, not replaced.
    const because =
        change.deployed && after.operation !== "create"
            ? []
            : fields.map(({ path }) => path).filter((path) => forcesReplacement(type, path));
    return because.length > 0
        ? { ...about, kind: "replaced", fields, because, by: "table" }
        : { ...about, kind: "changed", fields };
}

/** What differs, down to the single field; also in texts that are YAML or JSON of several lines, as ConfigMaps hold them. */
export function changedFields(before: unknown, after: unknown): ChangedField[] {
    return fieldDifferences("", before, after).flatMap(({ path, before, after }): ChangedField[] => {
        const [old, now] = [structureIn(before), structureIn(after)];
        if (!old || !now) return [{ path, before, after }];
        const inside = fieldDifferences("", old, now).map((one) => ({
            ...{ path: `${path} > ${one.path}`, before: one.before, after: one.after },
        }));
        // Only its layout or its comments differ.
        return inside.length > 0 ? inside : [{ path, before, after }];
    });
}

function structureIn(value: unknown): object | undefined {
    if (typeof value !== "string" || !value.includes("\n")) return undefined;
    try {
        const parsed: unknown = parse(value);
        return typeof parsed === "object" && parsed !== null ? parsed : undefined;
    } catch {
        return undefined;
    }
}

const KINDS = ["deleted", "replaced", "changed", "created"] as const;

/** Whether something is lost by a change. */
export function losesData({ kind, holds }: ResourceChange): boolean {
    return holds !== undefined && (kind === "deleted" || kind === "replaced");
}

function byWeight(a: ResourceChange, b: ResourceChange): number {
    return (
        Number(losesData(b)) - Number(losesData(a)) ||
        KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) ||
        compareText(a.component, b.component) ||
        compareText(a.type, b.type) ||
        compareText(a.name, b.name)
    );
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
