import { showLabels } from "../../model/labels";
import type { Mesh } from "../../model/mesh";
import type { Service } from "../../model/service";
import { type Labels, label } from "../../model/labels";
import { isKnown, same, UNKNOWN } from "../../model/unknown";
import { at, type Rule } from "../rule";

export const serviceSelector: Rule = {
    id: "service-selector",
    title: "A Service's selector selects the pods of a workload",
    reason: "The Service has no endpoints: every request to it is answered 503, no healthy upstream.",
    fix: "Give the selector and the pod template's labels the same values.",
    severity: "critical",
    enforcement: "mandatory",
    sources: ["C8 problem 2", "C5 test 3"],
    *check(mesh) {
        for (const service of mesh.services) {
            if (service.selector === undefined || service.selector === UNKNOWN || service.type === "ExternalName")
                continue;
            if (service.workloads.length > 0 || mesh.isOpaque(service.namespace)) continue;
            const near = nearest(mesh, service);
            yield at(
                service,
                "spec.selector",
                `no workload of the namespace ${String(service.namespace)} has pods with the labels ${showLabels(service.selector)}: the Service has no endpoints`,
                near
                    ? `${near.id} comes closest, its pods carry ${showLabels(relevant(near.labels, service.selector))}: make the two equal`
                    : "set the selector to labels in the pod template of the workload that should answer, and deploy that workload in the same namespace",
            );
        }
    },
};

/** The workload of the namespace that carries most of the selector's labels or keys. */
function nearest(mesh: Mesh, service: Service): Mesh["workloads"][number] | undefined {
    const selector = Object.entries(service.selector as Exclude<Labels, typeof UNKNOWN>);
    const scored = mesh.workloads
        .filter(({ namespace }) => same(namespace, service.namespace) === "yes")
        .map((workload) => ({
            workload,
            score:
                selector.reduce((sum, [key, value]) => sum + closeness(label(workload.labels, key), value), 0) +
                (workload.name === service.name ? 1 : 0),
        }))
        .filter(({ score }) => score > 0)
        .sort((left, right) => right.score - left.score);
    return scored[0]?.workload;
}

function closeness(actual: ReturnType<typeof label>, wanted: unknown): number {
    if (!isKnown(actual)) return 0;
    return actual === wanted ? 2 : 0.5;
}

/** The labels under the selector's keys, or all of them when none of the keys is there. */
function relevant(labels: Labels, selector: Labels): Labels {
    if (labels === UNKNOWN || selector === UNKNOWN) return labels;
    const chosen = Object.fromEntries(Object.entries(labels).filter(([key]) => key in selector));
    return Object.keys(chosen).length > 0 ? chosen : labels;
}
