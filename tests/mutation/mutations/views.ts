import { apiVersionOf } from "../cluster/api";
import { objects, type Mesh } from "../cluster/mesh";
import type { CheckSet, Mutation } from "../mutation";
import { outboundCluster } from "../../verification/target/envoy";
import type { ProxySnapshot } from "../../verification/proxy-views/snapshot";
import { takeSnapshot } from "../../verification/proxy-views/snapshot";
import { inClusters } from "./look";
import { otherObjects } from "./red";

/** Changes that hardly a request notices, and every look into the proxies does. */

const server = "gateway-server";

const hostOf = ({ config }: Mesh, name: string, namespace = config.egov.namespaces.infra): string =>
    `${name}.${namespace}.svc.cluster.local`;

const serverCluster = ({ config: { egov } }: Mesh): string =>
    outboundCluster(server, egov.namespaces.infra, egov.gatewayServer.port);

/** The sidecars of gateway-server: whether what they have been told is of a kind. */
async function inServerViews(mesh: Mesh, is: (snapshot: ProxySnapshot) => boolean): Promise<boolean[]> {
    const pods = await mesh.proxies(server);
    return Promise.all(pods.map(async (pod) => is(await takeSnapshot(mesh.target.proxy(pod)))));
}

export const views: readonly Mutation[] = [
    {
        name: "view-service-hidden",
        ids: ["T14"],
        description: "The Service gateway-server is exported to its own namespace only.",
        needs: ["egov"],
        apply: (changes, { config }) =>
            changes.edit(objects.gatewayServer("Service", config), ({ metadata }) => {
                metadata.annotations = { ...metadata.annotations, "networking.istio.io/exportTo": "." };
            }),
        traces: (mesh) => inClusters(mesh, ["gateway"], serverCluster(mesh), (cluster) => cluster === undefined),
        expectRed: ({ mesh: { outboundTrafficPolicy } }): CheckSet => ({
            "proxy-views": ["listeners", "routes", "clusters", "endpoints"],
            "route-tables": ["sidecars"],
            // What a proxy does not know it lets through by its address, unless only known hosts are reached.
            ...(outboundTrafficPolicy === "REGISTRY_ONLY" && { "egov-gateway-server": ["reach"] }),
        }),
    },
    {
        name: "view-listener-removed",
        ids: ["T14"],
        description: "An EnvoyFilter takes one listener away from the sidecar of gateway-server.",
        needs: ["egov"],
        apply: (changes, { config: { egov } }) =>
            changes.create({
                apiVersion: apiVersionOf("EnvoyFilter"),
                kind: "EnvoyFilter",
                metadata: { name: "without-listener", namespace: egov.namespaces.infra },
                spec: {
                    configPatches: [
                        {
                            applyTo: "LISTENER",
                            match: { context: "SIDECAR_OUTBOUND", listener: { name: listenerName(egov) } },
                            patch: { operation: "REMOVE" },
                        },
                    ],
                },
            }),
        traces: (mesh) =>
            inServerViews(mesh, ({ listeners }) => listeners[listenerName(mesh.config.egov)] === undefined),
        expectRed: { "proxy-views": ["listeners"], ...otherObjects("proxies") },
    },
    {
        name: "view-service-led-elsewhere",
        ids: ["T14"],
        description: "A VirtualService leads requests for gateway-server inside the mesh to egov-hello.",
        needs: ["egov"],
        apply: (changes, mesh) =>
            changes.create({
                apiVersion: apiVersionOf("VirtualService"),
                kind: "VirtualService",
                metadata: { name: "elsewhere", namespace: mesh.config.egov.namespaces.infra },
                spec: {
                    hosts: [hostOf(mesh, server)],
                    http: [
                        {
                            route: [
                                { destination: { host: hostOf(mesh, "egov-hello", mesh.config.egov.namespaces.app) } },
                            ],
                        },
                    ],
                },
            }),
        traces: (mesh) =>
            inServerViews(mesh, ({ routes }) =>
                (routes[String(mesh.config.egov.gatewayServer.port)]?.virtual_hosts ?? [])
                    .filter(({ domains = [] }) => domains.includes(hostOf(mesh, server)))
                    .some((host) => host.routes?.some(({ route }) => route?.cluster?.includes("|egov-hello."))),
            ),
        expectRed: {
            "proxy-views": ["routes"],
            "route-tables": ["sidecars"],
            "egov-gateway-server": ["reach"],
            ...otherObjects("routes"),
        },
    },
    {
        name: "view-other-target-port",
        ids: ["T14"],
        description: "The Service gateway-server leads to a port of its pods on which nobody listens.",
        needs: ["egov"],
        apply: (changes, { config }) =>
            changes.edit(objects.gatewayServer("Service", config), ({ spec }) => {
                spec.ports[0].targetPort = 9999;
            }),
        traces: (mesh) =>
            inServerViews(mesh, ({ endpoints }) =>
                Object.keys(endpoints[serverCluster(mesh)] ?? {}).some((address) => address.endsWith(":9999")),
            ),
        expectRed: { "proxy-views": ["endpoints"], "egov-gateway-server": ["reach"] },
    },
];

/** Istio's name of the listener for HTTP to gateway-server's port. */
const listenerName = ({ gatewayServer: { port } }: Mesh["config"]["egov"]): string => `0.0.0.0_${port}`;
