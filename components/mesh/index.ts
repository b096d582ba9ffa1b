export { IstioControlPlane, type IstioControlPlaneArgs } from "./control-plane";
export {
    GATEWAY_HEALTH,
    INGRESS_GATEWAY,
    INGRESS_GATEWAY_SELECTOR,
    IngressGateway,
    type IngressGatewayArgs,
} from "./ingress-gateway";
export { EGRESS_GATEWAY_SELECTOR, EgressGateway, type EgressGatewayArgs } from "./egress-gateway";
export { PROXY_PORT } from "./gateway-proxies";
export { renderControlPlane } from "./render";
export { MeshTracing } from "./tracing";
export {
    CONTROL_PLANE_SELECTOR,
    controlPlaneSelector,
    controlPlaneValues,
    ISTIO_NAMESPACE,
    istioOperator,
    REQUEST_FILTER,
    type MeshImages,
} from "./values";
