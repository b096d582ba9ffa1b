import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { windowSeconds } from "../config/global-rate-limit";
import { milliseconds } from "../config/units";
import { ENVOY_FILTER_API } from "./api";
import { serviceHost, type ServiceReference } from "./service";

/** What a gateway tells the rate limit service about a request, and what the service makes of it (S7). */

/** Name under which the service keeps the limits of the gateway. */
export const LIMIT_DOMAIN = "ingress-gateway";

/** Keys of what the gateway tells about a request: the limited path, and its client or that there is none. */
export const LIMIT_KEYS = { path: "path", client: "client", unnamed: "unnamed" } as const;

/** What is limited, and for whom. */
export interface ClientLimit {
    /** Beginning of the paths that are limited together, compared by characters like the prefix of a route. */
    path: string;

    /** Requests that a client has in every unit of time. */
    requests: number;

    /** The unit of time. */
    per: keyof typeof windowSeconds;

    /** `shadow`: further requests are only counted. */
    mode: "enforce" | "shadow";
}

/** How a gateway asks the rate limit service. */
export interface GlobalRateLimitArgs {
    /** Namespace of the gateway's pods. */
    namespace: string;

    /** Labels of the gateway's pods. */
    selector: Readonly<Record<string, string>>;

    /** The rate limit service, at its gRPC port. */
    service: ServiceReference;

    /** Beginning of the paths about which it asks. */
    path: string;

    /** Header whose values have a budget each. */
    header: string;

    /** Time that the service has, for example `500ms`. */
    timeout: string;

    /** What becomes of a request that nobody could count. */
    failureMode: "deny" | "admit";
}

/** The limits as the rate limit service reads them from a file: JSON, which is YAML. */
export function limitsFile({ path, requests, per, mode }: ClientLimit): string {
    const budget = (key: string) => ({
        key,
        rate_limit: { unit: per, requests_per_unit: requests },
        shadow_mode: mode === "shadow",
    });
    const { client, unnamed } = LIMIT_KEYS;
    const descriptors = [{ key: LIMIT_KEYS.path, value: path, descriptors: [budget(client), budget(unnamed)] }];
    return `${JSON.stringify({ domain: LIMIT_DOMAIN, descriptors }, undefined, 2)}\n`;
}

/**
 * `spec` of the EnvoyFilter. What is counted is said in the filter and not in the routes, which stay as they are declared. It
 * stands before the router: what is refused for other reasons does not count.
 */
export function globalRateLimitSpec(args: Omit<GlobalRateLimitArgs, "namespace">) {
    const { selector, service, path, header, timeout, failureMode } = args;
    const onPath = {
        header_value_match: {
            descriptor_key: LIMIT_KEYS.path,
            descriptor_value: path,
            headers: [{ name: ":path", string_match: { prefix: path } }],
        },
    };
    return {
        workloadSelector: { labels: { ...selector } },
        configPatches: [
            {
                applyTo: "HTTP_FILTER",
                match: {
                    context: "GATEWAY",
                    listener: {
                        filterChain: {
                            filter: {
                                name: "envoy.filters.network.http_connection_manager",
                                subFilter: { name: "envoy.filters.http.router" },
                            },
                        },
                    },
                },
                patch: {
                    operation: "INSERT_BEFORE",
                    value: {
                        name: "envoy.filters.http.ratelimit",
                        typed_config: {
                            "@type": "type.googleapis.com/envoy.extensions.filters.http.ratelimit.v3.RateLimit",
                            domain: LIMIT_DOMAIN,
                            stat_prefix: "global_rate_limit",
                            // The form that Envoy reads: seconds.
                            timeout: `${milliseconds(timeout) / 1000}s`,
                            failure_mode_deny: failureMode === "deny",
                            // Not 500: nothing is wrong with the request, nor with the service behind.
                            status_on_error: { code: 503 },
                            rate_limit_service: {
                                transport_api_version: "V3",
                                grpc_service: {
                                    envoy_grpc: {
                                        cluster_name: `outbound|${service.port}||${serviceHost(service)}`,
                                        authority: serviceHost(service),
                                    },
                                },
                            },
                            rate_limits: [
                                {
                                    // Without the header Envoy leaves the whole entry out.
                                    actions: [
                                        onPath,
                                        {
                                            request_headers: {
                                                header_name: header,
                                                descriptor_key: LIMIT_KEYS.client,
                                            },
                                        },
                                    ],
                                },
                                {
                                    actions: [
                                        onPath,
                                        {
                                            header_value_match: {
                                                descriptor_key: LIMIT_KEYS.unnamed,
                                                descriptor_value: "true",
                                                headers: [{ name: header, present_match: false }],
                                            },
                                        },
                                    ],
                                },
                            ],
                        },
                    },
                },
            },
        ],
    };
}

/** An EnvoyFilter by which a gateway has the requests to one path counted. */
export class GlobalRateLimitFilter extends k8s.apiextensions.CustomResource {
    constructor(name: string, args: GlobalRateLimitArgs, opts?: pulumi.CustomResourceOptions) {
        super(
            name,
            {
                apiVersion: ENVOY_FILTER_API,
                kind: "EnvoyFilter",
                metadata: { name, namespace: args.namespace },
                spec: globalRateLimitSpec(args),
            },
            opts,
        );
    }
}
