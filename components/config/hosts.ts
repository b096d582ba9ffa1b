import type { EcommerceConfig } from "./apps";

/** The hosts that are names: those without a wildcard, which certificates can be for and proxies can look up. */
export function namedHosts(hosts: readonly string[]): string[] {
    return hosts.filter((host) => !host.includes("*"));
}

/** The names under which requests come from outside: those of HTTPS only, too. */
export function publicHosts({ enabled, hosts, tls }: EcommerceConfig): string[] {
    return enabled ? [...new Set([...namedHosts(hosts), ...(tls?.httpsOnlyHosts ?? [])])] : [];
}
