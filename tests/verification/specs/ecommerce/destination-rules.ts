import { defineSpec } from "../../spec";
import { escapeRegex } from "../../target/envoy";
import type { EnvoyCluster, Pod } from "../../target/target";
import { fail } from "../support/answers";
import { connectionPoolMismatches, describeMismatches, outlierMismatches } from "../support/envoy-policy";
import { applicationPods, clustersOf, ecommerceServices } from "../support/names";
import { ecommerceEvidence } from "./evidence";

interface ServicePolicy {
    service: string;
    /** Name of the cluster. */
    name: string;
    pod: Pod;
    cluster: EnvoyCluster | undefined;
}

export const destinationRules = defineSpec({
    name: "ecommerce-destination-rules",
    description:
        "Envoy's own configuration, in the gateway and in every sidecar that could be a client: each service's cluster comes from its DestinationRule and has the declared connection pool and outlier detection.",
    needs: ["ecommerce"],
    locks: () => [],
    checks: {
        attached: {
            ids: ["C5"],
            title: "C5 test 7, DestinationRule: the proxies take each service's policy from its DestinationRule",
        },
        gateway: { ids: ["C4"], title: "C4 gateway: connection pool and outlier detection are the declared ones" },
        sidecars: {
            ids: ["C4"],
            title: "C4 sidecars: connection pool and outlier detection are the declared ones in every client",
        },
    },
    evidence: ecommerceEvidence,
    async run({ target, config, check, wanted, all, progress }) {
        const { namespace, connectionPool, outlierDetection } = config.ecommerce;
        const services = ecommerceServices(config);
        const read = async (pods: readonly Pod[]): Promise<ServicePolicy[]> => {
            const names = services.flatMap((service) => clustersOf(config, service));
            const regex = `(${names.map(escapeRegex).join("|")})`;
            const found = await Promise.all(
                pods.map(async (pod) => {
                    const clusters = await target.proxy(pod).clusters(regex);
                    return services.flatMap((service) =>
                        clustersOf(config, service).map((name) => ({
                            service: service.name,
                            name,
                            pod,
                            cluster: clusters.find((cluster) => cluster.name === name),
                        })),
                    );
                }),
            );
            return found.flat();
        };
        const gateways = async () => read(await target.gatewayPods());
        const clients = async () => {
            const pods = (await applicationPods(target)).filter(({ sidecar }) => sidecar?.ready);
            progress(`the configuration of ${pods.length} sidecars`);
            return read(pods);
        };
        const values = (policies: readonly ServicePolicy[]): void => {
            const problems = policies.flatMap(({ service, pod, cluster }) => {
                const text = cluster
                    ? describeMismatches([
                          ...connectionPoolMismatches(cluster, connectionPool),
                          ...outlierMismatches(cluster, outlierDetection),
                      ])
                    : "there is no cluster for it";
                return text === "" ? [] : [`${service} in ${pod.name}: ${text}`];
            });
            if (problems.length === 0 && policies.length > 0) return;
            fail({
                expected: "the values of ecommerce.connectionPool and ecommerce.outlierDetection for each service",
                seen: shorten(problems) || "no proxy could be read",
                cause: "a DestinationRule is missing, differs from the configuration, or names another host",
                action: `kubectl -n ${namespace} get destinationrules -o yaml: compare host and trafficPolicy`,
                evidence: { "mismatches.txt": `${problems.join("\n")}\n` },
            });
        };
        const sidecarPolicies = wanted("attached", "sidecars") ? clients() : Promise.resolve([]);
        sidecarPolicies.catch(() => undefined);
        await all(
            () => check("gateway", async () => values(await gateways())),
            () => check("sidecars", async () => values(await sidecarPolicies)),
            () =>
                check("attached", async () => {
                    const policies = [...(await gateways()), ...(await sidecarPolicies)];
                    const problems = policies.flatMap(({ service, name, pod, cluster }) => {
                        const source = cluster?.metadata?.filter_metadata?.istio?.config ?? "nothing";
                        const own = `/namespaces/${namespace}/destination-rule/${serviceOf(name)}`;
                        return source.endsWith(own) ? [] : [`${service} in ${pod.name}: from ${source}`];
                    });
                    if (problems.length === 0 && policies.length > 0) return;
                    fail({
                        expected: `in each proxy the policy of each service comes from the DestinationRule of its name in ${namespace}`,
                        seen: shorten(problems) || "no proxy could be read",
                        cause: "the DestinationRule is missing, its host is not the service, or a proxy does not get new configuration",
                        action: `kubectl -n ${namespace} get destinationrules -o yaml: compare host with the Service's name`,
                        evidence: { "sources.txt": `${problems.join("\n")}\n` },
                    });
                }),
        );
    },
});

/** Name of the Service in the name of a cluster, `outbound|<port>|<subset>|<name>.<namespace>...`. */
const serviceOf = (cluster: string): string => cluster.split("|").at(-1)!.split(".")[0]!;

/** The first few of many equal problems. */
function shorten(problems: readonly string[]): string {
    const shown = problems.slice(0, 6).join("; ");
    return problems.length > 6 ? `${shown}; and ${problems.length - 6} more` : shown;
}
