import { z } from "zod";
import { resources } from "./resources";
import { dnsLabel, host, port } from "./units";

/** What leaves the mesh: which hosts outside of it may be reached, and on which way (P11, T7). */

/** A host outside of the mesh. */
export const externalHost = z.strictObject({
    host: host
        .refine((name) => !name.includes("*"), "a name without *: the proxies ask the DNS for its addresses")
        .describe("DNS name that applications call"),
    port: port.default(80).describe("Port of plain HTTP"),
    through: z
        .enum(["gateway", "sidecar"])
        .default("gateway")
        .describe("gateway: every request leaves the mesh through the egress gateway; sidecar: from the pod itself"),
});
export type ExternalHost = z.infer<typeof externalHost>;

/** The egress gateway: the proxies that requests leave the mesh through. */
export const egressGateway = z.strictObject({
    replicas: z.int().min(1).default(1).describe("Proxies"),
    resources: resources
        .default({ requests: { cpu: "20m", memory: "64Mi" }, limits: { cpu: "2", memory: "1Gi" } })
        .describe("Of every proxy of the gateway"),
});
export type EgressGatewayConfig = z.infer<typeof egressGateway>;

/** A site that the mesh does not know, for machines that reach no other. */
export const outsideSite = z.strictObject({
    namespace: dnsLabel.default("outside").describe("Namespace of the site; without sidecars"),
    services: z
        .array(dnsLabel)
        .min(1)
        .refine((names) => new Set(names).size === names.length, "every name once")
        .default(["partner", "supplier", "stranger"])
        .describe("Names of the site, each a Service that is hidden from the mesh"),
    otherPort: port
        .default(8081)
        .describe("Port beside 80, which no Service of the mesh has: what is refused there is refused as TCP"),
});
export type OutsideSiteConfig = z.infer<typeof outsideSite>;

export const egress = z.strictObject({
    hosts: z
        .record(dnsLabel, externalHost)
        .default({})
        .describe("Name of the ServiceEntry -> the host that it admits. Default: none"),
    gateway: egressGateway.prefault({}).describe("The egress gateway; deployed where a host is reached through it"),
    site: outsideSite
        .optional()
        .describe("A sample site outside of the mesh, at SERVICE.NAMESPACE.svc.cluster.local. Default: none"),
});
export type EgressConfig = z.infer<typeof egress>;

/** What the sidecars of a namespace know of the rest of the mesh: the services of the namespace, and these. */
export const scope = z.strictObject({
    outside: z
        .array(dnsLabel)
        .refine((names) => new Set(names).size === names.length, "every name once")
        .default([])
        .describe("Names of `mesh.egress.hosts` that the services call. Default: none"),
});
export type ScopeConfig = z.infer<typeof scope>;

/** The hosts that are reached on one of the ways, by the names of their ServiceEntries. */
export function hostsThrough(config: EgressConfig, way: ExternalHost["through"]): [name: string, host: ExternalHost][] {
    return Object.entries(config.hosts).filter(([, { through }]) => through === way);
}

/** Names of the site's Services that are no declared host. */
export function undeclaredServices({ hosts, site }: EgressConfig): string[] {
    const declared = Object.values(hosts).map(({ host }) => host);
    return site ? site.services.filter((name) => !declared.includes(siteHost(site, name))) : [];
}

/** The declared hosts that are the site's, by the names of their ServiceEntries. */
export function siteHosts({ hosts, site }: EgressConfig): [name: string, host: ExternalHost][] {
    const names = site ? site.services.map((service) => siteHost(site, service)) : [];
    return Object.entries(hosts).filter(([, { host }]) => names.includes(host));
}

/** Port that the containers of the site outside listen on. */
export const siteContainerPort = 8080;

/** DNS name of one of the site's Services. */
export function siteHost({ namespace }: OutsideSiteConfig, service: string): string {
    return `${service}.${namespace}.svc.cluster.local`;
}
