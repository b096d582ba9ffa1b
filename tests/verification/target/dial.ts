import type { Kubernetes, Pod } from "./target";

/**
 * TCP connections from inside a pod, past its sidecar: they show what the pod network lets through, while a sidecar takes
 * every connection of its application at once and only then looks for the other side.
 */

/** Seconds that the other side has to take a connection. */
const patience = 5;
/** Milliseconds for the command in the pod. */
const commandTimeout = 30_000;

/** In the sample app's container: one line an address. */
const byNode = `
const { connect } = require("node:net");
for (const address of process.argv.slice(1)) {
    const [host, port] = address.split(":");
    const socket = connect({ host, port: Number(port), timeout: ${patience * 1000} });
    const end = (outcome) => { console.log(address + " " + outcome); socket.destroy(); };
    socket.on("connect", () => end("open")).on("timeout", () => end("timed out")).on("error", ({ code }) => end(code));
}`;

/** In a proxy's container, whose user Istio's packet rules leave alone: with curl, as in Istio's image, or with busybox. */
const byShell = `
for address in "$@"; do (
    if command -v curl >/dev/null; then
        took=$(curl -s -o /dev/null --connect-timeout ${patience} --max-time ${2 * patience} -w '%{time_connect}' "http://$address")
        case "$took" in *[1-9]*) outcome=open ;; *) outcome=closed ;; esac
    elif busybox nc -w ${patience} "\${address%:*}" "\${address##*:}" -e busybox true 2>/dev/null; then outcome=open
    else outcome=closed
    fi
    echo "$address $outcome"
) & done; wait`;

/**
 * Opens a TCP connection from a pod to each address (`IP:PORT`) and closes it again.
 *
 * @returns What became of each: `open`, or `closed`, or an error's code.
 */
export async function dial(
    kubernetes: Kubernetes,
    pod: Pod,
    addresses: readonly string[],
): Promise<ReadonlyMap<string, string>> {
    const container = pod.sidecar ?? pod.containers[0];
    if (!container) throw new Error(`the pod ${pod.name} has no container`);
    const command = pod.sidecar ? ["sh", "-c", byShell, "sh"] : ["/nodejs/node", "-e", byNode];
    const output = await kubernetes.exec(pod, container.name, [...command, ...addresses], { timeout: commandTimeout });
    const outcomes = new Map(
        output.split("\n").flatMap((line): [string, string][] => {
            const space = line.indexOf(" ");
            return space > 0 ? [[line.slice(0, space), line.slice(space + 1).trim()]] : [];
        }),
    );
    const silent = addresses.filter((address) => !outcomes.has(address));
    if (silent.length > 0) throw new Error(`${pod.name} says nothing about connections to ${silent.join(", ")}`);
    return outcomes;
}
