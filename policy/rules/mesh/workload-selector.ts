import { matchesSelector, showLabels } from "../../model/labels";
import { at, type Rule } from "../rule";

export const workloadSelector: Rule = {
    id: "workload-selector",
    title: "A controller's selector matches the labels of its own pod template",
    reason: "The API server refuses the Deployment, StatefulSet or DaemonSet; an older copy keeps running unnoticed.",
    fix: "Repeat every label of spec.selector.matchLabels in spec.template.metadata.labels.",
    severity: "critical",
    enforcement: "mandatory",
    sources: ["C8 problem 2"],
    *check(mesh) {
        for (const workload of mesh.workloads) {
            const { selector } = workload;
            if (!selector?.isSet || matchesSelector(selector, workload.labels) !== "no") continue;
            yield at(
                workload,
                selector,
                `the selector does not match the pod template, whose labels are ${showLabels(workload.labels)}: the API server refuses the ${workload.kind}`,
                `set ${workload.template.path}.metadata.labels to what spec.selector asks for`,
            );
        }
    },
};
