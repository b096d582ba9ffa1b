import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { addressPlan } from "../config/address-plan";
import { storePorts } from "../config/eks-data-stores";
import { hostsThrough, siteContainerPort, siteHosts, type EgressConfig } from "../config/egress";
import { PROMETHEUS } from "../config/monitoring/prometheus";
import { JAEGER, spanCollector } from "../config/monitoring/tracing";
import type { PlatformConfig } from "../config/platform";
import {
    controlPlaneSelector,
    EGRESS_GATEWAY_SELECTOR,
    INGRESS_GATEWAY_SELECTOR,
    ISTIO_NAMESPACE,
    PROXY_PORT,
} from "../mesh";
import { NetworkPolicy, type Addresses, type NetworkPolicyArgs, type Opening, type Peer } from "./network-policy";
import { systemNamespaces, type SystemNamespace } from "./system-namespaces";

/** Who reaches whom in the pod network. */
export interface NetworkPoliciesArgs {
    /** The stack's configuration: it says who calls whom. */
    config: PlatformConfig;
    /** What was deployed, with the namespaces: a policy needs its own. */
    deployed: readonly pulumi.Resource[];
}

/** The cluster's DNS (kube-system), as every pod reaches it. */
const DNS: Opening = {
    peers: [{ namespace: "kube-system", labels: { "k8s-app": "kube-dns" } }],
    ports: [
        { port: 53, protocol: "UDP" },
        { port: 53, protocol: "TCP" },
    ],
};

/** Ports of the control plane that everybody reaches: the proxies (mutual TLS), and the API server, which is no pod (P9). */
const CONTROL_PLANE_PORTS = [15012, 15017];

/**
 * One NetworkPolicy for each namespace with pods (S6): its pods are reached by those alone that the configuration
 * declares to call them. Where what may be reached outside is declared, too (REGISTRY_ONLY), the same holds for what
 * they reach. A pod's own node always reaches it: Kubernetes' probes come from there.
 */
export class NetworkPolicies extends pulumi.ComponentResource {
    /** Everything that was deployed. */
    readonly resources: readonly pulumi.CustomResource[];

    constructor(name: string, args: NetworkPoliciesArgs, opts?: pulumi.ComponentResourceOptions) {
        super("istio-platform:security:NetworkPolicies", name, {}, opts);
        const namespaces = args.deployed.filter((resource) => resource instanceof k8s.core.v1.Namespace);
        this.resources = declaredPolicies(args.config).map(
            (policy) => new NetworkPolicy(policy, { parent: this, dependsOn: namespaces }),
        );
        this.registerOutputs({});
    }
}

/** The policies of all namespaces in which pods are deployed. */
export function declaredPolicies(config: PlatformConfig): NetworkPolicyArgs[] {
    const namespaces = systemNamespaces(config);
    const { egress, outboundTrafficPolicy } = config.mesh;
    const systems = namespaces.map((own) => ({
        name: `${own.name}-declared-only`,
        namespace: own.name,
        from: reachedBy(own),
        ...(outboundTrafficPolicy === "REGISTRY_ONLY" && {
            to: [
                DNS,
                { peers: [{ namespace: ISTIO_NAMESPACE }] },
                ...called(own, namespaces),
                ...outside(egress),
                ...collector(config),
                ...dataStores(config.cluster),
            ],
        }),
    }));
    const { site } = egress;
    return [
        ...systems,
        ...ofJaeger(config, namespaces),
        ...ofIstio(config),
        ...ofMonitoring(config),
        ...(site
            ? [
                  {
                      name: `${site.namespace}-declared-only`,
                      namespace: site.namespace,
                      from: [{ ports: [{ port: siteContainerPort }] }],
                  },
              ]
            : []),
    ];
}

/** The control plane and the gateways, which are there for everybody, wherever the requests come from. */
function ofIstio({ mesh, egov }: PlatformConfig): NetworkPolicyArgs[] {
    const open = (name: string, pods: Readonly<Record<string, string>>, ports: readonly number[]) => ({
        name: `${ISTIO_NAMESPACE}-${name}`,
        namespace: ISTIO_NAMESPACE,
        pods,
        from: [{ ports: ports.map((port) => ({ port })) }],
    });
    const gatewayPorts = Object.values(PROXY_PORT);
    return [
        {
            name: `${ISTIO_NAMESPACE}-declared-only`,
            namespace: ISTIO_NAMESPACE,
            from: [{ peers: [ISTIO_NAMESPACE, egov.namespaces.monitoring].map((namespace) => ({ namespace })) }],
        },
        open("control-plane", controlPlaneSelector(mesh), CONTROL_PLANE_PORTS),
        open("ingress", INGRESS_GATEWAY_SELECTOR, gatewayPorts),
        ...(hostsThrough(mesh.egress, "gateway").length > 0
            ? [open("egress", EGRESS_GATEWAY_SELECTOR, gatewayPorts)]
            : []),
    ];
}

