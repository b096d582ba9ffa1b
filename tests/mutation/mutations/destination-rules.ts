import { milliseconds } from "../../../components/config/units";
import type { EnvoyCluster } from "../../verification/target/target";
import { apiVersionOf, type PlainObject } from "../cluster/api";
import { objects, type Mesh, type Proxies } from "../cluster/mesh";
import type { Mutation } from "../mutation";
import { scaled } from "../tempo";
import { helloCluster, inClusters, shopCluster } from "./look";
import { helloEjection, helloOutlierSettings, helloRoutes, otherObjects, union } from "./red";

/** Mistakes in DestinationRules: load balancing, connection pool, outlier detection. */

const customer = "customer-api";
const payment = "payment-api";

/** Whether the cluster takes its policy from no DestinationRule. */
const withoutRule = (cluster: EnvoyCluster | undefined): boolean =>
    !cluster?.metadata?.filter_metadata?.istio?.config?.includes("/destination-rule/");

const outlier = (cluster: EnvoyCluster | undefined, field: string): unknown => cluster?.outlier_detection?.[field];

/** Changes the traffic policy of egov-hello; shows where the clients' clusters differ. */
function helloPolicy(
    mutation: Pick<Mutation, "name" | "description" | "expectRed">,
    change: (policy: PlainObject["spec"], mesh: Mesh) => void,
    shows: (cluster: EnvoyCluster | undefined, mesh: Mesh) => boolean,
): Mutation {
    return {
        ...mutation,
        ids: ["E4", "E5", "E7"],
        needs: ["egov"],
        apply: (changes, mesh) =>
            changes.edit(objects.hello("DestinationRule", mesh.config), ({ spec }) => change(spec.trafficPolicy, mesh)),
        traces: (mesh) =>
            inClusters(mesh, ["gateway", "gateway-server"], helloCluster(mesh), (cluster) => shows(cluster, mesh)),
    };
}

const shopClients: readonly Proxies[] = ["gateway", "ecommerce"];
const shopSettings = { "ecommerce-destination-rules": ["gateway", "sidecars"] };
const shopRuleGone = { "ecommerce-destination-rules": ["attached", "gateway", "sidecars"] };
const helloRuleGone = union(helloEjection, helloOutlierSettings, {
    "egov-settings": ["balancer"],
    "egov-load-balancing": ["turn"],
});
/** Without the rule there are no subsets, so that the gateway's routes to them are answered with 503. */
const helloSubsetsGone = union(helloRoutes, { "egov-route": ["copies"], "proxy-views": ["routes"] });

