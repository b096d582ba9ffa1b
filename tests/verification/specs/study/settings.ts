import type { Route } from "../../../../components/config/routes";
import { milliseconds } from "../../../../components/config/units";
import { defineSpec } from "../../spec";
import { escapeRegex } from "../../target/envoy";
import type { EnvoyCluster, EnvoyRoute } from "../../target/target";
import { fail } from "../support/answers";
import {
    connectionPoolMismatches,
    describeMismatches,
    loadBalancerMismatches,
    outlierMismatches,
    type Mismatch,
} from "../support/envoy-policy";
import {
    callerPod,
    istioRetries,
    profilePods,
    profilesWith,
    simpleBackend,
    simpleWeb,
    studyCluster,
} from "../support/study";
import { declaredZones, zoneDifferences, zonesInEnvoy } from "../support/zones";
import { backendEvidence } from "./evidence";

export const studySettings = defineSpec({
    name: "study-settings",
    description:
        "Envoy's own configuration in the sidecar of simple-web: the routes to simple-backend have the declared time-outs and retries, the clusters of the subsets the declared load balancers, limits, outlier detection and zones.",
    needs: ["study"],
    locks: () => [],
    checks: {
        routes: {
            ids: ["T10", "T11"],
            title: "T10 T11 settings: the sidecar of the caller has the declared time-outs and retries",
        },
        balancers: {
            ids: ["T8"],
            title: "T8 settings: the sidecar of the caller has the declared load balancers",
            needs: ["study-balancers"],
        },
        pools: {
            ids: ["T12"],
            title: "T12 settings: the sidecar of the caller has the declared connection pool",
            needs: ["study-pools"],
        },
        zones: {
            ids: ["T9"],
            title: "T9 settings: the sidecar of the caller has the declared order and shares of the zones",
            needs: ["study-zones", "study-placed"],
        },
        outliers: {
            ids: ["T13"],
            title: "T13 settings: the sidecar of the caller has the declared outlier detection",
            needs: ["study-ejections"],
        },
    },
    evidence: backendEvidence,
    async run({ target, config, check, all }) {
        const proxy = target.proxy(await callerPod(target, simpleWeb));
        const { routes, retriableStatusCodes } = config.study.simpleBackend;
        await all(
            () =>
                check("routes", async () => {
                    const known = (await proxy.routes()).flatMap(({ virtual_hosts: hosts = [] }) =>
                        hosts
                            .filter(({ name }) => name.startsWith(`${simpleBackend}.${config.study.namespace}.`))
                            .flatMap(({ routes: own = [] }) => own),
                    );
                    const problems = routes.flatMap((route) => {
                        const found = known.find(({ name }) => name === route.name);
                        const codes = route.name === retriableStatusCodes.route ? retriableStatusCodes : undefined;
                        const differences = found ? routeDifferences(found, route, codes) : ["there is no such route"];
                        return differences.map((difference) => `${route.name}: ${difference}`);
                    });
                    report("the time-outs and retries of study.simpleBackend.routes", problems);
                }),
            () =>
                check("balancers", () =>
                    compare("loadBalancer", (cluster, policy) => loadBalancerMismatches(cluster, policy)),
                ),
            () =>
                check("pools", () =>
                    compare("connectionPool", (cluster, policy) => connectionPoolMismatches(cluster, policy)),
                ),
            () =>
                check("zones", async () => {
                    const problems = await Promise.all(
                        profilesWith(config, "locality").map(async (profile) => {
                            const pods = await profilePods(target, profile.profile);
                            const seen = await zonesInEnvoy(proxy, studyCluster(config, simpleBackend, profile.name));
                            return zoneDifferences(declaredZones(config, profile, pods), seen, pods).map(
                                (difference) => `${profile.name}: ${difference}`,
                            );
                        }),
                    );
                    report("locality of study.simpleBackend.profiles", problems.flat());
                }),
            () =>
                check("outliers", () =>
                    compare("outlierDetection", (cluster, policy) => outlierMismatches(cluster, policy)),
                ),
        );

        async function compare<K extends "loadBalancer" | "connectionPool" | "outlierDetection">(
            field: K,
            differences: (
                cluster: EnvoyCluster,
                policy: ReturnType<typeof profilesWith<K>>[number]["policy"],
            ) => Mismatch[],
        ): Promise<void> {
            const profiles = profilesWith(config, field);
            const clusters = profiles.map(({ name }) => studyCluster(config, simpleBackend, name));
            const known = await proxy.clusters(`(${clusters.map(escapeRegex).join("|")})`);
            const problems = profiles.flatMap(({ name, policy }) => {
                const cluster = known.find((one) => one.name === studyCluster(config, simpleBackend, name));
                const text = cluster ? describeMismatches(differences(cluster, policy)) : "there is no such cluster";
                return text === "" ? [] : [`${name}: ${text}`];
            });
            report(`${field} of study.simpleBackend.profiles`, problems);
        }

        function report(expected: string, problems: readonly string[]): void {
            if (problems.length === 0) return;
            fail({
                expected: `${expected} in the sidecar of simple-web`,
                seen: problems.join("; "),
                cause: "VirtualService, DestinationRule or EnvoyFilter of simple-backend is missing, differs from the configuration, or does not act on `mesh`; or a pod's label istio-locality is another one",
                action: `kubectl -n ${config.study.namespace} get virtualservice,destinationrule,envoyfilter -o yaml: compare with study.simpleBackend`,
            });
        }
    },
});

/** What of a route in Envoy differs from the declared one. */
export function routeDifferences(
    { route }: EnvoyRoute,
    declared: Route,
    filter: { codes: readonly number[]; backOff: string } | undefined,
): string[] {
    const time = (text: string | undefined) => (text === undefined ? undefined : milliseconds(text));
    const sorted = (values: readonly unknown[]) => values.map(String).sort().join(",");
    const { attempts, perTryTimeout, retryOn = istioRetries.retryOn } = declared.retries ?? istioRetries;
    const policy = route?.retry_policy;
    const fields: [what: string, expected: unknown, seen: unknown][] = [
        ["timeout in ms", time(declared.timeout) ?? 0, time(route?.timeout) ?? 0],
        ["attempts", attempts, policy ? (policy.num_retries ?? 1) : 0],
        ...(attempts > 0
            ? ([
                  ["perTryTimeout in ms", time(perTryTimeout), time(policy?.per_try_timeout)],
                  ["retryOn", sorted(retryOn), sorted((policy?.retry_on ?? "").split(","))],
                  ["retriable codes", sorted(filter?.codes ?? []), sorted(policy?.retriable_status_codes ?? [])],
                  ["back-off in ms", time(filter?.backOff), time(policy?.retry_back_off?.base_interval)],
              ] satisfies [string, unknown, unknown][])
            : []),
    ];
    return fields
        .filter(([, expected, seen]) => expected !== seen)
        .map(
            ([what, expected, seen]) =>
                `${what} ${String(seen ?? "not set")} instead of ${String(expected ?? "not set")}`,
        );
}
