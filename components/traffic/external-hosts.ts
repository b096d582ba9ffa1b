import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { hostsThrough, type EgressConfig, type ExternalHost } from "../config/egress";
import { namedHosts } from "../config/hosts";
import { NETWORKING_API } from "./api";
import { Gateway } from "./gateway";
import { destinationSpec, serviceHost, type ServiceReference } from "./service";
import { ServiceEntry } from "./service-entry";
import type { KnownHost } from "./sidecar-scope";

/** How the proxies of an egress gateway are selected and reached. */
export interface EgressProxies {
    /** Labels of the proxies: what a Gateway selects. */
    readonly selector: Readonly<Record<string, string>>;
    /** The Service that leads to them. */
    readonly service: ServiceReference;
}

/** The hosts outside that the mesh admits, and the ways to them. */
export interface ExternalHostsArgs {
    /** The hosts of `istio-platform:mesh.egress`. */
    config: EgressConfig;
    /** Namespace of all objects: Istio's own, so that they count for every namespace. */
    namespace: string;
    /**
     * The egress gateway.
     * @default none: no host may ask to be reached through it
     */
    gateway?: EgressProxies;
    /**
     * The mesh's own public names, and the ingress gateway's Service behind them: pods call them, too (C5 test 4), and
     * where only known hosts are reached the mesh must know them.
     * @default none
     */
    own?: { hosts: readonly string[]; leadTo: ServiceReference };
    /** What must be there before: the control plane. */
    mesh: readonly pulumi.Resource[];
}

/** Name of the Gateway by which the egress gateway takes requests. */
const GATEWAY = "istio-egressgateway";

/** `spec` of the VirtualService that leads a host's requests from the sidecars to the egress gateway and from there out. */
export function egressRouteSpec({ host, port }: ExternalHost, { service }: EgressProxies) {
    return {
        hosts: [host],
        gateways: ["mesh", GATEWAY],
        http: [
            {
                name: "to-the-gateway",
                match: [{ gateways: ["mesh"], port }],
                route: [{ destination: destinationSpec(service) }],
            },
            {
                name: "to-the-host",
                match: [{ gateways: [GATEWAY], port: service.port }],
                route: [{ destination: { host, port: { number: port } } }],
            },
        ],
    };
}

/**
 * The hosts outside of the mesh that may be reached (T7): a ServiceEntry for each, and for those that are reached through
 * the egress gateway (P11) its Gateway and a VirtualService.
 */
export class ExternalHosts extends pulumi.ComponentResource {
    /** Everything that was deployed. */
    readonly resources: readonly pulumi.CustomResource[];

    /** @throws RangeError when a host is reached through an egress gateway that is not there. */
    constructor(
        name: string,
        private readonly args: ExternalHostsArgs,
        opts?: pulumi.ComponentResourceOptions,
    ) {
        super("istio-platform:traffic:ExternalHosts", name, {}, opts);
        const { config, namespace, own, mesh } = args;
        const dependent = { parent: this, dependsOn: [...mesh] };
        const entries = Object.entries(config.hosts).map(
            ([entry, { host, port }]) => new ServiceEntry(entry, { namespace, host, port }, dependent),
        );
        const ownEntries = ownNames(args).map(
            (host) =>
                new ServiceEntry(
                    `public-${host.replaceAll(".", "-")}`,
                    { namespace, host, port: own!.leadTo.port, leadsTo: own!.leadTo },
                    dependent,
                ),
        );
        this.resources = [...entries, ...ownEntries, ...this.throughGateway(args, dependent)];
        this.registerOutputs({});
    }

    /** What sidecars have to know to reach some of the hosts, by the names of their ServiceEntries, and the mesh's own names. */
    knownHosts(names: readonly string[]): KnownHost[] {
        const { config, namespace, gateway } = this.args;
        const called = Object.entries(config.hosts).filter(([name]) => names.includes(name));
        const onTheWay = called.some(([, { through }]) => through === "gateway") && gateway ? [gateway.service] : [];
        return [
            ...[...called.map(([, { host }]) => host), ...ownNames(this.args)].map((host) => ({ namespace, host })),
            ...onTheWay.map((service) => ({ namespace: service.namespace, host: serviceHost(service) })),
        ];
    }

    private throughGateway(
        { config, namespace, gateway }: ExternalHostsArgs,
        opts: pulumi.CustomResourceOptions,
    ): pulumi.CustomResource[] {
        const hosts = hostsThrough(config, "gateway");
        if (hosts.length === 0) return [];
        if (!gateway) throw new RangeError(`${hosts[0]![0]} is to be reached through an egress gateway: pass one`);
        const admitted = [...new Set(hosts.map(([, { host }]) => host))];
        return [
            new Gateway(GATEWAY, { namespace, selector: gateway.selector, hosts: admitted }, opts),
            ...hosts.map(
                ([entry, host]) =>
                    new k8s.apiextensions.CustomResource(
                        `egress-${entry}`,
                        {
                            apiVersion: NETWORKING_API,
                            kind: "VirtualService",
                            metadata: { name: `egress-${entry}`, namespace },
                            spec: egressRouteSpec(host, gateway),
                        },
                        opts,
                    ),
            ),
        ];
    }
}

/** The mesh's own public names that are no pattern: those have no address. */
function ownNames({ own }: ExternalHostsArgs): string[] {
    return namedHosts(own?.hosts ?? []);
}
