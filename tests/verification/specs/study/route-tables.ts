import type { PlatformConfig } from "../../../../components/config/platform";
import type { Route } from "../../../../components/config/routes";
import { defineSpec } from "../../spec";
import type { Pod, Target } from "../../target/target";
import { fail } from "../support/answers";
import { istio } from "../support/names";
import { tableDifferences, type DeclaredTable } from "../support/route-table";
import { catalog, simpleBackend, simpleWeb, studyCluster, studyPort, webapp } from "../support/study";

/** What requests show only by chance, a share of 15 % for one of 10 %, is seen in the route tables of the proxies. */
export const studyRouteTables = defineSpec({
    name: "study-route-tables",
    description:
        "The route tables for the study's hosts at the gateway, and for catalog and simple-backend in every sidecar of the study, hold the declared matches, weights and mirrors and nothing else.",
    needs: ["study"],
    locks: () => [],
    checks: {
        gateway: { ids: ["T1"], title: "T1 route table: the gateway has the declared routes for the study's hosts" },
        sidecars: {
            ids: ["T3", "T4", "T6"],
            title: "T3 T4 T6 route table: the sidecars have the declared matches, weights and mirrors of the deep hop",
        },
    },
    evidence: async (target) => {
        const { namespace } = target.config.study;
        return {
            pods: [...(await target.gatewayPods()), ...(await target.kubernetes.pods(namespace))],
            objects: [
                { ...istio.virtualService, namespace },
                { ...istio.envoyFilter, namespace },
            ],
        };
    },
    async run({ target, config, check, all }) {
        const { namespace } = config.study;
        await all(
            () => check("gateway", async () => compare(target, await target.gatewayPods(), gatewayTables(config))),
            () =>
                check("sidecars", async () => {
                    const pods = await target.kubernetes.pods(namespace);
                    const proxies = pods.filter(({ sidecar }) => sidecar?.ready);
                    await compare(target, proxies, sidecarTables(config));
                }),
        );
    },
});

async function compare(target: Target, pods: readonly Pod[], declared: readonly DeclaredTable[]): Promise<void> {
    const found = await Promise.all(
        pods.map(async (pod) =>
            tableDifferences(await target.proxy(pod).routes(), declared).map(
                (difference) => `${pod.name}: ${difference}`,
            ),
        ),
    );
    const differences = found.flat();
    if (pods.length > 0 && differences.length === 0) return;
    fail({
        expected: `the declared routes for ${declared.map(({ host }) => host).join(", ")}, and nothing else`,
        seen: differences.slice(0, 6).join("; ") || "there is no proxy to look at",
        cause: "a VirtualService or an EnvoyFilter of the study differs from the configuration or was added by hand",
        action: "kubectl get virtualservices,envoyfilters -A -o yaml: compare with study.catalog.routes, study.simpleWeb.routes and study.simpleBackend.routes",
        evidence: { "differences.txt": differences.join("\n") },
    });
}

/** Envoy's name of the gateway's routes for plain HTTP: by the port that its container listens on. */
const gatewayConfiguration = "http.8080";

function gatewayTables(config: PlatformConfig): DeclaredTable[] {
    const { hosts } = config.study;
    const table = (host: string, routes: DeclaredTable["routes"]) => ({
        configuration: gatewayConfiguration,
        host,
        routes,
    });
    return [
        table(hosts.catalog, tableOf(config, catalog, config.study.catalog.routes)),
        table(hosts.webapp, [{ prefix: "/", clusters: { [studyCluster(config, webapp)]: 100 } }]),
        table(hosts.simpleWeb, tableOf(config, simpleWeb, config.study.simpleWeb.routes)),
    ];
}

function sidecarTables(config: PlatformConfig): DeclaredTable[] {
    const { namespace } = config.study;
    const table = (service: string, routes: readonly Route[]) => ({
        configuration: String(studyPort),
        host: `${service}.${namespace}.svc.cluster.local`,
        routes: tableOf(config, service, routes),
    });
    return [table(catalog, config.study.catalog.routes), table(simpleBackend, config.study.simpleBackend.routes)];
}

/** A service's declared routes as a proxy has them. */
function tableOf(config: PlatformConfig, service: string, routes: readonly Route[]): DeclaredTable["routes"] {
    return routes.map(({ match, weights, mirror, fault }) => ({
        prefix: match.prefix,
        headers: match.headers,
        clusters: weights
            ? Object.fromEntries(
                  Object.entries(weights).map(([subset, weight]) => [studyCluster(config, service, subset), weight]),
              )
            : { [studyCluster(config, service)]: 100 },
        ...(mirror && { mirror: { cluster: studyCluster(config, service, mirror.to), percent: mirror.percent } }),
        ...(fault && { fault }),
    }));
}
