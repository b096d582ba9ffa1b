import { isKnown } from "../../model/unknown";
import { at, type Rule } from "../rule";

export const destinationHost: Rule = {
    id: "destination-host",
    title: "The host of every destination and mirror exists",
    reason: "Requests of the route are answered 503 (no cluster), mirrored ones vanish.",
    fix: "Name a Service as `name` (same namespace) or `name.namespace.svc.cluster.local`, or declare a ServiceEntry.",
    severity: "critical",
    enforcement: "mandatory",
    sources: ["C8 problem 4", "C3", "E3"],
    *check(mesh) {
        for (const virtualService of mesh.virtualServices)
            for (const destination of virtualService.destinations) {
                const { resolution, host, field } = destination;
                if (resolution.status !== "missing" || !isKnown(host)) continue;
                const completed = host.includes(".") ? "" : ` (it stands for ${resolution.fqdn})`;
                yield at(
                    virtualService,
                    field.get("host"),
                    `the host "${host}"${completed} is no Service and no ServiceEntry: requests are answered 503`,
                    resolution.suggestion
                        ? `write "${resolution.suggestion}" (Istio completes only names without a dot, with the VirtualService's own namespace)`
                        : `declare the Service ${resolution.fqdn}, or a ServiceEntry for a host outside the mesh`,
                );
            }
    },
};
