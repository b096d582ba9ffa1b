import type { EcommerceConfig } from "./apps";

/**
 * Where an e-commerce service reaches those that it may call (C7): name -> URL. All others, where nobody declares who calls
 * whom.
 */
export function callsOf(caller: string, config: EcommerceConfig): Record<string, string> {
    const { services, namespace, servicePort, authorization } = config;
    const called = authorization ? (authorization.calls[caller] ?? []) : "all";
    return Object.fromEntries(
        Object.entries(services)
            .filter(([name]) => name !== caller && (called === "all" || called.includes(name)))
            .map(([name, { path }]) => [name, `http://${name}.${namespace}.svc.cluster.local:${servicePort}${path}`]),
    );
}
