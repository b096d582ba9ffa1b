import type { Mesh } from "../model/mesh";
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
import { check, type Rule, type Violation } from "./rule";
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

/** Every rule, along a request's way: control plane, workloads and services, gateways, routes, traffic policy. */
export const rules: readonly Rule[] = [
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

/** Applies every rule to a mesh. */
export function checkMesh(mesh: Mesh, applied: readonly Rule[] = rules): Violation[] {
    return applied.flatMap((rule) => check(rule, mesh));
}
