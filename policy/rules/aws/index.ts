import type { Rule } from "../rule";
import { bucketEncryption, bucketPrivate, bucketTls } from "./buckets";
import {
    cacheAtRest,
    cacheAuthentication,
    cacheBackups,
    cacheFailover,
    cacheInTransit,
    databaseBackups,
    databaseDeletion,
    databaseEncryption,
    databaseLogs,
    databasePrivate,
    databaseTls,
    databaseUpgrades,
    databaseZones,
} from "./databases";
import {
    eksAccessEntries,
    eksDeletionProtection,
    eksLogTypes,
    eksNetworkPolicies,
    eksPrivateEndpoint,
    eksPublicEndpoint,
    eksSecretsEncryption,
} from "./eks";
import { iamAdministrator, iamEscalation, iamServiceWildcard, iamTrust, keyTrust } from "./identities";
import { keyDeletion, keyRotation, logEncryption, logRetention } from "./keys-and-logs";
import { defaultSecurityGroup, flowLogs, openSecurityGroup, vpcDns } from "./network";
import { diskEncryption, nodeMetadata, nodePublicIp, nodeSsh, subnetPublicIp } from "./nodes";
import { registryScan, registryTags } from "./registries";

/** The control plane, its nodes, the network, identities and keys, data, images. */
export const awsRules: readonly Rule[] = [
    eksPublicEndpoint,
    eksPrivateEndpoint,
    eksSecretsEncryption,
    eksLogTypes,
    eksAccessEntries,
    eksDeletionProtection,
    eksNetworkPolicies,
    nodeMetadata,
    nodeSsh,
    diskEncryption,
    nodePublicIp,
    subnetPublicIp,
    openSecurityGroup,
    defaultSecurityGroup,
    flowLogs,
    vpcDns,
    iamAdministrator,
    iamServiceWildcard,
    iamEscalation,
    iamTrust,
    keyTrust,
    keyRotation,
    keyDeletion,
    logEncryption,
    logRetention,
    databaseEncryption,
    databasePrivate,
    databaseZones,
    databaseBackups,
    databaseDeletion,
    databaseLogs,
    databaseUpgrades,
    databaseTls,
    cacheAtRest,
    cacheInTransit,
    cacheAuthentication,
    cacheFailover,
    cacheBackups,
    bucketEncryption,
    bucketPrivate,
    bucketTls,
    registryScan,
    registryTags,
];