export const destinationRules: readonly Mutation[] = [
    {
        name: "rule-hello-removed",
        ids: ["E4", "E5", "E7"],
        description: "The DestinationRule egov-hello is gone.",
        needs: ["egov"],
        apply: (changes, { config }) => changes.remove(objects.hello("DestinationRule", config)),
        traces: (mesh) => inClusters(mesh, ["gateway", "gateway-server"], helloCluster(mesh), withoutRule),
        expectRed: union(helloRuleGone, helloSubsetsGone, otherObjects("routes")),
    },
    {
        name: "rule-not-exported",
        ids: ["E5", "E7"],
        description: "The DestinationRule egov-hello is exported to its own namespace only.",
        needs: ["egov"],
        apply: (changes, { config }) =>
            changes.edit(objects.hello("DestinationRule", config), ({ spec }) => {
                spec.exportTo = ["."];
            }),
        traces: (mesh) => inClusters(mesh, ["gateway", "gateway-server"], helloCluster(mesh), withoutRule),
        expectRed: union(helloRuleGone, helloSubsetsGone),
    },
    {
        name: "rule-not-exported-to-caller",
        ids: ["E7"],
        description: "The DestinationRule egov-hello is exported to the ingress gateway, but not to gateway-server.",
        needs: ["egov"],
        apply: (changes, { config }) =>
            changes.edit(objects.hello("DestinationRule", config), ({ spec }) => {
                spec.exportTo = [".", "istio-system"];
            }),
        traces: (mesh) => inClusters(mesh, ["gateway-server"], helloCluster(mesh), withoutRule),
        expectRed: { "egov-gateway-server": ["policy", "ejection", "isolation", "return"] },
    },
    {
        name: "rule-overridden-by-caller",
        ids: ["E7"],
        description:
            "A second DestinationRule for egov-hello in the namespace of gateway-server, which takes precedence there, sends all requests of one client to one pod.",
        needs: ["egov"],
        apply: async (changes, { api, config }) => {
            const { spec } = (await api.get(objects.hello("DestinationRule", config)))!;
            const loadBalancer = { consistentHash: { useSourceIp: true } };
            await changes.create({
                apiVersion: apiVersionOf("DestinationRule"),
                kind: "DestinationRule",
                metadata: { name: "egov-hello", namespace: config.egov.namespaces.infra },
                spec: { ...spec, trafficPolicy: { ...spec.trafficPolicy, loadBalancer } },
            });
        },
        traces: (mesh) =>
            inClusters(mesh, ["gateway-server"], helloCluster(mesh), (cluster) => cluster?.lb_policy === "RING_HASH"),
        expectRed: {
            "egov-gateway-server": ["policy", "spread", "reach", "ejection", "isolation", "return"],
            // A hash of the source is a setting of the route.
            "route-tables": ["sidecars"],
            ...otherObjects("routes"),
        },
    },
    helloPolicy(
        {
            name: "outlier-detection-off",
            description: "The DestinationRule egov-hello has no outlier detection.",
            expectRed: union(helloOutlierSettings, helloEjection),
        },
        (policy) => {
            delete policy.outlierDetection;
        },
        (cluster) => cluster !== undefined && cluster.outlier_detection === undefined,
    ),
    helloPolicy(
        {
            name: "outlier-errors-more",
            description: "An error pod is ejected after more errors in a row than declared.",
            expectRed: union(helloOutlierSettings, helloEjection),
        },
        (policy, { config }) => {
            policy.outlierDetection.consecutive5xxErrors = 3 * config.egov.outlierDetection.consecutive5xxErrors + 1;
        },
        (cluster, { config }) =>
            outlier(cluster, "consecutive_5xx") === 3 * config.egov.outlierDetection.consecutive5xxErrors + 1,
    ),
    helloPolicy(
        {
            name: "outlier-errors-fewer",
            description: "An error pod is ejected one error too early.",
            expectRed: union(helloOutlierSettings, helloEjection),
        },
        (policy, { config }) => {
            policy.outlierDetection.consecutive5xxErrors = config.egov.outlierDetection.consecutive5xxErrors - 1;
        },
        (cluster, { config }) =>
            outlier(cluster, "consecutive_5xx") === config.egov.outlierDetection.consecutive5xxErrors - 1,
    ),
    helloPolicy(
        {
            name: "ejection-shorter",
            description: "An ejected pod returns after two thirds of the declared time.",
            expectRed: union(helloOutlierSettings, {
                "egov-circuit-breaker": ["return"],
                "egov-gateway-server": ["return"],
            }),
        },
        ejectionTime(2 / 3),
        isEjectionTime(2 / 3),
    ),
    helloPolicy(
        {
            name: "ejection-longer",
            description: "An ejected pod returns after twice the declared time.",
            expectRed: union(helloOutlierSettings, {
                "egov-circuit-breaker": ["return"],
                "egov-gateway-server": ["return"],
            }),
        },
        ejectionTime(2),
        isEjectionTime(2),
    ),
    helloPolicy(
        {
            name: "ejection-percent-zero",
            description: "maxEjectionPercent is 0: nobody is ejected, however many errors there are.",
            expectRed: union(helloOutlierSettings, helloEjection),
        },
        (policy) => {
            policy.outlierDetection.maxEjectionPercent = 0;
        },
        (cluster) => cluster?.outlier_detection !== undefined && outlier(cluster, "max_ejection_percent") !== 100,
    ),
    helloPolicy(
        {
            name: "load-balancer-random",
            description: "Requests are spread over the pods of egov-hello by chance instead of in turn.",
            expectRed: {
                "egov-settings": ["balancer"],
                "egov-load-balancing": ["turn"],
                "egov-circuit-breaker": ["turn"],
                "egov-gateway-server": ["policy"],
            },
        },
        (policy) => {
            policy.loadBalancer.simple = "RANDOM";
        },
        (cluster) => cluster?.lb_policy === "RANDOM",
    ),
    {
        name: "outlier-detection-filtered",
        ids: ["E5"],
        description: "An EnvoyFilter raises the number of errors in the gateway; the DestinationRule is as declared.",
        needs: ["egov"],
        apply: (changes, mesh) =>
            changes.create({
                apiVersion: apiVersionOf("EnvoyFilter"),
                kind: "EnvoyFilter",
                metadata: { name: "lenient", namespace: "istio-system" },
                spec: {
                    workloadSelector: { labels: { istio: "ingressgateway" } },
                    configPatches: [
                        {
                            applyTo: "CLUSTER",
                            match: { context: "GATEWAY", cluster: { name: helloCluster(mesh) } },
                            patch: {
                                operation: "MERGE",
                                value: { outlier_detection: { consecutive_5xx: 100 } },
                            },
                        },
                    ],
                },
            }),
        traces: (mesh) =>
            inClusters(mesh, ["gateway"], helloCluster(mesh), (cluster) => outlier(cluster, "consecutive_5xx") === 100),
        expectRed: {
            "egov-settings": ["outlier"],
            "egov-circuit-breaker": ["ejection", "isolation", "turn", "return"],
            ...otherObjects("proxies"),
        },
    },
    {
        name: "rule-shop-removed",
        ids: ["C4", "C5"],
        description: `The DestinationRule ${payment} is gone.`,
        needs: ["ecommerce"],
        apply: (changes, { config }) => changes.remove(objects.shop("DestinationRule", config, payment)),
        traces: (mesh) => inClusters(mesh, shopClients, shopCluster(mesh, payment), withoutRule),
        expectRed: union(shopRuleGone, { "ecommerce-infrastructure": ["objects"] }, otherObjects("routes")),
    },
    {
        name: "rule-shop-host",
        ids: ["C4", "C5"],
        description: `The DestinationRule ${customer} names a host that does not exist.`,
        needs: ["ecommerce"],
        apply: (changes, { config }) =>
            changes.edit(objects.shop("DestinationRule", config, customer), ({ spec }) => {
                spec.host = `customers.${config.ecommerce.namespace}.svc.cluster.local`;
            }),
        traces: (mesh) => inClusters(mesh, shopClients, shopCluster(mesh, customer), withoutRule),
        expectRed: shopRuleGone,
    },
    {
        name: "connection-pool-smaller",
        ids: ["C4"],
        description: `The DestinationRule ${customer} allows half of the declared connections.`,
        needs: ["ecommerce"],
        apply: (changes, { config }) =>
            changes.edit(objects.shop("DestinationRule", config, customer), ({ spec }) => {
                spec.trafficPolicy.connectionPool.tcp.maxConnections = halfOf(
                    config.ecommerce.connectionPool.maxConnections,
                );
            }),
        traces: (mesh) =>
            inClusters(
                mesh,
                shopClients,
                shopCluster(mesh, customer),
                (cluster) =>
                    cluster?.circuit_breakers?.thresholds?.[0]?.["max_connections"] ===
                    halfOf(mesh.config.ecommerce.connectionPool.maxConnections),
            ),
        expectRed: shopSettings,
    },
    {
        name: "outlier-interval-longer",
        ids: ["C4"],
        description: `The DestinationRule ${customer} sweeps half as often as declared.`,
        needs: ["ecommerce"],
        apply: (changes, { config }) =>
            changes.edit(objects.shop("DestinationRule", config, customer), ({ spec }) => {
                spec.trafficPolicy.outlierDetection.interval = scaled(config.ecommerce.outlierDetection.interval, 2);
            }),
        traces: (mesh) =>
            inClusters(
                mesh,
                shopClients,
                shopCluster(mesh, customer),
                (cluster) =>
                    milliseconds(String(outlier(cluster, "interval") ?? "0s")) ===
                    2 * milliseconds(mesh.config.ecommerce.outlierDetection.interval),
            ),
        expectRed: shopSettings,
    },
];

function ejectionTime(factor: number) {
    return (policy: PlainObject["spec"], { config }: Mesh): void => {
        policy.outlierDetection.baseEjectionTime = scaled(config.egov.outlierDetection.baseEjectionTime, factor);
    };
}

function isEjectionTime(factor: number) {
    return (cluster: EnvoyCluster | undefined, { config }: Mesh): boolean =>
        milliseconds(String(outlier(cluster, "base_ejection_time") ?? "0s")) ===
        milliseconds(scaled(config.egov.outlierDetection.baseEjectionTime, factor));
}

const halfOf = (number: number): number => Math.ceil(number / 2);
