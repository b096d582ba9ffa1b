import { siteHosts } from "../../../../components/config/egress";
import { namedHosts } from "../../../../components/config/hosts";
import { spanCollector } from "../../../../components/config/monitoring/tracing";
import type { PlatformConfig } from "../../../../components/config/platform";
import { declaredServices } from "./declared-views";
import { egressGateway, gatewayServer } from "./names";

/** What the sidecars of the e-commerce services know of the rest of the mesh, where that is declared (T7). */

/** Whether the sidecars of one namespace know the services of another one. */
export function knows({ ecommerce }: PlatformConfig, from: string, to: string): boolean {
    const narrowed = ecommerce.enabled && ecommerce.scope !== undefined && from === ecommerce.namespace;
    return !narrowed || to === from;
}

/** The hosts that the sidecars of the e-commerce services may know. */
export function knownHosts(config: PlatformConfig): string[] {
    const { ecommerce, mesh } = config;
    const collector = spanCollector(config);
    const outside = Object.entries(mesh.egress.hosts).filter(([name]) => ecommerce.scope?.outside.includes(name));
    return [
        ...declaredServices(config)
            .filter(({ namespace }) => namespace === ecommerce.namespace)
            .map(({ name, namespace }) => `${name}.${namespace}.svc.cluster.local`),
        ...outside.map(([, { host }]) => host),
        ...(outside.some(([, { through }]) => through === "gateway")
            ? [`${egressGateway}.istio-system.svc.cluster.local`]
            : []),
        ...namedHosts(ecommerce.hosts),
        ...(collector ? [`${collector.name}.${collector.namespace}.svc.cluster.local`] : []),
    ];
}

/** Hosts outside that the e-commerce services call, of those that answer and tell who asked; as URLs. */
export function calledOutside({ ecommerce, mesh }: PlatformConfig): string[] {
    return siteHosts(mesh.egress)
        .filter(([name]) => ecommerce.scope?.outside.includes(name))
        .map(([, { host, port }]) => `http://${host}:${port}/`);
}

/**
 * Hosts that the rest of the mesh reaches and the e-commerce services are not to; as URLs. Without gateway-server: what
 * it meets on its way to egov-hello counts in its own ejections (E7), should a request get so far.
 */
export function beyondScope(config: PlatformConfig): string[] {
    const { ecommerce, mesh } = config;
    const services = declaredServices(config)
        .filter(({ name, namespace }) => name !== gatewayServer && !knows(config, ecommerce.namespace, namespace))
        .map(({ name, namespace, port }) => `http://${name}.${namespace}.svc.cluster.local:${port}/`);
    const outside = siteHosts(mesh.egress)
        .filter(([name]) => !ecommerce.scope?.outside.includes(name))
        .map(([, { host, port }]) => `http://${host}:${port}/`);
    return [...services, ...outside];
}
