import https from "node:https";
import type { KubeConfig } from "@kubernetes/client-node";
import { readAnswer, type ForwardedAnswer } from "./forward";
import type { Pod } from "./target";

/**
 * Requests that the API server itself sends to a pod's address, as `kubectl get --raw .../proxy/` has it do. It is no
 * workload of the mesh: what arrives at the pod's sidecar is plain HTTP without any certificate.
 */

/** What the API server says where it got no answer from the pod. */
const noAnswer = "error trying to reach service: ";

/**
 * Has the API server send GET `path` to the pod's address.
 *
 * @returns The pod's answer, or why the pod gave none.
 * @throws Error when the API server itself does not do what it is asked.
 */
export async function proxiedGet(
    kubeConfig: KubeConfig,
    pod: Pod,
    port: number,
    path: string,
    options: { headers?: Readonly<Record<string, string>>; signal: AbortSignal },
): Promise<ForwardedAnswer | { refused: string }> {
    const cluster = kubeConfig.getCurrentCluster();
    if (!cluster) throw new Error("the kubeconfig has no current cluster");
    const tls: https.RequestOptions = {};
    await kubeConfig.applyToHTTPSOptions(tls);
    const url = `${cluster.server}/api/v1/namespaces/${pod.namespace}/pods/http:${pod.name}:${port}/proxy${path}`;
    const answer = await get(url, { ...tls, signal: options.signal, headers: { ...tls.headers, ...options.headers } });
    const status = statusOf(answer);
    if (!status) return answer;
    if (status.message?.startsWith(noAnswer)) return { refused: status.message.slice(noAnswer.length) };
    throw new Error(`GET ${path} at port ${port} of ${pod.name} by the API server: ${answer.status} ${status.message}`);
}

function get(url: string, options: https.RequestOptions): Promise<ForwardedAnswer> {
    return new Promise((resolve, reject) => {
        const request = https.get(url, options, (response) => resolve(readAnswer(response)));
        request.on("error", reject);
    });
}

/** The API server's own answer, which is an object of the kind Status. */
function statusOf({ status, body }: ForwardedAnswer): { message?: string } | undefined {
    if (status < 400) return undefined;
    try {
        const object = JSON.parse(body) as { kind?: string; apiVersion?: string; message?: string };
        return object.kind === "Status" && object.apiVersion === "v1" ? object : undefined;
    } catch {
        return undefined;
    }
}
