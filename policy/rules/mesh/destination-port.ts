import type { Destination, VirtualService } from "../../model/virtual-service";
import { isKnown, UNKNOWN } from "../../model/unknown";
import { at, type Finding, list, type Rule } from "../rule";

export const destinationPort: Rule = {
    id: "destination-port",
    title: "The port of every destination is a port of its Service",
    reason: "The proxy knows no cluster for the port: requests are answered 503.",
    fix: "Set destination.port.number to a port of the Service (its `port`, not its targetPort).",
    severity: "critical",
    enforcement: "mandatory",
    sources: ["C8 problem 4", "C1", "C3"],
    *check(mesh) {
        for (const virtualService of mesh.virtualServices)
            for (const destination of virtualService.destinations) yield* checkPort(virtualService, destination);
    },
};

function* checkPort(virtualService: VirtualService, { resolution, port, field }: Destination): Iterable<Finding> {
    const ports = declaredPorts(resolution);
    if (!ports || port === UNKNOWN || field.isUnknown || ports.length === 0) return;
    const id = resolution.status === "service" ? resolution.service.id : (resolution.fqdn as string);
    if (port === undefined) {
        if (ports.length === 1) return;
        yield at(
            virtualService,
            field.get("port"),
            `${id} has the ports ${list(ports.map(String))} and the destination names none: the proxy cannot choose, requests are answered 503`,
            `add port.number: ${ports[0]} (or another of them) to the destination`,
        );
        return;
    }
    if (ports.includes(port)) return;
    const target =
        resolution.status === "service" && resolution.service.ports.find(({ targetPort }) => targetPort === port);
    yield at(
        virtualService,
        field.get("port", "number"),
        `${id} has no port ${port}, it has ${list(ports.map(String))}: requests are answered 503`,
        target
            ? `write ${String(target.number)}: ${port} is its targetPort, a destination names the Service's own port`
            : `write ${list(ports.map(String)).replace(" and ", " or ")}`,
    );
}

/** The ports of the destination, or undefined when they are not all known. */
function declaredPorts(resolution: Destination["resolution"]): number[] | undefined {
    if (resolution.status === "service")
        return resolution.service.portsKnown
            ? resolution.service.ports.map(({ number }) => number).filter(isKnown)
            : undefined;
    if (resolution.status === "service-entry")
        return resolution.entry.ports.every(isKnown) ? resolution.entry.ports.filter(isKnown) : undefined;
    return undefined;
}
