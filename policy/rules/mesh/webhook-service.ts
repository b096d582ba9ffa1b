import type { Mesh } from "../../model/mesh";
import type { Service, ServicePort } from "../../model/service";
import { isKnown, UNKNOWN } from "../../model/unknown";
import type { Webhook, WebhookConfiguration } from "../../model/webhook";
import type { Workload } from "../../model/workload";
import { at, type Finding, list, type Rule } from "../rule";

export const webhookService: Rule = {
    id: "webhook-service",
    title: "A webhook's Service exists and leads to pods that listen",
    reason: "The API server waits for the webhook until it times out, then refuses the pods: nothing can be deployed, or pods start without a sidecar.",
    fix: "Name a Service of the stack, a port that it has, and let that port lead to a container port (istiod: 443 -> 15017).",
    severity: "critical",
    enforcement: "mandatory",
    sources: ["C8 problem 1", "P8", "P9"],
    *check(mesh) {
        for (const configuration of mesh.webhookConfigurations)
            for (const webhook of configuration.webhooks) yield* checkWebhook(mesh, configuration, webhook);
    },
};

function* checkWebhook(mesh: Mesh, configuration: WebhookConfiguration, webhook: Webhook): Iterable<Finding> {
    const resolution = mesh.service(webhook.serviceName, webhook.serviceNamespace);
    const called = `${String(webhook.serviceNamespace)}/${String(webhook.serviceName)}`;
    if (resolution.status === "missing") {
        yield at(
            configuration,
            webhook.field.get("name"),
            `the webhook ${show(webhook)} calls the Service ${called}, which does not exist: ${consequence(webhook)}`,
            resolution.suggestion
                ? `call ${resolution.suggestion}, or declare the Service ${called}`
                : `declare the Service ${called}, or name the one that istiod has`,
        );
        return;
    }
    if (resolution.status !== "service") return;
    const { service } = resolution;
    if (!isKnown(webhook.port) || !service.portsKnown) return;
    const port = service.ports.find(({ number }) => number === webhook.port);
    if (!port) {
        yield at(
            configuration,
            webhook.field.get("port"),
            `the webhook ${show(webhook)} calls port ${webhook.port} of the Service ${called}, which has ${ports(service)}: ${consequence(webhook)}`,
            `add the port ${webhook.port} to the Service ${called} (istiod's leads to 15017)`,
        );
        return;
    }
    yield* checkPods(configuration, webhook, service, port);
}

function* checkPods(
    configuration: WebhookConfiguration,
    webhook: Webhook,
    service: Service,
    port: ServicePort,
): Iterable<Finding> {
    if (service.selector === undefined || service.selector === UNKNOWN || !isKnown(port.targetPort)) return;
    // A Service that selects nothing is reported by its own rule.
    const deaf = service.endpoints.filter((workload) => listens(workload, port.targetPort) === false);
    for (const workload of deaf)
        yield at(
            configuration,
            webhook.field.get("port"),
            `the webhook ${show(webhook)} reaches ${workload.id} on port ${String(port.targetPort)} (through port ${String(port.number)} of ${service.id}), where no container listens: ${consequence(webhook)}`,
            `set ${port.field.path}.targetPort of ${service.id} to a container port of ${workload.id} (${containerPorts(workload)}); istiod answers webhooks on 15017`,
        );
}

/** Whether a container declares the port; undefined when the ports cannot be told. */
function listens(workload: Workload, target: ServicePort["targetPort"]): boolean | undefined {
    const declared = workload.ports;
    if (declared === UNKNOWN || declared.length === 0) return undefined;
    if (declared.some(({ number, name }) => number === UNKNOWN || name === UNKNOWN)) return undefined;
    return declared.some(({ number, name }) => number === target || name === target);
}

function containerPorts(workload: Workload): string {
    return workload.ports === UNKNOWN ? "not known yet" : list(workload.ports.map(({ number }) => String(number)));
}

function ports(service: Service): string {
    return `the ports ${list(service.ports.map(({ number }) => String(number)))}`;
}

function show(webhook: Webhook): string {
    return isKnown(webhook.name) ? webhook.name : webhook.field.path;
}

function consequence(webhook: Webhook): string {
    return webhook.failurePolicy === "Ignore"
        ? "what it should have changed or checked goes through unchanged"
        : "the API server times out and refuses what the webhook guards";
}
