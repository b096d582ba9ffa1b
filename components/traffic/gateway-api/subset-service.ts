import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { ServiceReference, Subset } from "../service";

/** The Service over the pods of a subset: an HTTPRoute leads to Services only (P12). */
export function subsetService({ service, name }: Subset): ServiceReference {
    return { ...service, name: `${service.name}-${name}` };
}

/** The Service of a subset. */
export class SubsetService extends k8s.core.v1.Service {
    /** @param labels What the subset's pods carry beside the label `app`, which is their Service's name. */
    constructor(subset: Subset, labels: Readonly<Record<string, string>>, opts?: pulumi.CustomResourceOptions) {
        const { name, namespace, port } = subsetService(subset);
        const app = subset.service.name;
        super(
            name,
            {
                metadata: { name, namespace, labels: { app } },
                spec: {
                    selector: { app, ...labels },
                    ports: [{ name: "http", port, targetPort: "http" }],
                },
            },
            opts,
        );
    }
}
