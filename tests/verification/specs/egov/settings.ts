import { defineSpec } from "../../spec";
import { escapeRegex } from "../../target/envoy";
import type { EnvoyCluster } from "../../target/target";
import { fail } from "../support/answers";
import { describeMismatches, loadBalancerMismatches, outlierMismatches, type Mismatch } from "../support/envoy-policy";
import { helloCluster } from "../support/names";
import { helloEvidence } from "./evidence";

export const egovSettings = defineSpec({
    name: "egov-settings",
    description:
        "Every pod of the ingress gateway has the declared load balancer and outlier detection for egov-hello.",
    needs: ["egov"],
    locks: () => [],
    checks: {
        outlier: {
            ids: ["E5", "E6"],
            title: "E5 E6 settings: the gateway's Envoy has the outlier detection of the declared profile",
        },
        balancer: { ids: ["E4"], title: "E4 settings: the gateway's Envoy has the declared load balancer" },
    },
    evidence: helloEvidence,
    async run({ target, config, check, all }) {
        const { weights, routes, subsets } = config.egov.hello;
        // A subset is a cluster of its own, which ejects on its own.
        const clusters = [
            ...(weights ? [] : [helloCluster(config)]),
            ...(weights || routes.length > 0 ? Object.keys(subsets).map((subset) => helloCluster(config, subset)) : []),
        ];
        const found = readClusters();
        // The checks await it; one that was not selected must not leave a rejection behind.
        found.catch(() => undefined);
        const compare = async (what: string, differences: (cluster: EnvoyCluster) => Mismatch[]): Promise<void> => {
            const policies = await found;
            const problems = policies.flatMap(({ pod, name, cluster }) => {
                const text = cluster ? describeMismatches(differences(cluster)) : "there is no such cluster";
                return text === "" ? [] : [`${pod.name}, ${name}: ${text}`];
            });
            if (problems.length === 0 && policies.length > 0) return;
            fail({
                expected: `${what} in ${clusters.join(", ")} of every gateway pod`,
                seen: problems.join("; ") || "there is no gateway pod",
                cause: "the DestinationRule egov-hello is missing, differs from the configuration or names another host",
                action: `kubectl -n ${config.egov.namespaces.app} get destinationrule egov-hello -o yaml: compare host and trafficPolicy`,
            });
        };
        await all(
            () =>
                check("outlier", () =>
                    compare("the values of egov.outlierDetection", (cluster) =>
                        outlierMismatches(cluster, config.egov.outlierDetection),
                    ),
                ),
            () =>
                check("balancer", () =>
                    compare(`egov.loadBalancer ${config.egov.loadBalancer}`, (cluster) =>
                        loadBalancerMismatches(cluster, config.egov.loadBalancer),
                    ),
                ),
        );

        async function readClusters() {
            const gateways = await target.gatewayPods();
            const perGateway = gateways.map(async (pod) => {
                const known = await target.proxy(pod).clusters(`(${clusters.map(escapeRegex).join("|")})`);
                return clusters.map((name) => ({ pod, name, cluster: known.find((one) => one.name === name) }));
            });
            return (await Promise.all(perGateway)).flat();
        }
    },
});
