import type { Field } from "./field";
import type { Resolution } from "./host";
import { MeshObject, type SourceObject } from "./object";
import type { Maybe } from "./unknown";

/** A Service that an HTTPRoute leads requests or copies of them to. */
export interface Backend {
    readonly name: Maybe<string>;
    readonly namespace: Maybe<string>;
    readonly port: Maybe<number>;
    resolution: Resolution;
    readonly field: Field;
}

/** An HTTPRoute of the Gateway API. */
export class HttpRoute extends MeshObject {
    /** Every backend that is a Service, those of mirrors included. */
    readonly backends: readonly Backend[];

    constructor(source: SourceObject) {
        super(source);
        this.backends = this.root
            .get("spec", "rules")
            .items()
            .flatMap((rule) => [
                ...rule.get("backendRefs").items(),
                ...rule
                    .get("filters")
                    .items()
                    .map((filter) => filter.get("requestMirror", "backendRef"))
                    .filter((backend) => backend.isSet),
            ])
            .filter((field) => (field.get("kind").text() ?? "Service") === "Service")
            .map((field) => ({
                name: field.get("name").text(),
                namespace: field.get("namespace").text() ?? this.namespace,
                port: field.get("port").number(),
                resolution: { status: "unknown" },
                field,
            }));
    }
}
