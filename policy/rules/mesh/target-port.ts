import type { Mesh } from "../../model/mesh";
import { isSpokenOf } from "../../model/pod";
import type { Service, ServicePort } from "../../model/service";
import { isKnown, type Maybe, UNKNOWN } from "../../model/unknown";
import type { ContainerPort, Workload } from "../../model/workload";
import { at, type Finding, list, type Rule } from "../rule";

export const targetPort: Rule = {
    id: "target-port",
    title: "A Service's targetPort is a port that the selected containers declare",
    reason: "Connections to the Service are refused: the proxy answers 503, upstream connect error.",
    fix: "Set targetPort to the container's port, or declare the port that the container listens on.",
    severity: "critical",
    enforcement: "mandatory",
    sources: ["C8 problem 2", "C1", "C5 test 3"],
    *check(mesh) {
        for (const service of mesh.services)
            for (const port of service.ports)
                for (const workload of service.endpoints) yield* checkPort(mesh, service, port, workload);
    },
};

function* checkPort(mesh: Mesh, service: Service, port: ServicePort, workload: Workload): Iterable<Finding> {
    const { targetPort } = port;
    // A gateway listens where Gateway objects tell it to; istiod's chart does not list every port.
    if (!isKnown(targetPort) || workload.isIstio !== "no" || workload.ports === UNKNOWN) return;
    const declared = workload.ports;
    const by: (port: ContainerPort) => Maybe<number | string> =
        typeof targetPort === "number" ? ({ number }) => number : ({ name }) => name;
    if (declared.some((candidate) => by(candidate) === targetPort || by(candidate) === UNKNOWN)) return;
    // Declaring ports is optional in Kubernetes: without any, a number cannot be judged. A name must be declared.
    if (declared.length === 0 && typeof targetPort === "number") return;
    if (mesh.isPartial && typeof targetPort === "number" && isSpokenOf(mesh, workload, targetPort)) return;
    const offered = declared.map(({ number, name }) =>
        isKnown(name) ? `${String(number)} (${name})` : String(number),
    );
    yield at(
        service,
        port.field.get("targetPort").isSet ? port.field.get("targetPort") : port.field.get("port"),
        `port ${String(port.number)} leads to ${typeof targetPort === "number" ? `port ${targetPort}` : `the port named "${targetPort}"`} of ${workload.id}, whose containers declare ${list(offered)}: connections are refused`,
        declared.length === 1
            ? `set ${port.field.path}.targetPort to ${String(declared[0]?.number)}`
            : `set ${port.field.path}.targetPort to one of ${list(offered)}, or declare the port in the container`,
    );
}
