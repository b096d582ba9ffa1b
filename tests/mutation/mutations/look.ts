import type { EnvoyCluster, Pod } from "../../verification/target/target";
import { outboundCluster } from "../../verification/target/envoy";
import type { DomainRoute, Mesh, Proxies } from "../cluster/mesh";
import type { PlainObject } from "../cluster/api";

/** Where a mutation shows: one answer for each place that was looked at. */

/** Every pod of the gateway: whether its routes are of a kind. */
export async function inGatewayRoutes(mesh: Mesh, is: (routes: readonly DomainRoute[]) => boolean): Promise<boolean[]> {
    return inRoutes(mesh, "gateway", is);
}

/** The proxies: whether their routes are of a kind. */
export async function inRoutes(
    mesh: Mesh,
    proxies: Proxies,
    is: (routes: readonly DomainRoute[]) => boolean,
): Promise<boolean[]> {
    return (await mesh.routes(proxies)).map(is);
}

/** The proxies: whether their cluster of a Service is of a kind. */
export async function inClusters(
    mesh: Mesh,
    proxies: readonly Proxies[],
    cluster: string,
    is: (cluster: EnvoyCluster | undefined) => boolean,
): Promise<boolean[]> {
    return (await mesh.clusters(proxies, cluster)).map(is);
}

/** The proxies: whether the addresses to which they send a Service's requests are of a kind. */
export async function inHosts(
    mesh: Mesh,
    proxies: readonly Proxies[],
    cluster: string,
    is: (hosts: readonly { ip: string; port: number }[]) => boolean,
): Promise<boolean[]> {
    const pods = (await Promise.all(proxies.map((one) => mesh.proxies(one)))).flat();
    return Promise.all(pods.map(async (pod) => is(await mesh.target.proxy(pod).hosts(cluster))));
}

/**
 * The pods of an e-commerce service: whether what their proxies listen with, as JSON, is of a kind.
 *
 * @throws Error while a proxy still has connections that were opened under former settings: those go on by the old ones.
 */
export async function inListeners(mesh: Mesh, service: string, is: (listeners: string) => boolean): Promise<boolean[]> {
    const pods = (await mesh.proxies("ecommerce")).filter(({ labels }) => labels["app"] === service);
    return listenersOf(mesh, pods, is);
}

async function listenersOf(mesh: Mesh, pods: readonly Pod[], is: (listeners: string) => boolean): Promise<boolean[]> {
    return Promise.all(
        pods.map(async (pod) => {
            const proxy = mesh.target.proxy(pod);
            const listeners = await proxy.get("config_dump?resource=dynamic_listeners");
            // After the configuration: had it changed in between, the connections of before would still be there.
            const draining = await proxy.get("stats?filter=listener_manager.total_.*_draining");
            if (/: [1-9]/.test(draining)) throw new Error(`${pod.name} still closes connections of before`);
            return is(listeners);
        }),
    );
}

/** The pods of an application in the control plane's namespace: whether what their proxies listen with, as JSON, is of a kind. */
export async function inIstioListeners(
    mesh: Mesh,
    app: string,
    is: (listeners: string) => boolean,
): Promise<boolean[]> {
    return listenersOf(mesh, await mesh.target.kubernetes.pods("istio-system", { app }), is);
}

/** The pods of the gateway: whether what they listen with, as JSON, is of a kind. */
export async function inGatewayListeners(mesh: Mesh, is: (listeners: string) => boolean): Promise<boolean[]> {
    return listenersOf(mesh, await mesh.proxies("gateway"), is);
}

/** The pods of an application, those on their way out included: whether each is of a kind. */
export async function inPods(
    mesh: Mesh,
    namespace: string,
    app: string,
    is: (pod: PlainObject) => boolean,
): Promise<boolean[]> {
    return (await mesh.api.list("Pod", namespace, { app })).map(is);
}

/** Whether a pod is ready. */
export function isReady({ status }: PlainObject): boolean {
    const conditions = (status?.conditions ?? []) as { type: string; status: string }[];
    return conditions.some((condition) => condition.type === "Ready" && condition.status === "True");
}

/** The container of a pod that is the application's own. */
export function appContainer(pod: PlainObject, app: string) {
    return (pod.spec.containers as { name: string; args?: string[]; env?: { name: string; value?: string }[] }[]).find(
        ({ name }) => name === app,
    )!;
}

/** Name of the cluster of egov-hello. */
export const helloCluster = ({ config: { egov } }: Mesh): string =>
    outboundCluster("egov-hello", egov.namespaces.app, 80);

/** Name of the cluster of an e-commerce service. */
export const shopCluster = ({ config: { ecommerce } }: Mesh, name: string): string =>
    outboundCluster(name, ecommerce.namespace, ecommerce.servicePort);
