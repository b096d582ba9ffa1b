import { siteHost, siteHosts, undeclaredServices, type ExternalHost } from "../../../components/config/egress";
import type { PlatformConfig } from "../../../components/config/platform";
import { takeSnapshot, type ProxySnapshot } from "../../verification/proxy-views/snapshot";
import { outboundCluster } from "../../verification/target/envoy";
import { apiVersionOf, type PlainObject } from "../cluster/api";
import { objects, type Mesh } from "../cluster/mesh";
import type { CheckSet, Mutation } from "../mutation";
import { otherConfiguration, otherObjects, union } from "./red";

/** Mistakes about what leaves the mesh. */

const egressGateway = "istio-egressgateway";

/** A stack that lets pods reach nothing but hosts on both ways, beside one that is to be refused. */
const needs: Mutation["needs"] = [
    ...(["egov", "registry-only", "undeclared-host"] as const),
    ...(["hosts-through-gateway", "hosts-through-sidecar"] as const),
];

/** A declared host that is reached on one of the ways, by the name of its ServiceEntry. */
function hostThrough({ config }: Mesh, way: ExternalHost["through"]): [name: string, host: ExternalHost] {
    const found = siteHosts(config.mesh.egress).find(([, { through }]) => through === way);
    if (!found) throw new Error(`mesh.egress.hosts has no host through the ${way}`);
    return found;
}

const clusterOf = ({ host, port }: ExternalHost): string => `outbound|${port}||${host}`;
const gatewayCluster = outboundCluster(egressGateway, "istio-system", 80);

/** What every sidecar of the e-Government system, and each proxy of the egress gateway where wanted, has been told. */
async function inViews(
    mesh: Mesh,
    is: (snapshot: ProxySnapshot) => boolean,
    which: "sidecars" | "gateway" = "sidecars",
): Promise<boolean[]> {
    const { kubernetes } = mesh.target;
    const { app, infra } = mesh.config.egov.namespaces;
    const pods =
        which === "gateway"
            ? await kubernetes.pods("istio-system", { app: egressGateway })
            : (await Promise.all([kubernetes.pods(app), kubernetes.pods(infra)])).flat();
    const ready = pods.filter(({ sidecar }) => sidecar?.ready);
    return Promise.all(ready.map(async (pod) => is(await takeSnapshot(mesh.target.proxy(pod)))));
}

/** The clusters to which the routes for a host lead. */
function destinations({ routes }: ProxySnapshot, host: string): string[] {
    return Object.values(routes)
        .flatMap(({ virtual_hosts = [] }) => virtual_hosts)
        .filter(({ domains = [] }) => domains.some((domain) => domain === host || domain.startsWith(`${host}:`)))
        .flatMap((virtualHost) => virtualHost.routes ?? [])
        .flatMap(({ route }) => [
            ...(route?.cluster === undefined ? [] : [route.cluster]),
            ...(route?.weighted_clusters?.clusters ?? []).flatMap(({ name }) => name ?? []),
        ]);
}

const otherRoutes = otherObjects("routes");
/** Hosts behind the egress gateway cannot be reached. */
const unreachable: CheckSet = { egress: ["admitted", "gateway"] };
/** What the pods notice that know few hosts, where the one that pods reach themselves is among these. */
function scoped({ ecommerce, mesh }: PlatformConfig, check: string): CheckSet {
    const called = ecommerce.enabled ? (ecommerce.scope?.outside ?? []) : [];
    const known = siteHosts(mesh.egress).some(([name, { through }]) => through === "sidecar" && called.includes(name));
    return known ? { "sidecar-scope": [check] } : {};
}
/** The host that the pods reach themselves cannot be reached. */
const directUnreachable = (config: PlatformConfig): CheckSet => ({
    egress: ["admitted", "direct"],
    ...scoped(config, "reached"),
});
/** Pods that know few hosts reach others all the same. */
const scopeOpen = ({ ecommerce }: PlatformConfig): CheckSet =>
    ecommerce.enabled && ecommerce.scope ? { "sidecar-scope": ["refused"] } : {};

