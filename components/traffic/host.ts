/** Whether one host means every request that the other one means: `*` covers all, `*.c4ang.com` what ends so. */
export function covers(host: string, other: string): boolean {
    return host === "*" || host === other || (host.startsWith("*.") && other.endsWith(host.slice(1)));
}
