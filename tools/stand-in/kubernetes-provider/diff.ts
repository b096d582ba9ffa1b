import { containsUnknown, equal, formatPath, isObject, Json, JsonObject, Path } from "../common/values";
import { ErrorCause } from "./api/errors";
import { annotation, groupKind, textField } from "./objects";
import { AUTONAMED } from "./annotations";

/** A property that differs between two versions of a resource's inputs. */
export interface PropertyChange {
    path: Path;
    kind: "add" | "delete" | "update";
}

/** The properties that differ, deepest objects first resolved; lists are compared item by item. */
export function propertyChanges(before: Json | undefined, after: Json | undefined, path: Path = []): PropertyChange[] {
    if (equal(before, after) && !containsUnknown(after)) return [];
    if (isObject(before) && isObject(after)) {
        const keys = new Set([...Object.keys(before), ...Object.keys(after)].filter((key) => !key.startsWith("__")));
        return [...keys].flatMap((key) => propertyChanges(before[key], after[key], [...path, key]));
    }
    if (Array.isArray(before) && Array.isArray(after)) {
        const length = Math.max(before.length, after.length);
        return Array.from({ length }, (_, index) =>
            propertyChanges(before[index], after[index], [...path, index]),
        ).flat();
    }
    return [{ path, kind: before === undefined ? "add" : after === undefined ? "delete" : "update" }];
}

/** Fields that identify an object: another value is another object. */
const IDENTITY = [/^kind$/, /^metadata\.name$/, /^metadata\.namespace$/];

const POD_TEMPLATE_OWNER = [/^spec\.selector\b/];

/** Fields that the API server never lets change, by kind; for these no question to it is needed. */
const IMMUTABLE: Readonly<Record<string, readonly RegExp[]>> = {
    "apps/Deployment": POD_TEMPLATE_OWNER,
    "apps/DaemonSet": POD_TEMPLATE_OWNER,
    "apps/StatefulSet": [...POD_TEMPLATE_OWNER, /^spec\.(serviceName|podManagementPolicy|volumeClaimTemplates)\b/],
    "batch/Job": [/^spec\.(selector|template|completionMode)\b/],
    Secret: [/^type$/],
    "rbac.authorization.k8s.io/RoleBinding": [/^roleRef\b/],
    "rbac.authorization.k8s.io/ClusterRoleBinding": [/^roleRef\b/],
    "storage.k8s.io/StorageClass": [/^(provisioner|parameters|reclaimPolicy|volumeBindingMode)\b/],
};

/** The changes that make another object necessary, as far as can be told without the API server. */
export function replacingChanges(
    inputs: JsonObject,
    before: JsonObject,
    changes: readonly PropertyChange[],
): PropertyChange[] {
    const group = (object: JsonObject) =>
        groupKind({ apiVersion: String(object["apiVersion"] ?? ""), kind: String(object["kind"] ?? "") });
    const rules = [
        ...IDENTITY,
        ...(group(inputs) === group(before) ? [] : [/^apiVersion$/]),
        ...(IMMUTABLE[group(inputs)] ?? []),
    ];
    return changes.filter(({ path }) => rules.some((rule) => rule.test(formatPath(path))));
}

/** True when the API server's refusal means that the object cannot be changed in this way, only made anew. */
export function isImmutableRefusal(status: number, message: string): boolean {
    return (
        (status === 422 || status === 403) &&
        /immutable|may not (be )?changed?\b|cannot change|forbidden: (updates|pod updates|may not)|updates to .* forbidden/i.test(
            message,
        )
    );
}

/** The changes that a refusal is about: those at or under a field that it names, or all when it names none of them. */
export function refusedChanges(
    changes: readonly PropertyChange[],
    causes: readonly ErrorCause[],
): readonly PropertyChange[] {
    const named = changes.filter(({ path }) => {
        const text = formatPath(path);
        return causes.some(
            ({ field }) =>
                field !== "" && (text === field || text.startsWith(`${field}.`) || text.startsWith(`${field}[`)),
        );
    });
    return named.length > 0 ? named : changes;
}

/** True when the old object must be gone before the new one can be made: both have the same name. */
export function mustDeleteFirst(before: JsonObject, after: JsonObject): boolean {
    if (annotation(after, AUTONAMED) === "true") return false;
    const same = (key: string) => textField(before["metadata"], key) === textField(after["metadata"], key);
    return same("name") && same("namespace") && before["kind"] === after["kind"];
}
