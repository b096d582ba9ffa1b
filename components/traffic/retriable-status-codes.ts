import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { serviceHost, type ServiceReference } from "./service";
import { ENVOY_FILTER_API } from "./api";

/** Statuses that one caller's sidecar retries on a route beyond what a VirtualService can say (T11). */
export interface RetriableStatusCodesArgs {
    /** Label `app` of the callers; their namespace is the filter's. */
    caller: { app: string; namespace: string };

    /** The Service that is called. */
    service: ServiceReference;

    /** Name of the route in the Service's VirtualService; its retryOn must contain `retriable-status-codes`. */
    route: string;

    /** Statuses that are tried again, for example 408. */
    codes: readonly number[];

    /** Base interval between two tries, for example `50ms`. */
    backOff: string;
}

/** `spec` of the EnvoyFilter. */
export function retriableStatusCodesSpec({ caller, service, route, codes, backOff }: RetriableStatusCodesArgs) {
    return {
        workloadSelector: { labels: { app: caller.app } },
        configPatches: [
            {
                applyTo: "HTTP_ROUTE",
                match: {
                    context: "SIDECAR_OUTBOUND",
                    routeConfiguration: {
                        vhost: { name: `${serviceHost(service)}:${service.port}`, route: { name: route } },
                    },
                },
                patch: {
                    operation: "MERGE",
                    value: {
                        route: {
                            retry_policy: {
                                retriable_status_codes: [...codes],
                                retry_back_off: { base_interval: backOff },
                            },
                        },
                    },
                },
            },
        ],
    };
}

/** An EnvoyFilter that adds retriable statuses to one route of one caller. */
export class RetriableStatusCodes extends k8s.apiextensions.CustomResource {
    constructor(name: string, args: RetriableStatusCodesArgs, opts?: pulumi.CustomResourceOptions) {
        super(
            name,
            {
                apiVersion: ENVOY_FILTER_API,
                kind: "EnvoyFilter",
                metadata: { name, namespace: args.caller.namespace },
                spec: retriableStatusCodesSpec(args),
            },
            opts,
        );
    }
}
