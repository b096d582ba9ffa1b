import { isServing, runningContainers } from "../../model/pod";
import { at, type Rule } from "../rule";
import { kubernetesDocs } from "../standards";

export const readinessProbe: Rule = {
    id: "readiness-probe",
    title: "Containers that open ports say when they are ready",
    reason: "Without a probe a pod gets requests before it can answer and while it stops: every deployment loses some.",
    fix: "Set readinessProbe: httpGet, grpc or tcpSocket of one of the ports.",
    severity: "medium",
    enforcement: "mandatory",
    standards: [kubernetesDocs("Liveness, Readiness, and Startup Probes")],
    *check(mesh) {
        for (const workload of mesh.workloads.filter(isServing))
            for (const { name, isInjected, list, field } of runningContainers(workload)) {
                const opensPorts = field.get("ports").items().length > 0;
                const probe = field.get("readinessProbe");
                // The injector adds the proxy's own; of a sidecar the startup probe orders the start.
                if (!opensPorts || isInjected || list !== "containers" || probe.isSet) continue;
                yield at(
                    workload,
                    probe,
                    `the container ${String(name)} opens ports but never says whether it is ready`,
                    "set readinessProbe: httpGet, grpc or tcpSocket of one of its ports",
                );
            }
    },
};
