import { matchesSelector } from "../../model/labels";
import type { Mesh } from "../../model/mesh";
import type { MeshObject } from "../../model/object";
import { podSpec } from "../../model/pod";
import { all, isKnown, same, UNKNOWN } from "../../model/unknown";
import type { Workload } from "../../model/workload";
import { at, PROD_ONLY, type Rule, STRICT_IN_PROD } from "../rule";
import { eksGuide, fsbp, kubernetesDocs } from "../standards";

/** Pods that a workload has at least, by its own number or its autoscaler's; undefined: not known, or one a node. */
function replicasOf(workload: Workload, mesh: Mesh): number | undefined {
    if (!["Deployment", "StatefulSet", "Rollout"].includes(workload.kind)) return undefined;
    const autoscaler = mesh.ofKind("HorizontalPodAutoscaler").find(({ root, namespace }) => {
        const target = root.get("spec", "scaleTargetRef");
        return (
            target.get("kind").value === workload.kind &&
            target.get("name").value === workload.name &&
            namespace === workload.namespace
        );
    });
    const replicas = autoscaler ? (autoscaler.root.get("spec", "minReplicas").number() ?? 1) : workload.replicas;
    return isKnown(replicas) ? replicas : undefined;
}

/** Disruption budgets that hold, or may hold, for a workload's pods. */
function budgetsOf(workload: Workload, mesh: Mesh): MeshObject[] {
    return mesh
        .ofKind("PodDisruptionBudget")
        .filter(
            ({ root, namespace }) =>
                all([
                    same(namespace, workload.namespace),
                    matchesSelector(root.get("spec", "selector"), workload.labels),
                ]) !== "no",
        );
}

export const disruptionBudget: Rule = {
    id: "disruption-budget",
    title: "Workloads of several pods have a PodDisruptionBudget",
    reason: "Without one the drain of nodes (an upgrade, a scale-in) may end all pods at once.",
    fix: "Add a PodDisruptionBudget with the workload's selector.",
    severity: "medium",
    enforcement: PROD_ONLY,
    standards: [
        kubernetesDocs("Specifying a Disruption Budget for your Application"),
        eksGuide("Reliability: Applications"),
    ],
    *check(mesh) {
        for (const workload of mesh.workloads) {
            const replicas = replicasOf(workload, mesh);
            if (replicas === undefined || replicas < 2 || mesh.isOpaque(workload.namespace)) continue;
            if (budgetsOf(workload, mesh).length === 0)
                yield at(
                    workload,
                    "spec.replicas",
                    `no PodDisruptionBudget keeps one of the ${replicas} pods while nodes are drained`,
                    "add a PodDisruptionBudget with maxUnavailable: 1 and the workload's selector",
                );
        }
    },
};

export const blockingBudget: Rule = {
    id: "blocking-budget",
    title: "A PodDisruptionBudget lets at least one pod be moved",
    reason: "A node with such a pod can never be drained: upgrades of the cluster hang until somebody removes the budget.",
    fix: "Set maxUnavailable: 1, or minAvailable below the number of pods.",
    severity: "medium",
    enforcement: "mandatory",
    standards: [kubernetesDocs("Specifying a Disruption Budget for your Application"), eksGuide("Cluster Upgrades")],
    *check(mesh) {
        for (const workload of mesh.workloads)
            for (const budget of budgetsOf(workload, mesh)) {
                const replicas = replicasOf(workload, mesh);
                const [minAvailable, maxUnavailable] = ["minAvailable", "maxUnavailable"].map((key) =>
                    budget.root.get("spec", key),
                ) as [MeshObject["root"], MeshObject["root"]];
                const keepsAll =
                    minAvailable.value === "100%" ||
                    (replicas !== undefined &&
                        typeof minAvailable.value === "number" &&
                        minAvailable.value >= replicas);
                const blocks = keepsAll
                    ? minAvailable
                    : [0, "0", "0%"].includes(maxUnavailable.value as never)
                      ? maxUnavailable
                      : undefined;
                if (blocks)
                    yield at(
                        budget,
                        blocks,
                        `no pod of ${workload.id} may ever be moved: its nodes cannot be drained`,
                        "set maxUnavailable: 1",
                    );
            }
    },
};

export const topologySpread: Rule = {
    id: "topology-spread",
    title: "The pods of a workload are spread over zones or nodes",
    reason: "The scheduler may put all pods on one node: its failure is the failure of the service.",
    fix: "Set topologySpreadConstraints, or a podAntiAffinity.",
    severity: "medium",
    enforcement: STRICT_IN_PROD,
    standards: [kubernetesDocs("Pod Topology Spread Constraints"), fsbp("AutoScaling.2")],
    *check(mesh) {
        for (const workload of mesh.workloads) {
            const replicas = replicasOf(workload, mesh);
            if (replicas === undefined || replicas < 2) continue;
            const spread = podSpec(workload).get("topologySpreadConstraints");
            const apart = podSpec(workload).get("affinity", "podAntiAffinity");
            if (spread.value === UNKNOWN || spread.items().length > 0 || apart.isSet) continue;
            yield at(
                workload,
                spread,
                `all ${replicas} pods may run on one node`,
                "set topologySpreadConstraints over topology.kubernetes.io/zone",
            );
        }
    },
};
