import { seconds, until } from "../../verification/wait";
import { outboundCluster } from "../../verification/target/envoy";
import { referenceTo } from "./api";
import type { Mesh, Proxies } from "./mesh";

/**
 * Whether the mesh is whole again, by looking: workloads, endpoints as the clients' proxies have them, configuration
 * that istiod has sent and the proxies have acknowledged, and no pod ejected.
 */

/** Milliseconds after which a mesh that does not become healthy is given up. */
const limit = 180_000;

/** Waits until the mesh is healthy; what was still missing is named when it does not become so. */
export async function awaitHealthy(mesh: Mesh, signal?: AbortSignal): Promise<void> {
    let missing = "nothing was looked at";
    try {
        await until(
            "the mesh is healthy",
            async () => {
                await hastenEnding(mesh).catch(() => undefined);
                const problem = await firstProblem(mesh).catch((error: Error) => error.message);
                if (problem !== undefined) missing = problem;
                return problem === undefined;
            },
            { deadline: limit, interval: 300, signal },
        );
    } catch (error) {
        if (signal?.aborted) throw error;
        throw new Error(`the mesh did not become healthy within ${seconds(limit)}: ${missing}`);
    }
}

/** The first thing that is not as it should be; the cheap looks come first. */
async function firstProblem(mesh: Mesh): Promise<string | undefined> {
    return (
        (await unfinishedWorkload(mesh)) ??
        (await unsyncedProxy(mesh)) ??
        (await wrongEndpoints(mesh)) ??
        (await ejectedHost(mesh))
    );
}

/** Seconds that a pod on its way out still gets: during the mutations it serves nobody. */
const grace = 1;

/** Hastens the pods on their way out, whose time to finish would be most of the time of some mutations. */
export async function hastenEnding(mesh: Mesh): Promise<void> {
    for (const namespace of namespaces(mesh))
        for (const pod of await mesh.api.list("Pod", namespace)) {
            const { deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata;
            if (deletionTimestamp && Number(deletionGracePeriodSeconds) > grace)
                await mesh.api.delete(referenceTo({ ...pod, kind: "Pod" }), grace);
        }
}

function namespaces({ config: { egov, ecommerce, study, monitoring } }: Mesh): string[] {
    return [
        "istio-system",
        ...(monitoring.enabled ? [egov.namespaces.monitoring] : []),
        ...(egov.enabled ? [egov.namespaces.app, egov.namespaces.infra] : []),
        ...(ecommerce.enabled ? [ecommerce.namespace] : []),
        ...(study.enabled ? [study.namespace] : []),
    ];
}

/** Every Deployment and DaemonSet is rolled out, and no pod is on its way out or beside them. */
async function unfinishedWorkload(mesh: Mesh): Promise<string | undefined> {
    const outsideMesh = ["istio-system", mesh.config.egov.namespaces.monitoring];
    for (const namespace of namespaces(mesh)) {
        let declared = 0;
        for (const { metadata, spec, status } of await mesh.api.list("Deployment", namespace)) {
            const wanted = spec.replicas ?? 1;
            declared += wanted;
            const counts = [status?.replicas, status?.updatedReplicas, status?.availableReplicas].map((n) => n ?? 0);
            if (status?.observedGeneration !== metadata["generation"] || counts.some((count) => count !== wanted))
                return `Deployment ${namespace}/${metadata.name}: ${counts.join("/")} of ${wanted} pods are there, up to date, available`;
        }
        for (const { metadata, status } of await mesh.api.list("DaemonSet", namespace)) {
            const wanted = Number(status?.desiredNumberScheduled ?? 0);
            declared += wanted;
            const counts = [status?.updatedNumberScheduled, status?.numberAvailable].map((n) => n ?? 0);
            if (status?.observedGeneration !== metadata["generation"] || counts.some((count) => count !== wanted))
                return `DaemonSet ${namespace}/${metadata.name}: ${counts.join("/")} of ${wanted} pods are up to date, available`;
        }
        const pods = await mesh.api.list("Pod", namespace);
        if (pods.length !== declared) return `${namespace} has ${pods.length} pods instead of ${declared}`;
        if (!outsideMesh.includes(namespace))
            for (const { metadata, spec } of pods) {
                const containers = [...spec.containers, ...(spec.initContainers ?? [])] as { name: string }[];
                if (!containers.some(({ name }) => name === "istio-proxy"))
                    return `pod ${namespace}/${metadata.name} has no sidecar`;
            }
    }
    return undefined;
}

/** Every proxy is connected to istiod and has acknowledged what was sent. */
async function unsyncedProxy(mesh: Mesh): Promise<string | undefined> {
    const synced = new Map((await mesh.target.proxySync()).map(({ proxy, stale }) => [proxy, stale]));
    for (const namespace of namespaces(mesh))
        for (const pod of await mesh.target.kubernetes.pods(namespace)) {
            if (!pod.sidecar) continue;
            const stale = synced.get(`${pod.name}.${namespace}`);
            if (!stale) return `the proxy of ${pod.name} is not connected to istiod`;
            if (stale.length > 0) return `the proxy of ${pod.name} has not acknowledged: ${stale.join(", ")}`;
        }
    return undefined;
}

/** The clients' proxies balance over exactly the pods that are there. */
async function wrongEndpoints(mesh: Mesh): Promise<string | undefined> {
    const { egov, ecommerce, study } = mesh.config;
    const services = [
        ...(egov.enabled ? [{ name: "egov-hello", namespace: egov.namespaces.app, port: 80 }] : []),
        ...(ecommerce.enabled
            ? Object.keys(ecommerce.services).map((name) => ({
                  name,
                  namespace: ecommerce.namespace,
                  port: ecommerce.servicePort,
              }))
            : []),
        ...(study.enabled
            ? ["catalog", "webapp", "simple-web", "simple-backend"].map((name) => ({
                  name,
                  namespace: study.namespace,
                  port: 80,
              }))
            : []),
    ];
    const clients = await clientProxies(mesh);
    for (const { name, namespace, port } of services) {
        const pods = await mesh.target.kubernetes.pods(namespace, { app: name });
        const wanted = pods.map(({ ip }) => ip).sort();
        for (const client of clients) {
            const hosts = await mesh.target.proxy(client).hosts(outboundCluster(name, namespace, port));
            const seen = hosts.map(({ ip }) => ip).sort();
            if (seen.join() !== wanted.join())
                return `${client.name} sends requests for ${name} to ${seen.join(", ") || "nobody"} instead of ${wanted.join(", ")}`;
        }
    }
    return undefined;
}

/** No client's proxy has a pod ejected. */
async function ejectedHost(mesh: Mesh): Promise<string | undefined> {
    for (const client of await clientProxies(mesh)) {
        const line = (await mesh.target.proxy(client).get("clusters"))
            .split("\n")
            .find((text) => text.includes("failed_outlier_check"));
        if (line) return `${client.name} has ejected a pod: ${line.trim()}`;
    }
    return undefined;
}

/** The proxies that send requests to the applications. */
async function clientProxies(mesh: Mesh) {
    const inside: Proxies[] = [
        ...(mesh.config.egov.enabled ? (["gateway-server"] as const) : []),
        ...(mesh.config.study.enabled ? (["webapp", "simple-web"] as const) : []),
    ];
    return (await Promise.all((["gateway", ...inside] as const).map((which) => mesh.proxies(which)))).flat();
}