/** The monitoring's tools reach one another; from elsewhere Prometheus is reached, at its NodePort (E11). */
function ofMonitoring({ monitoring, egov }: PlatformConfig): NetworkPolicyArgs[] {
    const { monitoring: namespace } = egov.namespaces;
    if (!monitoring.enabled) return [];
    return [
        { name: `${namespace}-declared-only`, namespace, from: [{ peers: [{ namespace }] }] },
        {
            name: `${namespace}-${PROMETHEUS.name}`,
            namespace,
            pods: { app: PROMETHEUS.name },
            from: [{ ports: [{ port: PROMETHEUS.port }] }],
        },
        // By the domain: whom the gateway lets through, the tokens decide (S1).
        ...(monitoring.access
            ? [
                  {
                      name: `${namespace}-access`,
                      namespace,
                      from: [{ peers: [{ namespace: ISTIO_NAMESPACE, labels: INGRESS_GATEWAY_SELECTOR }] }],
                  },
              ]
            : []),
    ];
}

/** Where the sidecars of the systems send their spans (P14). */
function collector(config: PlatformConfig): Opening[] {
    const service = spanCollector(config);
    if (!service) return [];
    return [
        { peers: [{ namespace: service.namespace, labels: { app: service.name } }], ports: [{ port: service.port }] },
    ];
}

/** Spans come from the mesh. */
function ofJaeger(config: PlatformConfig, namespaces: readonly SystemNamespace[]): NetworkPolicyArgs[] {
    const service = spanCollector(config);
    if (!service) return [];
    const mesh = [...namespaces.map(({ name }) => name), ISTIO_NAMESPACE].map((namespace) => ({ namespace }));
    return [
        {
            name: `${service.namespace}-${service.name}`,
            namespace: service.namespace,
            pods: { app: service.name },
            from: [{ peers: mesh, ports: [{ port: JAEGER.spans }, { port: JAEGER.spansHttp }] }],
        },
    ];
}

function reachedBy({ ports, behindGateway, callers, observers }: SystemNamespace): Opening[] {
    const gateway: Peer[] = behindGateway ? [{ namespace: ISTIO_NAMESPACE, labels: INGRESS_GATEWAY_SELECTOR }] : [];
    const peers = [...gateway, ...callers.map((namespace) => ({ namespace }))];
    return [
        // Without peers a rule would let in everybody.
        ...(peers.length > 0 ? [{ peers, ports: ports.map((port) => ({ port })) }] : []),
        ...(observers.length > 0 ? [{ peers: observers.map((namespace) => ({ namespace })) }] : []),
    ];
}

function called({ name }: SystemNamespace, namespaces: readonly SystemNamespace[]): Opening[] {
    return namespaces
        .filter(({ callers }) => callers.includes(name))
        .map((other) => ({ peers: [{ namespace: other.name }], ports: other.ports.map((port) => ({ port })) }));
}

/** Hosts that pods reach themselves: pods of the site where they are its names, else any address. */
function outside(egress: EgressConfig): Opening[] {
    const ofSite = siteHosts(egress).map(([name]) => name);
    const direct = hostsThrough(egress, "sidecar");
    const anywhere: Addresses = { network: "0.0.0.0/0" };
    const ports = direct.filter(([name]) => !ofSite.includes(name)).map(([, { port }]) => port);
    return [
        ...(egress.site && direct.some(([name]) => ofSite.includes(name))
            ? [{ peers: [{ namespace: egress.site.namespace }], ports: [{ port: siteContainerPort }] }]
            : []),
        ...(ports.length > 0 ? [{ peers: [anywhere], ports: [...new Set(ports)].map((port) => ({ port })) }] : []),
    ];
}

/** Managed data stores (P6), by the addresses of the subnets that hold nothing else. */
function dataStores(cluster: PlatformConfig["cluster"]): Opening[] {
    if (cluster.kind !== "eks") return [];
    const { postgres, cache } = cluster.dataStores;
    const ports = [...(postgres ? [storePorts.postgres] : []), ...(cache ? [storePorts.cache] : [])];
    if (ports.length === 0) return [];
    const subnets = addressPlan(cluster.network.cidr, cluster.availabilityZones.length);
    return [{ peers: subnets.map(({ data }) => ({ network: data })), ports: ports.map((port) => ({ port })) }];
}
