import { podContainers } from "../../model/pod";
import { at, type Rule } from "../rule";
import { kubernetesDocs, nsaCisa } from "../standards";

/** Containers state what they need and what they may use at most. */
function declares(
    path: readonly [group: "requests" | "limits", quantity: "cpu" | "memory"][],
    { says, fix }: { says: string; fix: string },
): Rule["check"] {
    return function* (mesh) {
        for (const workload of mesh.workloads)
            for (const container of podContainers(workload)) {
                // An ephemeral container cannot have any, and the injector gives its own to the proxy.
                if (container.list === "ephemeralContainers" || container.isInjected) continue;
                const missing = path
                    .map((keys) => container.field.get("resources", ...keys))
                    .filter(({ isSet }) => !isSet);
                for (const field of missing.slice(0, 1))
                    yield at(workload, field, `the container ${String(container.name)} ${says}`, fix);
            }
    };
}

export const resourceRequests: Rule = {
    id: "resource-requests",
    title: "Containers say how much CPU and memory they need",
    reason: "The scheduler takes a container without requests for nothing, overfills the node, and evicts it first.",
    fix: "Set resources.requests.cpu and resources.requests.memory.",
    severity: "medium",
    enforcement: "mandatory",
    standards: [nsaCisa("Resource policies"), kubernetesDocs("Resource Management for Pods and Containers")],
    check: declares(
        [
            ["requests", "cpu"],
            ["requests", "memory"],
        ],
        { says: "does not say how much it needs", fix: "set resources.requests.cpu and resources.requests.memory" },
    ),
};

export const memoryLimit: Rule = {
    id: "memory-limit",
    title: "Containers have a limit of memory",
    reason: "One container that leaks takes the node's memory, and the kernel ends others in its place; a limit of CPU would only slow the container down, and is left to its owner.",
    fix: "Set resources.limits.memory.",
    severity: "medium",
    enforcement: "mandatory",
    standards: [nsaCisa("Resource policies"), kubernetesDocs("Resource Management for Pods and Containers")],
    check: declares([["limits", "memory"]], {
        says: "may use all memory of its node",
        fix: "set resources.limits.memory",
    }),
};
