import type { Field } from "./field";
import { MeshObject, type SourceObject } from "./object";
import { type Maybe, UNKNOWN } from "./unknown";

/** One webhook that the API server calls inside the cluster. */
export interface Webhook {
    readonly name: Maybe<string>;
    readonly serviceName: Maybe<string>;
    readonly serviceNamespace: Maybe<string>;
    /** Port of the Service; Kubernetes' default is 443. */
    readonly port: Maybe<number>;
    /** `Fail` (the default): what the webhook guards cannot be created while it does not answer. */
    readonly failurePolicy: Maybe<string>;
    readonly field: Field;
}

/** A MutatingWebhookConfiguration or ValidatingWebhookConfiguration. */
export class WebhookConfiguration extends MeshObject {
    /** The webhooks that a Service answers; those at a URL are left out. */
    readonly webhooks: readonly Webhook[];

    constructor(source: SourceObject) {
        super(source);
        this.webhooks = this.root
            .get("webhooks")
            .items()
            .filter((field) => field.get("clientConfig", "service").isSet)
            .map((field) => {
                const service = field.get("clientConfig", "service");
                return {
                    name: field.get("name").text(),
                    serviceName: service.get("name").text(),
                    serviceNamespace: service.get("namespace").text(),
                    port: service.isUnknown ? UNKNOWN : (service.get("port").number() ?? 443),
                    failurePolicy: field.get("failurePolicy").text() ?? "Fail",
                    field: service,
                };
            });
    }

    /** Whether this is Istio's sidecar injector or validator: it asks istiod. */
    get isIstio(): boolean {
        return this.webhooks.some(({ name }) => typeof name === "string" && name.endsWith(".istio.io"));
    }
}
