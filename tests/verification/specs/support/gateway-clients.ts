import { requestsToSee } from "../../statistics/sample-size";
import type { Connection, Pod, Target } from "../../target/target";
import { fail, names } from "./answers";
import { helloCluster } from "./names";

/** Each pod of the ingress gateway balances and ejects on its own: one pinned connection to every one of them. */

export interface GatewayClient {
    /** The gateway pod that all requests of the connection pass. */
    pod: Pod;
    name: string;
    connection: Connection;
}

/**
 * Opens connections until each gateway pod has one. Which pod a connection leads to is read from Envoy: whose count of
 * requests to egov-hello grows. Needs that nobody else sends requests to egov-hello meanwhile.
 *
 * @param path Path of egov-hello that no pod answers with an error.
 */
export async function gatewayClients(target: Target, path: string): Promise<GatewayClient[]> {
    const pods = await target.gatewayPods();
    const client = (pod: Pod, connection: Connection) => ({ pod, connection, name: `gateway pod ${pod.name}` });
    if (pods.length === 1) return [client(pods[0]!, await target.connect())];
    const requests = (): Promise<number[]> =>
        Promise.all(
            pods.map(async (pod) => {
                const hosts = await target.proxy(pod).hosts(helloCluster(target.config));
                return hosts.reduce((sum, host) => sum + host.requests, 0);
            }),
        );
    const found = new Map<Pod, GatewayClient>();
    const tries = requestsToSee(1 / (2 * pods.length), { of: pods.length });
    let before = await requests();
    for (let i = 0; i < tries && found.size < pods.length; i++) {
        const connection = await target.connect();
        const answer = await connection.send({ path });
        if (answer.error !== undefined) {
            await connection.close();
            break;
        }
        const after = await requests();
        const pod = pods.find((_, index) => after[index]! > before[index]!);
        before = after;
        if (pod && !found.has(pod)) found.set(pod, client(pod, connection));
        else await connection.close();
    }
    if (pods.length > 0 && found.size === pods.length) return pods.map((pod) => found.get(pod)!);
    for (const { connection } of found.values()) await connection.close();
    return fail({
        expected: `connections from outside reach every gateway pod: ${names(pods)}`,
        seen: `reached: ${names([...found.keys()])}`,
        cause: "the gateway has no ready pod, or its Service does not lead to all of them",
        action: "kubectl -n istio-system get pods -l istio=ingressgateway; kubectl -n istio-system get endpointslices",
    });
}
