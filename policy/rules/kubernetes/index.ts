import type { Rule } from "../rule";
import { wildcardAuthorization } from "./authorization";
import { blockingBudget, disruptionBudget, topologySpread } from "./availability";
import { imageDigest, imageTag } from "./images";
import { gatewayTls, mutualTlsException, plainClient, strictMutualTls } from "./mutual-tls";
import { defaultDeny, defaultNamespace } from "./namespaces";
import { podSecurityRules } from "./pod-security";
import { clusterAdmin, rbacEscalation, rbacWildcard } from "./rbac";
import { readinessProbe } from "./readiness-probe";
import { memoryLimit, resourceRequests } from "./resources";
import { plainSecretConfigMap, plainSecretEnv } from "./secrets";
import { defaultServiceAccount, serviceAccountToken } from "./service-accounts";
import {
    externalIps,
    loadBalancerPorts,
    nlbAccessLogs,
    nlbController,
    nlbCrossZone,
    nlbDeletionProtection,
    nlbScheme,
    nlbTlsPolicy,
} from "./services";
import { sidecarBypass } from "./sidecar-bypass";
import { storageClassEncryption } from "./storage";
import { webhookFailurePolicy } from "./webhook-failure-policy";

/** Pods, what they need and who they are, the network between them, the mesh's security, the entrance. */
export const kubernetesRules: readonly Rule[] = [
    ...podSecurityRules,
    imageTag,
    imageDigest,
    resourceRequests,
    memoryLimit,
    readinessProbe,
    disruptionBudget,
    blockingBudget,
    topologySpread,
    defaultNamespace,
    defaultServiceAccount,
    serviceAccountToken,
    rbacWildcard,
    rbacEscalation,
    clusterAdmin,
    plainSecretEnv,
    plainSecretConfigMap,
    storageClassEncryption,
    defaultDeny,
    strictMutualTls,
    mutualTlsException,
    plainClient,
    wildcardAuthorization,
    sidecarBypass,
    webhookFailurePolicy,
    gatewayTls,
    externalIps,
    loadBalancerPorts,
    nlbController,
    nlbScheme,
    nlbTlsPolicy,
    nlbCrossZone,
    nlbDeletionProtection,
    nlbAccessLogs,
];
