import type { PlatformConfig } from "../../components/config/platform";
import type { ClientProfile } from "../../components/config/study";
import type { RoutePolicy } from "../../components/config/traffic";
import { milliseconds } from "../../components/config/units";
import type { PlainObject } from "./cluster/api";
import type { Changes } from "./cluster/changes";
import { objects, type Mesh } from "./cluster/mesh";
import { clustersOf, ecommerceServices, leadsTo } from "../verification/specs/support/names";
import { profilesWith, simpleBackend, studyCluster } from "../verification/specs/support/study";
import { helloCluster, inClusters, inGatewayRoutes } from "./mutations/look";

/**
 * Most of a run of the suite is spent on the declared waits: 30 s of ejection and of time-out. So that all mutations
 * fit into minutes, declaration and mesh are first changed together to shorter times. Every check works as before: it
 * compares the mesh with what is declared.
 */

/** Ejection, long enough that the checks during it are over before it ends. */
const baseEjectionTime = 15_000;
/** Time-out of a request; perTryTimeout keeps its share of it. */
const timeout = 9_000;

/** The configuration with shorter times; the same where they are short already. */
export function quickened(config: PlatformConfig): PlatformConfig {
    const { egov, ecommerce, study } = config;
    const { routePolicy } = ecommerce;
    const factor = timeout / milliseconds(routePolicy.timeout);
    return {
        ...config,
        egov: {
            ...egov,
            outlierDetection: {
                ...egov.outlierDetection,
                baseEjectionTime: shorter(egov.outlierDetection.baseEjectionTime, baseEjectionTime),
            },
        },
        ecommerce: {
            ...ecommerce,
            routePolicy:
                factor >= 1
                    ? routePolicy
                    : {
                          timeout: scaled(routePolicy.timeout, factor),
                          retries: {
                              ...routePolicy.retries,
                              perTryTimeout: scaled(routePolicy.retries.perTryTimeout, factor),
                          },
                      },
        },
        study: { ...study, simpleBackend: { ...study.simpleBackend, profiles: quickenedProfiles(config) } },
    };
}

function quickenedProfiles({ study: { simpleBackend } }: PlatformConfig): Record<string, ClientProfile> {
    return Object.fromEntries(
        Object.entries(simpleBackend.profiles).map(([name, profile]) => {
            const { outlierDetection: outlier } = profile;
            if (!outlier) return [name, profile];
            const time = shorter(outlier.baseEjectionTime, baseEjectionTime);
            return [name, { ...profile, outlierDetection: { ...outlier, baseEjectionTime: time } }];
        }),
    );
}

/** Brings the mesh to the times of {@link quickened}. */
export async function quicken(changes: Changes, all: PlatformConfig): Promise<void> {
    const { egov, ecommerce, study, mesh } = all;
    const httpRoutes = mesh.routing === "gateway-api";
    if (egov.enabled) {
        const hello = objects.hello("DestinationRule", all);
        const subsets = httpRoutes ? Object.keys(egov.hello.subsets).map((subset) => `${hello.name}-${subset}`) : [];
        for (const name of [hello.name, ...subsets])
            await changes.edit({ ...hello, name }, ({ spec }) => {
                spec.trafficPolicy.outlierDetection.baseEjectionTime = egov.outlierDetection.baseEjectionTime;
            });
    }
    if (study.enabled)
        await changes.edit(objects.study("DestinationRule", all, "simple-backend"), ({ spec }) => {
            for (const { name, trafficPolicy } of spec.subsets) {
                const outlier = study.simpleBackend.profiles[name]?.outlierDetection;
                if (outlier) trafficPolicy.outlierDetection.baseEjectionTime = outlier.baseEjectionTime;
            }
        });
    if (!ecommerce.enabled) return;
    for (const name of Object.keys(ecommerce.services))
        await changes.edit(objects.shop(httpRoutes ? "HTTPRoute" : "VirtualService", all, name), ({ spec }) => {
            for (const rule of httpRoutes ? spec.rules : spec.http)
                (httpRoutes ? quickenRule : quickenHttp)(rule, ecommerce.routePolicy);
        });
}

/** A rule of a VirtualService. */
function quickenHttp(http: PlainObject["spec"], { timeout, retries }: RoutePolicy): void {
    http.timeout = timeout;
    if (retries.attempts > 0) http.retries.perTryTimeout = retries.perTryTimeout;
}

/** A rule of an HTTPRoute. */
function quickenRule(rule: PlainObject["spec"], { timeout, retries }: RoutePolicy): void {
    rule.timeouts.request = timeout;
    if (retries.attempts > 0) rule.timeouts.backendRequest = retries.perTryTimeout;
}

/** Where the times of {@link quickened} show: the clusters of egov-hello and simple-backend, the gateway's routes to the shop. */
export async function tempoTraces(mesh: Mesh): Promise<boolean[]> {
    const { egov, ecommerce, study } = mesh.config;
    const same = (seen: unknown, declared: string) => milliseconds(String(seen ?? "0s")) === milliseconds(declared);
    const clusters = egov.enabled
        ? await inClusters(mesh, ["gateway", "gateway-server"], helloCluster(mesh), (cluster) =>
              same(cluster?.outlier_detection?.["base_ejection_time"], egov.outlierDetection.baseEjectionTime),
          )
        : [];
    const subsets = study.enabled
        ? await Promise.all(
              profilesWith(mesh.config, "outlierDetection").map(({ name, policy }) =>
                  inClusters(mesh, ["simple-web"], studyCluster(mesh.config, simpleBackend, name), (cluster) =>
                      same(cluster?.outlier_detection?.["base_ejection_time"], policy.baseEjectionTime),
                  ),
              ),
          )
        : [];
    const shop = ecommerce.enabled
        ? ecommerceServices(mesh.config).flatMap((service) => clustersOf(mesh.config, service))
        : [];
    const routes = await inGatewayRoutes(mesh, (all) =>
        all
            .filter((route) => leadsTo(route, shop))
            .every(({ route }) => same(route?.timeout, ecommerce.routePolicy.timeout)),
    );
    return [...clusters, ...subsets.flat(), ...routes];
}

/** A duration times a factor, for example `scaled("30s", 0.5)` = `15000ms`. */
export function scaled(duration: string, factor: number): string {
    return `${Math.round(milliseconds(duration) * factor)}ms`;
}

function shorter(duration: string, limit: number): string {
    return milliseconds(duration) > limit ? `${limit}ms` : duration;
}
