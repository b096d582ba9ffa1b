import { selects, showLabels } from "../../model/labels";
import type { DestinationRule } from "../../model/destination-rule";
import { sameHost } from "../../model/host";
import type { Mesh } from "../../model/mesh";
import { UNKNOWN } from "../../model/unknown";
import { at, list, type Rule } from "../rule";

export const emptySubset: Rule = {
    id: "empty-subset",
    title: "A subset selects pods of its host's Service",
    reason: "The subset has no endpoints: requests to it are answered 503, no healthy upstream.",
    fix: "Set the subset's labels to labels that the pods of one workload carry.",
    severity: "critical",
    enforcement: "mandatory",
    sources: ["E2", "C8 problem 2", "T1"],
    *check(mesh) {
        for (const rule of mesh.destinationRules) {
            const { resolution } = rule;
            if (resolution.status !== "service" || resolution.service.selector === undefined) continue;
            const { service } = resolution;
            // A Service without any pods is reported by its own rule.
            if (service.workloads.length === 0 || mesh.isOpaque(service.namespace)) continue;
            for (const { name, labels, field } of rule.subsets) {
                if (
                    labels === UNKNOWN ||
                    // Somebody else's manifests may add the pods of a subset that no route uses yet.
                    (mesh.isPartial && !isUsed(mesh, rule, name)) ||
                    service.workloads.some((workload) => selects(labels, workload.labels) !== "no")
                )
                    continue;
                const carried = service.workloads.map((workload) =>
                    showLabels(
                        workload.labels === UNKNOWN
                            ? UNKNOWN
                            : Object.fromEntries(Object.entries(workload.labels).filter(([key]) => key in labels)),
                    ),
                );
                yield at(
                    rule,
                    field.get("labels"),
                    `no pod of ${service.id} carries ${showLabels(labels)}: the subset "${String(name)}" is empty, requests to it are answered 503`,
                    `set the labels to what the pods carry: ${list(carried.map((text, index) => `${text} (${service.workloads[index]?.id})`))}`,
                );
            }
        }
    },
};

function isUsed({ virtualServices }: Mesh, { resolution }: DestinationRule, name: unknown): boolean {
    return virtualServices.some(({ destinations }) =>
        destinations.some((destination) => destination.subset === name && sameHost(destination.resolution, resolution)),
    );
}
