import type { Kubernetes, PlainAnswer, Pod } from "./target";

/**
 * HTTP requests in plain text from a proxy's container, whose user Istio's packet rules leave alone: they reach other pods past
 * the sidecar of the own one, as a client without any certificate.
 */

/** Seconds that the other side has to take a connection. */
const patience = 5;
/** Milliseconds for the command in the pod. */
const commandTimeout = 30_000;

/** With curl, as in Istio's image, or with busybox: one line a target, its answer in base64. */
const script = `
ask() {
    if command -v curl >/dev/null; then
        curl -s -i --http1.1 --connect-timeout ${patience} --max-time ${2 * patience} "http://$1/$2"
    else
        REQUEST="GET /$2 HTTP/1.1\\r\\nHost: $1\\r\\nConnection: close\\r\\n\\r\\n" \\
            busybox timeout ${2 * patience} busybox nc -w ${patience} "\${1%:*}" "\${1##*:}" -e busybox sh -c 'printf "$REQUEST"; cat >&2' 2>&1
    fi
}
encode() { if command -v base64 >/dev/null; then base64 -w 0; else busybox base64 -w 0; fi; }
for target in "$@"; do (
    answer=$(ask "\${target%%/*}" "\${target#*/}" | encode)
    echo "$target $answer"
) & done; wait`;

/**
 * Sends GET in plain text from a pod, past its sidecar, to each target (`IP:PORT/PATH`).
 * @param pod A pod with a sidecar, or one that is a proxy.
 */
export async function askInPlainText(
    kubernetes: Kubernetes,
    pod: Pod,
    targets: readonly string[],
): Promise<ReadonlyMap<string, PlainAnswer>> {
    if (!pod.sidecar) throw new Error(`the pod ${pod.name} has no proxy to send from`);
    const output = await kubernetes.exec(pod, pod.sidecar.name, ["sh", "-c", script, "sh", ...targets], {
        timeout: commandTimeout,
    });
    const answers = new Map(
        output.split("\n").flatMap((line): [string, PlainAnswer][] => {
            const space = line.indexOf(" ");
            return space > 0
                ? [[line.slice(0, space), readPlainAnswer(Buffer.from(line.slice(space + 1), "base64").toString())]]
                : [];
        }),
    );
    const silent = targets.filter((target) => !answers.has(target));
    if (silent.length > 0) throw new Error(`${pod.name} says nothing about requests to ${silent.join(", ")}`);
    return answers;
}

/** Reads an HTTP answer as it stands on the wire. */
export function readPlainAnswer(text: string): PlainAnswer {
    const [head = ""] = text.split(/\r?\n\r?\n/);
    const [first = "", ...lines] = head.split(/\r?\n/);
    const status = /^HTTP\/\d(?:\.\d)? (\d{3})/.exec(first)?.[1];
    if (status === undefined) return { refused: text.trim() || "no answer" };
    const headers = lines.flatMap((line): [string, string][] => {
        const colon = line.indexOf(":");
        return colon > 0 ? [[line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]] : [];
    });
    return { status: Number(status), headers: Object.fromEntries(headers) };
}
