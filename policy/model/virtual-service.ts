import type { Field } from "./field";
import type { Gateway } from "./gateway";
import type { Resolution } from "./host";
import { MeshObject, type SourceObject } from "./object";
import { isKnown, type Maybe, UNKNOWN } from "./unknown";

/** A host of a VirtualService. */
export interface VirtualServiceHost {
    readonly host: Maybe<string>;
    readonly field: Field;
}

/** A gateway that a VirtualService binds to. `mesh` stands for every sidecar. */
export interface GatewayBinding {
    /** `mesh`, or `namespace/name` of a Gateway. */
    readonly name: Maybe<string>;
    /** The Gateway; `mesh`, `missing`, or unknown. */
    gateway: Gateway | "mesh" | "missing" | typeof UNKNOWN;
    readonly field: Field;
}

/** Where a route sends requests to. */
export interface Destination {
    readonly host: Maybe<string>;
    resolution: Resolution;
    readonly subset: Maybe<string>;
    readonly port: Maybe<number>;
    readonly weight: Maybe<number>;
    /** The `destination` of a route, or the mirror. */
    readonly field: Field;
    /** The list element that carries the weight. */
    readonly parent: Field;
}

/** One rule of a VirtualService: conditions, then destinations. */
export interface Route {
    readonly protocol: "http" | "tcp" | "tls";
    readonly field: Field;
    readonly matches: readonly Field[];
    readonly destinations: readonly Destination[];
    /** Whether the list of destinations is complete. */
    readonly destinationsKnown: boolean;
    readonly mirrors: readonly Destination[];
}

/** An Istio VirtualService. */
export class VirtualService extends MeshObject {
    readonly hosts: readonly VirtualServiceHost[];
    /** Never empty: without `gateways` a VirtualService binds to `mesh`. */
    readonly gateways: readonly GatewayBinding[];
    readonly routes: readonly Route[];

    constructor(source: SourceObject) {
        super(source);
        const spec = this.root.get("spec");
        this.hosts = spec
            .get("hosts")
            .items()
            .map((field) => ({ host: field.text(), field }));
        this.gateways = readGateways(spec.get("gateways"), this.namespace);
        this.routes = (["http", "tcp", "tls"] as const).flatMap((protocol) =>
            spec
                .get(protocol)
                .items()
                .map((field) => readRoute(protocol, field)),
        );
    }

    /** Whether the sidecars use this VirtualService. */
    get bindsMesh(): boolean {
        return this.gateways.some(({ gateway }) => gateway === "mesh");
    }

    get hostsKnown(): boolean {
        return !this.root.get("spec", "hosts").isPartial;
    }

    get httpRoutes(): readonly Route[] {
        return this.routes.filter(({ protocol }) => protocol === "http");
    }

    /** Every destination, mirrors included. */
    get destinations(): readonly Destination[] {
        return this.routes.flatMap(({ destinations, mirrors }) => [...destinations, ...mirrors]);
    }
}

function readGateways(field: Field, namespace: Maybe<string>): GatewayBinding[] {
    if (field.isUnknown) return [{ name: UNKNOWN, gateway: UNKNOWN, field }];
    const items = field.items();
    if (items.length === 0) return [{ name: "mesh", gateway: "mesh", field }];
    return items.map((item) => {
        const text = item.text();
        const name = isKnown(text) ? gatewayName(text, namespace) : UNKNOWN;
        return { name, gateway: name === "mesh" ? "mesh" : UNKNOWN, field: item };
    });
}

/** `namespace/name` of a Gateway as a VirtualService writes it: `name` or `namespace/name`. */
function gatewayName(text: string, namespace: Maybe<string>): Maybe<string> {
    if (text === "mesh" || text.includes("/")) return text;
    return isKnown(namespace) ? `${namespace}/${text}` : UNKNOWN;
}

function readRoute(protocol: Route["protocol"], field: Field): Route {
    const mirror = field.get("mirror");
    return {
        protocol,
        field,
        matches: field.get("match").items(),
        destinations: field
            .get("route")
            .items()
            .map((item) => readDestination(item.get("destination"), item)),
        destinationsKnown: !field.get("route").isPartial,
        mirrors: [
            ...(mirror.isSet && !mirror.isUnknown ? [readDestination(mirror, field)] : []),
            ...field
                .get("mirrors")
                .items()
                .map((item) => readDestination(item.get("destination"), item)),
        ],
    };
}

function readDestination(field: Field, parent: Field): Destination {
    return {
        host: field.get("host").text(),
        resolution: { status: "unknown" },
        subset: field.get("subset").text(),
        port: field.get("port", "number").number(),
        weight: parent.get("weight").number(),
        field,
        parent,
    };
}
