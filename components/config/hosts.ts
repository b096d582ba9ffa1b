/** The hosts that are names: those without a wildcard, which certificates can be for and proxies can look up. */
export function namedHosts(hosts: readonly string[]): string[] {
    return hosts.filter((host) => !host.includes("*"));
}
