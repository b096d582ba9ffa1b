export { AuthorizationPolicy, authorizationPolicySpec, type AuthorizationPolicyArgs } from "./authorization-policy";
export {
    filterDeployment,
    filterPolicySpec,
    filterService,
    RequestFilter,
    type RequestFilterArgs,
} from "./request-filter";
export {
    GlobalRateLimit,
    limitsConfigMap,
    rateLimitDeployment,
    rateLimitPolicies,
    rateLimitServices,
    redisDeployment,
    type GlobalRateLimitArgs,
} from "./global-rate-limit";
export { MutualTls, peerAuthentications, type MutualTlsArgs } from "./mutual-tls";
export { ServiceAuthorization, servicePolicies, type ServiceAuthorizationArgs } from "./service-authorization";
export { GatewayCertificate, certificateHosts, type GatewayCertificateArgs } from "./gateway-certificate";
export { GatewayTokens, type GatewayTokensArgs } from "./gateway-tokens";
export { signingKeyProvider } from "./signing-key";
export { claimPolicySpec, missingTokenSpec, requestAuthenticationSpec, type TokenPolicyArgs } from "./token-policy";
export { certificateProvider, SelfSignedCertificate } from "./self-signed-certificate";
export { declaredPolicies, NetworkPolicies, type NetworkPoliciesArgs } from "./network-policies";
