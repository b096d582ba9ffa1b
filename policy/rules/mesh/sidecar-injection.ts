import type { Mesh } from "../../model/mesh";
import { isKnown } from "../../model/unknown";
import type { Workload } from "../../model/workload";
import { at, list, type Rule } from "../rule";

export const sidecarInjection: Rule = {
    id: "sidecar-injection",
    title: "Workloads that mesh policy speaks of get a sidecar",
    reason: "Without a sidecar there is no mTLS, no client-side circuit breaker, no telemetry: the policy does not apply to the pods' own calls.",
    fix: "Label the namespace istio-injection=enabled (or istio.io/rev), and leave sidecar.istio.io/inject unset on the pods.",
    severity: "high",
    enforcement: "mandatory",
    sources: ["P8", "C5 test 2"],
    *check(mesh) {
        const reported = new Set<unknown>();
        for (const workload of governed(mesh)) {
            if (mesh.injection(workload) !== "no" || mesh.isOpaque(workload.namespace)) continue;
            const namespace = mesh.namespace(workload.namespace);
            if (namespace && (workload.injectionWish === undefined || namespace.isDisabled)) {
                if (reported.has(namespace)) continue;
                reported.add(namespace);
                const members = [...governed(mesh)].filter((other) => other.namespace === workload.namespace);
                yield at(
                    namespace,
                    'metadata.labels["istio-injection"]',
                    `pods of this namespace get no sidecar, but VirtualServices or DestinationRules speak of ${list(members.map(({ id }) => id))}`,
                    'add the label istio-injection: "enabled" to the namespace',
                );
            } else
                yield at(
                    workload,
                    `${workload.template.path ? `${workload.template.path}.` : ""}metadata.labels["sidecar.istio.io/inject"]`,
                    "the pods refuse the sidecar, but a VirtualService or DestinationRule speaks of them",
                    'remove the label (the namespace decides), or set it to "true"',
                );
        }
    },
};

/** The workloads behind the hosts of VirtualServices' destinations and of DestinationRules. */
function governed(mesh: Mesh): Set<Workload> {
    const resolutions = [
        ...mesh.virtualServices.flatMap(({ destinations }) => destinations.map(({ resolution }) => resolution)),
        ...mesh.destinationRules.map(({ resolution }) => resolution),
    ];
    return new Set(
        resolutions
            .flatMap((resolution) => (resolution.status === "service" ? [resolution.service] : []))
            .flatMap((service) => service.endpoints)
            .filter(({ namespace }) => isKnown(namespace)),
    );
}
