import type { PlatformConfig } from "../../../../components/config/platform";
import { covers } from "../../../../components/traffic/host";
import { defineSpec } from "../../spec";
import { outboundCluster } from "../../target/envoy";
import type { Pod, Target } from "../../target/target";
import { fail } from "../support/answers";
import {
    applicationPods,
    ecommerceCluster,
    ecommerceGateway,
    ecommerceServices,
    entranceKinds,
    gatewayServer,
    helloCluster,
    helloPort,
    helloService,
} from "../support/names";
import { knows } from "../support/scope";
import { clusterOf, routesOf, type DeclaredRoute } from "../support/declared-routes";
import { tableDifferences, type DeclaredRoute as TableRoute, type DeclaredTable } from "../support/route-table";

/**
 * What a few requests cannot show: a fault in one request of a thousand, a route for one user, a rewritten header. The
 * route tables of the proxies hold exactly what is declared, field by field.
 */
export const routeTables = defineSpec({
    name: "route-tables",
    description:
        "The route tables of the gateway and of every sidecar hold the declared routes and destinations, and nothing that nobody declares: no fault, mirror, rewrite, redirect, changed header or further route for a declared path.",
    needs: [],
    locks: () => [],
    checks: {
        gateway: {
            ids: ["C2", "E3"],
            title: "C2 E3 route table: the gateway has the declared routes and does nothing else with their requests",
        },
        sidecars: {
            ids: ["C7", "E7"],
            title: "C7 E7 route table: inside the mesh every sidecar calls the services without undeclared routes",
        },
    },
    evidence: async (target) => ({
        pods: [...(await target.gatewayPods()), ...(await applicationPods(target)).slice(0, 1)],
        objects: namespaces(target.config).map((namespace) => ({ ...entranceKinds(target.config).route, namespace })),
    }),
    async run({ target, config, check, all }) {
        await all(
            () =>
                check("gateway", async () => {
                    const pods = await target.gatewayPods();
                    const declared = gatewayTables(config);
                    await compare(target, pods, () => declared);
                }),
            () =>
                check("sidecars", async () => {
                    const pods = (await applicationPods(target)).filter(({ sidecar }) => sidecar?.ready);
                    await compare(target, pods, ({ namespace }) => insideTables(config, namespace));
                }),
        );
    },
});

async function compare(
    target: Target,
    pods: readonly Pod[],
    declaredFor: (pod: Pod) => readonly DeclaredTable[],
): Promise<void> {
    const found = await Promise.all(
        pods.map(async (pod) => {
            const differences = tableDifferences(await target.proxy(pod).routes(), declaredFor(pod));
            return differences.map((difference) => ({ pod: pod.name, difference }));
        }),
    );
    const podsOf = new Map<string, string[]>();
    for (const { pod, difference } of found.flat()) podsOf.set(difference, [...(podsOf.get(difference) ?? []), pod]);
    if (pods.length > 0 && podsOf.size === 0) return;
    fail({
        expected: "route tables that hold the declared routes and nothing else for their paths",
        seen:
            [...podsOf]
                .map(
                    ([difference, names]) =>
                        `${difference} (${names.length} of ${pods.length} proxies, for example ${names[0]})`,
                )
                .join("; ") || "there is no proxy to look at",
        cause: "a VirtualService was changed or added by hand, or an EnvoyFilter changes routes",
        action: "kubectl get virtualservices,envoyfilters -A: look for what the program has not declared; the saved routes are what the proxy has",
    });
}

/** Envoy's name of the gateway's routes for plain HTTP: by the port that its container listens on. */
const gatewayConfiguration = "http.8080";
/** The same for HTTPS: every server of a Gateway has routes of its own. */
const secureConfiguration = (namespace: string) => `https.443.https.${ecommerceGateway}.${namespace}`;

/** What the gateway routes, by host. */
function gatewayTables(config: PlatformConfig): DeclaredTable[] {
    const { egov, ecommerce } = config;
    const segments = config.mesh.routing === "gateway-api";
    const hello = egov.enabled
        ? [
              { prefix: egov.hello.path, segments, clusters: helloClusters(config) },
              ...routesOf(config, "egov").map(inTable),
          ]
        : [];
    const canaries = routesOf(config, "ecommerce");
    const shop = ecommerce.enabled
        ? [
              ...ecommerceServices(config)
                  .filter(({ name }) => !canaries.some(({ service }) => service.name === name))
                  .map(({ name, path }) => ({
                      prefix: path,
                      segments,
                      clusters: { [ecommerceCluster(config, name)]: 100 },
                  })),
              ...canaries.map(inTable),
          ]
        : [];
    const hosts = [...(egov.enabled ? ["*"] : []), ...(ecommerce.enabled ? ecommerce.hosts : [])];
    const plain = [...new Set(hosts)].map((host) => ({
        configuration: gatewayConfiguration,
        host,
        routes: [...(host === "*" ? hello : []), ...(ecommerce.hosts.some((one) => covers(one, host)) ? shop : [])],
    }));
    const secureHosts = ecommerce.enabled && ecommerce.tls ? [...ecommerce.hosts, ...ecommerce.tls.httpsOnlyHosts] : [];
    const secure = secureHosts.map((host) => ({
        configuration: secureConfiguration(ecommerce.namespace),
        host,
        routes: shop,
    }));
    return [...plain, ...secure];
}

/** A declared route as the table of a proxy shows it. */
function inTable(route: DeclaredRoute): TableRoute {
    const { match, shares, mirror, fault, service } = route;
    return {
        ...match,
        segments: service.routing === "gateway-api",
        clusters: Object.fromEntries(shares.map((group) => [clusterOf(route, group), Math.round(100 * group.share)])),
        ...(mirror && {
            mirror: { cluster: clusterOf(route, mirror), percent: Math.round(100 * mirror.share) },
        }),
        ...(fault && { fault }),
    };
}

function helloClusters(config: PlatformConfig): Record<string, number> {
    const { weights } = config.egov.hello;
    if (!weights) return { [helloCluster(config)]: 100 };
    return Object.fromEntries(
        Object.entries(weights).map(([subset, weight]) => [helloCluster(config, subset), weight]),
    );
}

/** What a sidecar of a namespace routes: each service that it is to know by its own name, whatever the path. */
function insideTables(config: PlatformConfig, from: string): DeclaredTable[] {
    const { egov, ecommerce } = config;
    const services = [
        ...(egov.enabled
            ? [
                  { name: helloService, namespace: egov.namespaces.app, port: helloPort },
                  { name: gatewayServer, namespace: egov.namespaces.infra, port: egov.gatewayServer.port },
              ]
            : []),
        ...(ecommerce.enabled
            ? ecommerceServices(config).map(({ name }) => ({
                  name,
                  namespace: ecommerce.namespace,
                  port: ecommerce.servicePort,
              }))
            : []),
    ];
    const known = services.filter(({ namespace }) => knows(config, from, namespace));
    return known.map(({ name, namespace, port }) => ({
        configuration: String(port),
        host: `${name}.${namespace}.svc.cluster.local`,
        routes: [{ prefix: "/", clusters: { [outboundCluster(name, namespace, port)]: 100 } }],
    }));
}

function namespaces({ egov, ecommerce }: PlatformConfig): string[] {
    return [
        ...(egov.enabled ? Object.values(egov.namespaces) : []),
        ...(ecommerce.enabled ? [ecommerce.namespace] : []),
    ];
}
