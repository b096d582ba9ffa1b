import { isKnown } from "../../model/unknown";
import { at, list, type Rule } from "../rule";

export const unknownSubset: Rule = {
    id: "unknown-subset",
    title: "A destination's subset is defined by a DestinationRule of the same host",
    reason: "The proxy knows no such cluster: requests to the subset are answered 503.",
    fix: "Define the subset in the host's DestinationRule, or name one that is defined.",
    severity: "critical",
    enforcement: "mandatory",
    sources: ["E2", "E8", "C9", "T1"],
    *check(mesh) {
        for (const virtualService of mesh.virtualServices)
            for (const { subset, resolution, field } of virtualService.destinations) {
                if (!isKnown(subset) || resolution.fqdn === undefined || resolution.status === "missing") continue;
                const rules = mesh.rulesFor(resolution);
                if (mesh.hasUnknownRule() || rules.some(({ subsetsKnown }) => !subsetsKnown)) continue;
                const subsets = rules.flatMap((rule) => rule.subsets);
                if (subsets.some(({ name }) => !isKnown(name) || name === subset)) continue;
                if (rules.length === 0 && mesh.isOpaque(virtualService.namespace)) continue;
                yield at(
                    virtualService,
                    field.get("subset"),
                    rules.length > 0
                        ? `${list(rules.map(({ id }) => id))} ${rules.length > 1 ? "define" : "defines"} no subset "${subset}" (defined: ${list(subsets.map(({ name }) => String(name)))}): requests are answered 503`
                        : `no DestinationRule speaks of ${resolution.fqdn}, so that the subset "${subset}" is not defined: requests are answered 503`,
                    rules.length > 0
                        ? `add the subset "${subset}" with its labels to ${rules[0]?.id}, or use one that is defined`
                        : `declare a DestinationRule with host ${resolution.fqdn} and the subset "${subset}"`,
                );
            }
    },
};
