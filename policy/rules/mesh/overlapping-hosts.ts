import { covers } from "../../model/service-entry";
import { isKnown } from "../../model/unknown";
import { at, type Rule } from "../rule";

export const overlappingHosts: Rule = {
    id: "overlapping-hosts",
    title: "No host of a VirtualService covers another one of it",
    reason: "Istio's validation webhook refuses the VirtualService: duplicate hosts in virtual service.",
    fix: 'Keep the wildcard alone ("*" includes every name), or the names alone; a Gateway may list both.',
    severity: "high",
    enforcement: "mandatory",
    sources: ["C2"],
    *check(mesh) {
        for (const virtualService of mesh.virtualServices)
            for (const [index, { host, field }] of virtualService.hosts.entries()) {
                const wider = virtualService.hosts.find(
                    (other, position) =>
                        position !== index &&
                        isKnown(host) &&
                        isKnown(other.host) &&
                        covers(other.host, host) &&
                        // Of two equal ones the second is at fault.
                        (other.host !== host || position < index),
                );
                if (!wider) continue;
                yield at(
                    virtualService,
                    field,
                    `"${String(host)}" is already covered by "${String(wider.host)}": Istio refuses the VirtualService (duplicate hosts)`,
                    `remove "${String(host)}", or remove "${String(wider.host)}" and list names only`,
                );
            }
    },
};
