import { isHttp, type Service, type ServicePort } from "../../model/service";
import { isKnown, UNKNOWN } from "../../model/unknown";
import { at, type Rule } from "../rule";

export const portProtocol: Rule = {
    id: "port-protocol",
    title: "A port that HTTP routes lead to says that it speaks HTTP",
    reason: "Istio treats a port named otherwise as TCP (and guesses on an unnamed one): routes, retries and ejection by status do not apply.",
    fix: "Name the Service's port http, http2 or grpc (or http-<suffix>), or set appProtocol.",
    severity: "high",
    enforcement: "mandatory",
    sources: ["C1", "C3", "https://istio.io/latest/docs/ops/configuration/traffic-management/protocol-selection/"],
    *check(mesh) {
        const reported = new Set<ServicePort>();
        for (const virtualService of mesh.virtualServices)
            for (const { destinations, mirrors } of virtualService.httpRoutes)
                for (const { resolution, port } of [...destinations, ...mirrors]) {
                    if (resolution.status !== "service" || port === UNKNOWN) continue;
                    const used = portOf(resolution.service, port);
                    if (!used || reported.has(used) || used.protocol === UNKNOWN) continue;
                    if (used.protocol !== undefined && isHttp(used.protocol)) continue;
                    reported.add(used);
                    const named = isKnown(used.name) ? `is named "${used.name}"` : "has no name";
                    yield at(
                        resolution.service,
                        used.field.get("name"),
                        `port ${String(used.number)} ${named}, which ${used.protocol ? `means ${used.protocol}` : "does not tell its protocol"}, but ${virtualService.id} sends HTTP routes to it`,
                        `name the port "http${isKnown(used.name) ? `-${used.name.replace(/^(tcp|tls|udp)-/, "")}` : ""}", or add appProtocol: http`,
                    );
                }
    },
};

function portOf(service: Service, number: number | undefined): ServicePort | undefined {
    if (number === undefined) return service.ports.length === 1 ? service.ports[0] : undefined;
    return service.ports.find((port) => port.number === number);
}
