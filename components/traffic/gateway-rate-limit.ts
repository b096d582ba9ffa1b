import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { milliseconds } from "../config/units";
import { ENVOY_FILTER_API } from "./api";

/** A limit that each pod of a gateway keeps by itself (S7). */
export interface GatewayRateLimitArgs {
    /** Namespace of the gateway's pods. */
    namespace: string;

    /** Labels of the gateway's pods. */
    selector: Readonly<Record<string, string>>;

    /** Beginning of the paths that are limited together, compared by characters like the prefix of a route. */
    path: string;

    /** Requests that are let through at once, and in every `per` from then on. */
    requests: number;

    /** Time in which as many requests are let through again, for example `5s`. */
    per: string;
}

/** The greatest number of tokens: what no descriptor is about is not limited. */
const UNLIMITED = 4_294_967_295;

/**
 * `spec` of the EnvoyFilter. It limits by the path and not in the routes, which stay as their VirtualServices say. It stands
 * before the router: what is refused for other reasons does not count.
 */
export function gatewayRateLimitSpec({ selector, path, requests, per }: Omit<GatewayRateLimitArgs, "namespace">) {
    const always = (key: string) => ({
        default_value: { numerator: 100, denominator: "HUNDRED" },
        runtime_key: `istio_platform.rate_limit_${key}`,
    });
    const descriptor = "limited_path";
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
                        name: "envoy.filters.http.local_ratelimit",
                        typed_config: {
                            "@type":
                                "type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit",
                            stat_prefix: "gateway_rate_limit",
                            filter_enabled: always("enabled"),
                            filter_enforced: always("enforced"),
                            token_bucket: { max_tokens: UNLIMITED, tokens_per_fill: UNLIMITED, fill_interval: "1s" },
                            always_consume_default_token_bucket: false,
                            rate_limits: [
                                {
                                    actions: [
                                        {
                                            header_value_match: {
                                                descriptor_key: descriptor,
                                                descriptor_value: path,
                                                headers: [{ name: ":path", string_match: { prefix: path } }],
                                            },
                                        },
                                    ],
                                },
                            ],
                            descriptors: [
                                {
                                    entries: [{ key: descriptor, value: path }],
                                    token_bucket: {
                                        max_tokens: requests,
                                        tokens_per_fill: requests,
                                        // The form that Envoy reads: seconds.
                                        fill_interval: `${milliseconds(per) / 1000}s`,
                                    },
                                },
                            ],
                        },
                    },
                },
            },
        ],
    };
}

/** An EnvoyFilter that limits the requests to one path at a gateway. */
export class GatewayRateLimit extends k8s.apiextensions.CustomResource {
    constructor(name: string, args: GatewayRateLimitArgs, opts?: pulumi.CustomResourceOptions) {
        super(
            name,
            {
                apiVersion: ENVOY_FILTER_API,
                kind: "EnvoyFilter",
                metadata: { name, namespace: args.namespace },
                spec: gatewayRateLimitSpec(args),
            },
            opts,
        );
    }
}
