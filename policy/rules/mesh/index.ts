import type { Rule } from "../rule";
import {
    authorizationRule,
    jwtRule,
    peerAuthenticationPort,
    policyProvider,
    policyScope,
    policySelector,
} from "./access";
import { destinationRuleConflict, hiddenRule, mutualTlsConflict, trafficPolicy } from "./destination-policy";
import { envoyFilter } from "./envoy-filter";
import { apiRouteRule, gatewayListener, routeBackend, routeParent, waypoint } from "./gateway-api";
import { gatewayConflict, gatewayCredential, gatewayServer } from "./gateway-tls";
import { alertmanagerConfig, prometheusConfig, prometheusRule } from "./monitoring";
import { networkPolicyCut, networkPolicyTarget } from "./network-policies";
import { serviceEntryRule, sidecarScope, tlsOrigination } from "./outside";
import { injectionLabel, podParts, probePort, proxyConflict, rewrittenProbe } from "./pods";
import { missingReference } from "./references";
import { routeAction, routeDelegate, routeFault, routeHeaders, routePort, routeRetries } from "./route-action";
import { routeMatch, unreachableRoute } from "./route-order";
import { calledService, noReplicas, portName, registryOnly, servicePorts } from "./service-ports";
import { containerArgs } from "./container-args";
import { destinationHost } from "./destination-host";
import { destinationPort } from "./destination-port";
import { destinationRuleHost } from "./destination-rule-host";
import { ejectionBudget } from "./ejection-budget";
import { emptySubset } from "./empty-subset";
import { gatewayPort } from "./gateway-port";
import { gatewaySelector } from "./gateway-selector";
import { httpRouteBackend } from "./http-route-backend";
import { mirror } from "./mirror";
import { nodePortConflict } from "./node-port-conflict";
import { overlappingHosts } from "./overlapping-hosts";
import { portProtocol } from "./port-protocol";
import { retryBudget } from "./retry-budget";
import { routeConflict } from "./route-conflict";
import { routeWeights } from "./route-weights";
import { serviceSelector } from "./service-selector";
import { sidecarInjection } from "./sidecar-injection";
import { targetPort } from "./target-port";
import { apiVersion, fieldValue, requiredField, unknownField } from "./schema";
import { unknownSubset } from "./unknown-subset";
import { unusedGateway } from "./unused-gateway";
import { virtualServiceGateway } from "./virtual-service-gateway";
import { virtualServiceHost } from "./virtual-service-host";
import { webhookControlPlaneAccess } from "./webhook-control-plane-access";
import { webhookService } from "./webhook-service";
import { workloadSelector } from "./workload-selector";

/** The mesh works: along a request's way: control plane, workloads and services, gateways, routes, traffic policy. */
export const meshRules: readonly Rule[] = [
    webhookService,
    webhookControlPlaneAccess,
    sidecarInjection,
    workloadSelector,
    containerArgs,
    serviceSelector,
    targetPort,
    portProtocol,
    nodePortConflict,
    gatewaySelector,
    gatewayPort,
    virtualServiceGateway,
    virtualServiceHost,
    overlappingHosts,
    unusedGateway,
    routeConflict,
    destinationHost,
    destinationPort,
    httpRouteBackend,
    unknownSubset,
    routeWeights,
    mirror,
    retryBudget,
    destinationRuleHost,
    emptySubset,
    ejectionBudget,
    injectionLabel,
    missingReference,
    podParts,
    probePort,
    rewrittenProbe,
    proxyConflict,
    servicePorts,
    portName,
    noReplicas,
    calledService,
    gatewayServer,
    gatewayConflict,
    gatewayCredential,
    routeAction,
    routeDelegate,
    routeMatch,
    unreachableRoute,
    routePort,
    routeRetries,
    routeFault,
    routeHeaders,
    destinationRuleConflict,
    hiddenRule,
    trafficPolicy,
    mutualTlsConflict,
    peerAuthenticationPort,
    policySelector,
    policyScope,
    authorizationRule,
    jwtRule,
    networkPolicyTarget,
    networkPolicyCut,
    serviceEntryRule,
    tlsOrigination,
    registryOnly,
    sidecarScope,
    gatewayListener,
    routeParent,
    routeBackend,
    apiRouteRule,
    waypoint,
    envoyFilter,
    policyProvider,
    prometheusConfig,
    prometheusRule,
    alertmanagerConfig,
    apiVersion,
    unknownField,
    fieldValue,
    requiredField,
];
