import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { TRACE_PROVIDER } from "./trace-provider";
import { ISTIO_NAMESPACE } from "./values";

/**
 * `spec` of the Telemetry that has every proxy of the mesh make spans (P14). By itself a sidecar's span does not tell the
 * address that answered (E16), as the gateway's does.
 */
export function tracingSpec(samplingPercent: number) {
    const customTags = { upstream_address: { formatter: { value: "%UPSTREAM_HOST%" } } };
    return {
        tracing: [{ providers: [{ name: TRACE_PROVIDER }], randomSamplingPercentage: samplingPercent, customTags }],
    };
}

/** Has every proxy of the mesh make spans, and send them to the collector that the mesh's configuration names. */
export class MeshTracing extends k8s.apiextensions.CustomResource {
    constructor(name: string, args: { samplingPercent: number }, opts?: pulumi.CustomResourceOptions) {
        super(
            name,
            {
                apiVersion: "telemetry.istio.io/v1",
                kind: "Telemetry",
                // Of the root namespace and without a selector: Istio takes one of them for the whole mesh.
                metadata: { name, namespace: ISTIO_NAMESPACE },
                spec: tracingSpec(args.samplingPercent),
            },
            opts,
        );
    }
}
