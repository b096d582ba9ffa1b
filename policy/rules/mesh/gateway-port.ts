import { isKnown, UNKNOWN } from "../../model/unknown";
import { at, list, type Rule } from "../rule";

export const gatewayPort: Rule = {
    id: "gateway-port",
    title: "A Gateway's port is a port of the Service in front of its proxies",
    reason: "Nothing leads to the port: clients cannot connect to it.",
    fix: "Add the port to the gateway's Service, or use one that the Service has.",
    severity: "high",
    enforcement: "mandatory",
    sources: ["P10", "P3", "C5 test 8"],
    *check(mesh) {
        for (const gateway of mesh.gateways) {
            const services = mesh.services.filter(({ workloads }) =>
                workloads.some((workload) => gateway.workloads.includes(workload)),
            );
            if (services.length === 0 || services.some(({ portsKnown }) => !portsKnown)) continue;
            const ports = services.flatMap((service) => service.ports);
            if (ports.some(({ targetPort }) => targetPort === UNKNOWN)) continue;
            for (const { port, field } of gateway.servers) {
                if (!isKnown(port) || ports.some(({ number, targetPort }) => number === port || targetPort === port))
                    continue;
                yield at(
                    gateway,
                    field.get("port", "number"),
                    `${list(services.map(({ id }) => id))} ${services.length > 1 ? "have" : "has"} no port ${port} (only ${list(ports.map(({ number }) => String(number)))}): clients cannot reach it`,
                    `add the port ${port} to ${services[0]?.id}, or use one that it has`,
                );
            }
        }
    },
};
