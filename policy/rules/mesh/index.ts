import type { Rule } from "../rule";
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
import { unknownField } from "./unknown-field";
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
    unknownField,
];
