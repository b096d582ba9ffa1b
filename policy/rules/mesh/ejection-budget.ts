import { selects } from "../../model/labels";
import { isKnown } from "../../model/unknown";
import { at, type Rule } from "../rule";

export const ejectionBudget: Rule = {
    id: "ejection-budget",
    title: "Outlier detection leaves a pod to answer",
    reason: "With maxEjectionPercent 100 and one pod, a few errors in a row eject the only pod: every request is answered 503 for baseEjectionTime.",
    fix: "Run at least two replicas, or lower maxEjectionPercent.",
    severity: "medium",
    enforcement: "advisory",
    sources: ["E5", "E6", "C4"],
    *check(mesh) {
        for (const rule of mesh.destinationRules) {
            if (rule.resolution.status !== "service") continue;
            const { service } = rule.resolution;
            for (const { field, subset } of rule.trafficPolicies) {
                const limit = field.get("outlierDetection", "maxEjectionPercent");
                if (limit.number() !== 100) continue;
                const workloads = service.workloads.filter(
                    (workload) =>
                        service.selects(workload) === "yes" &&
                        (!subset || selects(subset.labels, workload.labels) === "yes"),
                );
                const replicas = workloads.map((workload) => workload.replicas);
                if (workloads.length !== service.workloads.length && !subset) continue;
                if (!replicas.every(isKnown) || replicas.filter(isKnown).reduce((sum, count) => sum + count, 0) !== 1)
                    continue;
                yield at(
                    rule,
                    limit,
                    `maxEjectionPercent is 100 and ${subset ? `the subset "${String(subset.name)}" of ` : ""}${service.id} has one pod: when it is ejected, every request is answered 503`,
                    `raise spec.replicas of ${workloads[0]?.id} to 2 or more, or lower maxEjectionPercent`,
                );
            }
        }
    },
};
