import type { Field } from "./field";
import { type Labels, readLabels, selects } from "./labels";
import { MeshObject, type SourceObject } from "./object";
import { type Answer, isKnown, type Maybe, same, UNKNOWN } from "./unknown";
import type { Workload } from "./workload";

/** A port of a Service. */
export interface ServicePort {
    readonly name: Maybe<string>;
    readonly number: Maybe<number>;
    /** Port of the pods, by number or by a container port's name; default: the Service's port. */
    readonly targetPort: Maybe<number | string>;
    readonly nodePort: Maybe<number>;
    /** `TCP`, `UDP` or `SCTP`. */
    readonly transport: Maybe<string>;
    /** What Istio speaks on the port, from `appProtocol` or the name; undefined: neither tells, the proxy guesses. */
    readonly protocol: Maybe<string>;
    readonly field: Field;
}

/** Protocols that Istio recognises in a port's name (`<protocol>` or `<protocol>-<suffix>`) or appProtocol. */
const PROTOCOLS = [
    "http",
    "http2",
    "https",
    "grpc",
    "grpc-web",
    "tcp",
    "tls",
    "udp",
    "mongo",
    "mysql",
    "redis",
    "hbone",
] as const;

/** Protocols whose requests a proxy can route by path, retry and count. */
const HTTP_PROTOCOLS: ReadonlySet<string> = new Set(["http", "http2", "grpc", "grpc-web"]);

/** Whether HTTP routes, retries and ejection by status apply to a port of this protocol. */
export function isHttp(protocol: string): boolean {
    return HTTP_PROTOCOLS.has(protocol);
}

/** A Service and the workloads behind it. */
export class Service extends MeshObject {
    /** Undefined: a Service without selector, whose endpoints somebody else writes. */
    readonly selector: Labels | undefined;
    readonly type: Maybe<string>;
    /** Whether the Service is exported to nobody: Istio then does not know it, and only the cluster's DNS leads to it. */
    readonly isHidden: boolean;
    readonly ports: readonly ServicePort[];
    /** Workloads whose pods the selector selects, or may select once unknown values are known. */
    workloads: readonly Workload[] = [];

    constructor(source: SourceObject) {
        super(source);
        const selector = this.root.get("spec", "selector");
        this.selector = selector.isUnknown || selector.keys().length > 0 ? readLabels(selector) : undefined;
        this.type = this.root.get("spec", "type").text() ?? "ClusterIP";
        const exportTo = this.root.get("metadata", "annotations", "networking.istio.io/exportTo").text();
        this.isHidden = exportTo === "~";
        this.ports = this.root.get("spec", "ports").items().map(readPort);
    }

    /** Whether the list of ports is complete. */
    get portsKnown(): boolean {
        return !this.root.get("spec", "ports").isPartial && this.ports.every(({ number }) => isKnown(number));
    }

    /** Whether the pods of a workload are endpoints of this Service. */
    selects(workload: Workload): Answer {
        if (this.selector === undefined) return "no";
        const namespace = same(this.namespace, workload.namespace);
        if (namespace === "no") return "no";
        const match = selects(this.selector, workload.labels);
        return match === "yes" ? namespace : match;
    }

    /** Workloads whose pods the selector certainly selects. */
    get endpoints(): readonly Workload[] {
        return this.workloads.filter((workload) => this.selects(workload) === "yes");
    }

    /** The name that every client can use: `name.namespace.svc.cluster.local`. */
    get fqdn(): Maybe<string> {
        return isKnown(this.name) && isKnown(this.namespace)
            ? `${this.name}.${this.namespace}.svc.cluster.local`
            : UNKNOWN;
    }
}

function readPort(field: Field): ServicePort {
    const target = field.get("targetPort");
    const number = field.get("port").number();
    const name = field.get("name").text();
    return {
        name,
        number,
        targetPort: target.isUnknown ? UNKNOWN : (target.text() ?? target.number() ?? number),
        nodePort: field.get("nodePort").number(),
        transport: field.get("protocol").text() ?? "TCP",
        protocol: protocolOf(name, field.get("appProtocol").text()),
        field,
    };
}

function protocolOf(name: Maybe<string>, appProtocol: Maybe<string>): Maybe<string> {
    if (appProtocol === UNKNOWN) return UNKNOWN;
    if (appProtocol === "kubernetes.io/h2c") return "http2";
    const text = appProtocol ?? name;
    if (!isKnown(text)) return text;
    const lower = text.toLowerCase();
    // The longest protocol first, so that grpc-web is not read as grpc.
    const known = [...PROTOCOLS].sort((left, right) => right.length - left.length);
    return known.find(
        (protocol) => lower === protocol || (appProtocol === undefined && lower.startsWith(`${protocol}-`)),
    );
}
