import https from "node:https";
import { CoreV1Api, KubeConfig, type V1Container, type V1Pod } from "@kubernetes/client-node";

/** What the report asks of a cluster: its pods, what the kubelets have measured, and Prometheus. */
export interface ClusterApi {
    /** All pods that run. */
    pods(): Promise<V1Pod[]>;
    /** Names of the nodes. */
    nodes(): Promise<string[]>;
    /** A GET of the API server's own paths. */
    get(path: string): Promise<string>;
}

/** Milliseconds that the API server has to answer. */
const TIMEOUT = 30_000;

/** The cluster of a kubeconfig. */
export function clusterApi(kubeconfig: string): ClusterApi {
    const config = new KubeConfig();
    config.loadFromFile(kubeconfig);
    const core = config.makeApiClient(CoreV1Api);
    return {
        pods: async () =>
            (await core.listPodForAllNamespaces()).items.filter(({ status }) => status?.phase === "Running"),
        nodes: async () => (await core.listNode()).items.map(({ metadata }) => metadata!.name!),
        get: (path) => get(config, path),
    };
}

async function get(config: KubeConfig, path: string): Promise<string> {
    const options: https.RequestOptions = {};
    await config.applyToHTTPSOptions(options);
    return new Promise((resolve, reject) => {
        const url = `${config.getCurrentCluster()!.server}${path}`;
        const request = https.get(url, { ...options, signal: AbortSignal.timeout(TIMEOUT) }, (response) => {
            const chunks: Buffer[] = [];
            response.on("data", (chunk: Buffer) => chunks.push(chunk));
            response.on("error", reject);
            response.on("end", () => {
                const text = Buffer.concat(chunks).toString("utf8");
                if (response.statusCode === 200) resolve(text);
                else reject(new Error(`GET ${path}: ${response.statusCode} ${text.slice(0, 200)}`));
            });
        });
        request.on("error", reject);
    });
}

/** The containers of a pod that run all the time: sidecars of either kind, too. */
export function containersOf({ spec }: V1Pod): V1Container[] {
    return [
        ...spec!.containers,
        ...(spec!.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === "Always"),
    ];
}

/** The workload that a pod belongs to: its Deployment, where a ReplicaSet stands between. */
export function workloadOf({ metadata }: V1Pod): string {
    const owner = metadata?.ownerReferences?.find(({ controller }) => controller);
    if (owner?.kind !== "ReplicaSet") return owner?.name ?? metadata!.name!;
    return owner.name.replace(/-[a-z0-9]+$/, "");
}
