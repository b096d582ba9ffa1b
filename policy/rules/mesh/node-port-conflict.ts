import type { Service } from "../../model/service";
import { isKnown } from "../../model/unknown";
import { at, type Rule } from "../rule";

/** Kubernetes' default range of NodePorts. */
const RANGE = { first: 30_000, last: 32_767 };

export const nodePortConflict: Rule = {
    id: "node-port-conflict",
    title: "Every NodePort is used once and lies in 30000-32767",
    reason: "The API server refuses the second Service.",
    fix: "Choose another nodePort, or leave it out and let Kubernetes choose.",
    severity: "high",
    enforcement: "mandatory",
    sources: ["P2", "P10"],
    *check(mesh) {
        const owners = new Map<string, Service>();
        for (const service of mesh.services)
            for (const { nodePort, transport, field } of service.ports) {
                if (!isKnown(nodePort) || nodePort === 0) continue;
                if (nodePort < RANGE.first || nodePort > RANGE.last)
                    yield at(
                        service,
                        field.get("nodePort"),
                        `the NodePort ${nodePort} lies outside ${RANGE.first}-${RANGE.last}: the API server refuses the Service`,
                        `choose a port from ${RANGE.first} to ${RANGE.last}`,
                    );
                const key = `${nodePort}/${String(transport)}`;
                const owner = owners.get(key);
                if (owner)
                    yield at(
                        service,
                        field.get("nodePort"),
                        `the NodePort ${nodePort} already belongs to ${owner.id}: the API server refuses the second Service`,
                        "choose another nodePort, or leave it out and let Kubernetes choose",
                    );
                else owners.set(key, service);
            }
    },
};