/** A change of the ServiceEntry of a host that pods reach themselves. */
function directEntry(
    mutation: Pick<Mutation, "name" | "description">,
    change: (spec: PlainObject["spec"]) => void,
): Mutation {
    return {
        ...mutation,
        ids: ["T7"],
        needs,
        apply: (changes, mesh) =>
            changes.edit(objects.istio("ServiceEntry", hostThrough(mesh, "sidecar")[0]), ({ spec }) => change(spec)),
        traces: (mesh) => {
            const cluster = clusterOf(hostThrough(mesh, "sidecar")[1]);
            return inViews(mesh, ({ clusters }) => clusters[cluster] === undefined);
        },
        expectRed: (config) => union(directUnreachable(config), otherRoutes),
    };
}

export const egress: readonly Mutation[] = [
    {
        name: "egress-allow-any",
        // What others close would be open.
        alone: true,
        ids: ["T7", "P11"],
        description: "The mesh lets its pods reach every host outside.",
        needs,
        apply: (changes, { config }) =>
            changes.edit(objects.controlPlane("ConfigMap", "istio", config), ({ data }) => {
                data.mesh = String(data.mesh).replace("mode: REGISTRY_ONLY", "mode: ALLOW_ANY");
            }),
        traces: (mesh) =>
            inViews(mesh, ({ listeners }) =>
                JSON.stringify(listeners["virtualOutbound"]).includes("PassthroughCluster"),
            ),
        expectRed: (config) => ({
            egress: ["policy", "refused", "blackHole"],
            ...scopeOpen(config),
            ...otherConfiguration,
        }),
    },
    {
        name: "egress-allow-any-in-one-namespace",
        ids: ["T7", "P11"],
        description: "A Sidecar lets the pods of gateway-server's namespace reach every host outside.",
        needs,
        apply: (changes, { config }) =>
            changes.create({
                apiVersion: apiVersionOf("Sidecar"),
                kind: "Sidecar",
                metadata: { name: "open", namespace: config.egov.namespaces.infra },
                spec: { outboundTrafficPolicy: { mode: "ALLOW_ANY" } },
            }),
        traces: async (mesh) => {
            const pods = await mesh.proxies("gateway-server");
            return Promise.all(
                pods.map(async (pod) => {
                    const { listeners } = await takeSnapshot(mesh.target.proxy(pod));
                    return JSON.stringify(listeners["virtualOutbound"]).includes("PassthroughCluster");
                }),
            );
        },
        expectRed: union({ egress: ["policy", "refused", "blackHole"] }, otherObjects("proxies")),
    },
    {
        name: "egress-service-not-hidden",
        ids: ["T7"],
        description: "A Service outside, which nobody declares, is no longer hidden from the mesh.",
        needs,
        apply: (changes, mesh) => changes.edit(strangerService(mesh), ({ metadata }) => delete metadata.annotations),
        traces: (mesh) => inViews(mesh, ({ clusters }) => clusters[`outbound|80||${strangerHost(mesh)}`] !== undefined),
        expectRed: { egress: ["refused", "blackHole"] },
    },
    {
        name: "egress-entry-for-everything",
        ids: ["T7"],
        description: "A ServiceEntry with a wildcard admits whatever is outside.",
        needs,
        apply: (changes, mesh) =>
            changes.create({
                apiVersion: apiVersionOf("ServiceEntry"),
                kind: "ServiceEntry",
                metadata: { name: "everything", namespace: "istio-system" },
                spec: {
                    hosts: [`*.${strangerHost(mesh).split(".").slice(1).join(".")}`],
                    location: "MESH_EXTERNAL",
                    resolution: "NONE",
                    ports: [{ number: 80, name: "http", protocol: "HTTP" }],
                },
            }),
        traces: (mesh) =>
            inViews(mesh, ({ clusters }) => Object.keys(clusters).some((name) => name.startsWith("outbound|80||*."))),
        expectRed: union({ egress: ["refused"] }, otherRoutes),
    },
    {
        name: "egress-entry-removed",
        ids: ["T7", "P11"],
        description: "The ServiceEntry of the host behind the egress gateway is gone.",
        needs,
        apply: (changes, mesh) => changes.remove(objects.istio("ServiceEntry", hostThrough(mesh, "gateway")[0])),
        traces: (mesh) => {
            const cluster = clusterOf(hostThrough(mesh, "gateway")[1]);
            return inViews(mesh, ({ clusters }) => clusters[cluster] === undefined, "gateway");
        },
        expectRed: union(unreachable, otherRoutes),
    },
    directEntry(
        { name: "egress-entry-host", description: "The ServiceEntry of the other host names another one." },
        (spec) => {
            spec.hosts = ["supplier.example.com"];
        },
    ),
    directEntry(
        { name: "egress-entry-port", description: "The ServiceEntry of the other host is for another port." },
        (spec) => {
            spec.ports[0].number = 8090;
        },
    ),
    {
        name: "egress-route-removed",
        ids: ["P11"],
        description: "No VirtualService leads to the egress gateway any more: requests leave the mesh from the pods.",
        needs,
        apply: (changes, mesh) => changes.remove(egressRoute(mesh)),
        traces: (mesh) => {
            const { host } = hostThrough(mesh, "gateway")[1];
            return inViews(mesh, (snapshot) => !destinations(snapshot, host).includes(gatewayCluster));
        },
        expectRed: union({ egress: ["gateway"] }, otherRoutes),
    },
    {
        name: "egress-route-half",
        ids: ["P11"],
        description: "Half of the requests to the host behind the egress gateway leave the mesh from the pods.",
        needs,
        apply: (changes, mesh) =>
            changes.edit(egressRoute(mesh), ({ spec }) => {
                const { host, port } = hostThrough(mesh, "gateway")[1];
                const [route] = spec.http[0].route;
                route.weight = 50;
                spec.http[0].route.push({ destination: { host, port: { number: port } }, weight: 50 });
            }),
        traces: (mesh) => {
            const [, declared] = hostThrough(mesh, "gateway");
            return inViews(mesh, (snapshot) => destinations(snapshot, declared.host).includes(clusterOf(declared)));
        },
        expectRed: { egress: ["gateway"] },
    },
    {
        name: "egress-detour",
        ids: ["P11"],
        description: "Requests for the host that pods reach themselves are led through the egress gateway's way out.",
        needs,
        apply: (changes, mesh) => {
            const { host } = hostThrough(mesh, "sidecar")[1];
            const through = hostThrough(mesh, "gateway")[1];
            return changes.create({
                apiVersion: apiVersionOf("VirtualService"),
                kind: "VirtualService",
                metadata: { name: "detour", namespace: "istio-system" },
                spec: {
                    hosts: [host],
                    http: [
                        {
                            rewrite: { authority: through.host },
                            route: [
                                {
                                    destination: {
                                        host: `${egressGateway}.istio-system.svc.cluster.local`,
                                        port: { number: 80 },
                                    },
                                },
                            ],
                        },
                    ],
                },
            });
        },
        traces: (mesh) => {
            const { host } = hostThrough(mesh, "sidecar")[1];
            return inViews(mesh, (snapshot) => destinations(snapshot, host).includes(gatewayCluster));
        },
        // A sidecar is told of everything that the routes of a known host lead to.
        expectRed: (config) => union({ egress: ["gateway", "direct"] }, scoped(config, "hosts"), otherRoutes),
    },
    {
        name: "egress-gateway-object-removed",
        ids: ["P11"],
        description: "The Gateway by which the egress gateway takes requests is gone.",
        needs,
        apply: (changes) => changes.remove(objects.istio("Gateway", egressGateway)),
        traces: (mesh) =>
            inViews(
                mesh,
                ({ listeners }) =>
                    !Object.values(listeners).some(({ address }) => address?.socket_address?.port_value === 8080),
                "gateway",
            ),
        expectRed: union(unreachable, otherRoutes),
    },
    {
        name: "egress-gateway-stopped",
        ids: ["P11"],
        description: "The egress gateway has no pod.",
        needs,
        apply: (changes) =>
            changes.edit(objects.istio("Deployment", egressGateway), ({ spec }) => {
                spec.replicas = 0;
            }),
        traces: async (mesh) => {
            const pods = await mesh.api.list("Pod", "istio-system", { app: egressGateway });
            const known = await inViews(
                mesh,
                ({ endpoints }) => Object.keys(endpoints[gatewayCluster] ?? {}).length === 0,
            );
            return [pods.length === 0, ...known];
        },
        expectRed: unreachable,
    },
];

const egressRoute = (mesh: Mesh) => objects.istio("VirtualService", `egress-${hostThrough(mesh, "gateway")[0]}`);

function strangerService({ config: { mesh } }: Mesh) {
    return {
        kind: "Service",
        namespace: mesh.egress.site!.namespace,
        name: undeclaredServices(mesh.egress)[0]!,
    } as const;
}

function strangerHost({ config: { mesh } }: Mesh): string {
    return siteHost(mesh.egress.site!, undeclaredServices(mesh.egress)[0]!);
}
