import type { PlatformConfig } from "../../../../components/config/platform";
import { milliseconds } from "../../../../components/config/units";
import {
    amplifiedRoutes,
    distributedProfiles,
    failoverProfiles,
    freshRoute,
    profilesForAllZones,
    profilesWith,
    routesWithPerTry,
    routesWithRetries,
    routesWithTimeout,
} from "./study";

/** The longest ejection of the study that the suite waits for. */
const longestEjection = 60_000;

/** What an environment must declare of the study's system, for one kind of experiment each. */
export const studyFeatures = {
    study: (config: PlatformConfig) => config.study.enabled || "study.enabled is false",
    "study-weights": ({ study }: PlatformConfig) =>
        study.catalog.routes.some(({ weights }) => Object.values(weights ?? {}).filter(Boolean).length > 1) ||
        "study.catalog.routes has no route with several weights",
    "study-mirrors": ({ study }: PlatformConfig) =>
        study.catalog.routes.some(({ mirror }) => mirror !== undefined) ||
        "study.catalog.routes has no route with a mirror",
    "study-timeouts": (config: PlatformConfig) =>
        routesWithTimeout(config).length > 0 || "study.simpleBackend.routes has no route with a timeout",
    "study-retries": (config: PlatformConfig) =>
        routesWithRetries(config).length > 0 || "study.simpleBackend.routes has no route with retries",
    "study-per-try": (config: PlatformConfig) =>
        routesWithPerTry(config).length > 0 || "study.simpleBackend.routes has no route with a perTryTimeout",
    "study-amplification": (config: PlatformConfig) =>
        amplifiedRoutes(config).length > 0 ||
        "study.simpleWeb.routes has no route that is retried on both hops: nothing can multiply",
    "study-pools": (config: PlatformConfig) =>
        profilesWith(config, "connectionPool").length > 0 ||
        "study.simpleBackend has no route to a subset with a connectionPool",
    "study-fresh-connections": (config: PlatformConfig) =>
        freshRoute(config) !== undefined ||
        "study.simpleBackend has no route to a subset whose connectionPool.maxRequestsPerConnection is 1",
    "study-ejections": (config: PlatformConfig) =>
        profilesForAllZones(config, "outlierDetection").length > 0 ||
        "study.simpleBackend has no route to a subset with outlierDetection",
    "study-short-ejections": (config: PlatformConfig) =>
        profilesWith(config, "outlierDetection").every(
            ({ policy }) => milliseconds(policy.baseEjectionTime) <= longestEjection,
        ) ||
        `study.simpleBackend.profiles: an ejection is longer than the ${longestEjection / 1000} s that the suite waits`,
    "study-balancers": (config: PlatformConfig) =>
        profilesForAllZones(config, "loadBalancer").length > 0 ||
        "study.simpleBackend has no route to a subset with a loadBalancer",
    "study-zones": (config: PlatformConfig) =>
        profilesWith(config, "locality").length > 0 || "study.simpleBackend has no route to a subset with a locality",
    /** The suite knows the zone of every pod that a subset with a locality selects. */
    "study-placed": ({ study }: PlatformConfig) =>
        Object.values(study.simpleBackend.versions).every(({ zone }) => zone !== undefined) ||
        "study.simpleBackend.versions: a version has no zone: its pods are where their node is",
    "study-failover": (config: PlatformConfig) =>
        failoverProfiles(config).length > 0 ||
        "study.simpleBackend has no route to a subset that fails over to another zone",
    "study-distribution": (config: PlatformConfig) =>
        distributedProfiles(config).length > 0 ||
        "study.simpleBackend has no route to a subset that shares requests out over zones",
} satisfies Record<string, (config: PlatformConfig) => true | string>;
