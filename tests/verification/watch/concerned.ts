import type { Spec } from "../spec";
import type { Target } from "../target/target";
import type { ChangedObject } from "./objects";

/** Istio's root namespace: what lies there concerns the whole mesh. */
const rootNamespace = "istio-system";

/**
 * The specs that a change of objects concerns: those whose evidence lies in the objects' namespaces or in the whole cluster,
 * and those that look at no particular object but at the mesh as a whole. Every spec, where an object lies in the root namespace or in one
 * that no spec names.
 */
export async function concernedByObjects(
    specs: readonly Spec[],
    objects: readonly ChangedObject[],
    target: Target,
): Promise<Spec[]> {
    const namespaces = await Promise.all(
        specs.map(async (spec) => {
            const { objects: named = [] } = await spec.evidence(target).catch(() => ({ objects: undefined }));
            return new Set(named.map(({ namespace }) => namespace));
        }),
    );
    const global = objects.some(
        ({ namespace }) => namespace === rootNamespace || !namespaces.some((named) => named.has(namespace)),
    );
    if (global) return [...specs];
    return specs.filter((_, index) => {
        const named = namespaces[index]!;
        return named.size === 0 || named.has("") || objects.some(({ namespace }) => named.has(namespace));
    });
}

/** Longest time of a spec, in milliseconds, that is run again after every change. */
export const quickLimit = 2_500;

/**
 * Divides specs into those that are run again after a change, and those that are left out because declared waits (an
 * ejection, a time-out) make them long. One that has never run counts as quick.
 */
export function divide(specs: readonly Spec[], lasted: ReadonlyMap<string, number>): { quick: Spec[]; long: Spec[] } {
    const isQuick = ({ name }: Spec): boolean => (lasted.get(name) ?? 0) <= quickLimit;
    return { quick: specs.filter(isQuick), long: specs.filter((spec) => !isQuick(spec)) };
}
