import { isKnown } from "../../model/unknown";
import { at, list, type Rule } from "../rule";

export const httpRouteBackend: Rule = {
    id: "http-route-backend",
    title: "Every backend of an HTTPRoute is a Service that exists, at one of its ports",
    reason: "Requests of the rule are answered with an error; of a port that is missing not even istiod reports anything.",
    fix: "Name a Service (its name, not a host) and a port of it (its `port`, not its targetPort).",
    severity: "critical",
    enforcement: "mandatory",
    sources: ["P12", "C8 problem 4"],
    *check(mesh) {
        for (const route of mesh.httpRoutes)
            for (const { name, port, resolution, field } of route.backends) {
                if (resolution.status === "missing" && isKnown(name))
                    yield at(
                        route,
                        field.get("name"),
                        `there is no Service ${resolution.fqdn}: its requests are answered with an error`,
                        resolution.suggestion
                            ? `${resolution.suggestion} comes closest: name that one`
                            : `declare the Service ${resolution.fqdn}`,
                    );
                if (resolution.status !== "service" || !resolution.service.portsKnown || !isKnown(port)) continue;
                const ports = resolution.service.ports.map(({ number }) => number).filter(isKnown);
                if (ports.includes(port)) continue;
                yield at(
                    route,
                    field.get("port"),
                    `${resolution.service.id} has no port ${port}, it has ${list(ports.map(String))}: its requests are answered with an error`,
                    `write ${list(ports.map(String)).replace(" and ", " or ")}`,
                );
            }
    },
};
