import type { Field } from "./field";
import { type Labels, readLabels } from "./labels";
import { MeshObject, type SourceObject } from "./object";
import { overlaps } from "./service-entry";
import { all, any, type Answer, isKnown, type Maybe, same, UNKNOWN } from "./unknown";
import type { Workload } from "./workload";

/** A host that a server admits, possibly only to the VirtualServices of one namespace (`namespace/host`). */
export interface ServerHost {
    readonly host: Maybe<string>;
    /** Undefined: VirtualServices of any namespace. */
    readonly namespace: Maybe<string>;
    readonly field: Field;
}

/** One port of a Gateway with the hosts it serves. */
export interface Server {
    readonly port: Maybe<number>;
    /** `HTTP`, `HTTPS`, `GRPC`, `TCP`, `TLS` ... */
    readonly protocol: Maybe<string>;
    readonly hosts: readonly ServerHost[];
    readonly hostsKnown: boolean;
    readonly field: Field;
}

/** An Istio Gateway: which ports and hosts the proxies that it selects serve. */
export class Gateway extends MeshObject {
    readonly selector: Labels;
    readonly servers: readonly Server[];
    /** Proxies selected, or possibly selected, in any namespace. */
    workloads: readonly Workload[] = [];

    constructor(source: SourceObject) {
        super(source);
        this.selector = readLabels(this.root.get("spec", "selector"));
        this.servers = this.root
            .get("spec", "servers")
            .items()
            .map((field) => readServer(field, this.namespace));
    }

    /** Whether a VirtualService of the given namespace may claim the host here. */
    serves(host: string, namespace: Maybe<string>): Answer {
        if (this.root.get("spec", "servers").isPartial) return "maybe";
        return any(this.servers.map((server) => serverServes(server, host, namespace)));
    }
}

/** Whether one server of a gateway serves the host for a VirtualService of the given namespace. */
export function serverServes(server: Server, host: string, namespace: Maybe<string>): Answer {
    const answers = server.hosts.map((served) =>
        all([
            isKnown(served.host) ? (overlaps(served.host, host) ? "yes" : "no") : "maybe",
            served.namespace === undefined ? "yes" : same(served.namespace, namespace),
        ]),
    );
    return any(server.hostsKnown ? answers : [...answers, "maybe"]);
}

function readServer(field: Field, gatewayNamespace: Maybe<string>): Server {
    const hosts = field.get("hosts");
    return {
        port: field.get("port", "number").number(),
        protocol: field.get("port", "protocol").text(),
        hosts: hosts.items().map((item) => readHost(item, gatewayNamespace)),
        hostsKnown: !hosts.isPartial,
        field,
    };
}

function readHost(field: Field, gatewayNamespace: Maybe<string>): ServerHost {
    const text = field.text();
    if (!isKnown(text)) return { host: text ?? UNKNOWN, namespace: undefined, field };
    const slash = text.indexOf("/");
    const namespace = slash < 0 ? "*" : text.slice(0, slash);
    return {
        host: text.slice(slash + 1),
        namespace: namespace === "*" ? undefined : namespace === "." ? gatewayNamespace : namespace,
        field,
    };
}
