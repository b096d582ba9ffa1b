export { IstioControlPlane, type IstioControlPlaneArgs } from "./control-plane";
export {
    GATEWAY_HEALTH,
    INGRESS_GATEWAY,
    INGRESS_GATEWAY_SELECTOR,
    IngressGateway,
    type IngressGatewayArgs,
} from "./ingress-gateway";
export { EgressGateway, type EgressGatewayArgs } from "./egress-gateway";
export { renderControlPlane } from "./render";
export { controlPlaneValues, ISTIO_NAMESPACE, istioOperator, REQUEST_FILTER, type MeshImages } from "./values";
