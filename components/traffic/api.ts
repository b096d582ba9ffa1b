/** API of Istio's traffic resources: v1 is the stored version since Istio 1.22. */
export const NETWORKING_API = "networking.istio.io/v1";

/** API of EnvoyFilter, which has no v1. */
export const ENVOY_FILTER_API = "networking.istio.io/v1alpha3";

/** API of the Gateway API's Gateway and HTTPRoute (P12). */
export const GATEWAY_API = "gateway.networking.k8s.io/v1";
