import { Writable } from "node:stream";
import {
    ApiException,
    CoreV1Api,
    DiscoveryV1Api,
    Exec,
    KubeConfig,
    KubernetesObjectApi,
    PatchStrategy,
    VersionApi,
    type V1ContainerStatus,
    type V1Pod,
    type V1Status,
} from "@kubernetes/client-node";
import { within } from "../wait";
import { proxiedGet } from "./api-proxy";
import { forwardedRequest, type ForwardedAnswer } from "./forward";
import { Semaphore } from "./semaphore";
import type {
    Endpoint,
    ForwardOptions,
    KillOptions,
    Kubernetes,
    KubernetesObject,
    ObjectReference,
    Pod,
} from "./target";

/** {@link Kubernetes} over the API server of a kubeconfig. */

/** Milliseconds that the API server has to answer. */
const apiTimeout = 20_000;
/** Milliseconds that a port in a pod has to answer: on a busy machine a proxy's whole configuration takes long. */
const forwardTimeout = 60_000;
/** Milliseconds for which specs that ask for the same list share the answer: dozens of them begin at once. */
const listLifetime = 1_000;
/** Commands that run in pods at once: each costs the node a process. */
const execLimit = 6;
/** Ports of pods that are forwarded at once: each costs the API server and the kubelet a connection. */
const forwardLimit = 16;

/** Name of the sidecar container, and of the proxy's container in a gateway pod. */
export const proxyContainer = "istio-proxy";

export class KubernetesClient implements Kubernetes {
    private readonly core: CoreV1Api;
    private readonly discovery: DiscoveryV1Api;
    private readonly any: KubernetesObjectApi;
    private readonly execs = new Semaphore(execLimit);
    private readonly lists = new Map<string, { at: number; answer: Promise<unknown> }>();
    private readonly forwards = new Semaphore(forwardLimit);

    constructor(private readonly kubeConfig: KubeConfig) {
        this.core = kubeConfig.makeApiClient(CoreV1Api);
        this.discovery = kubeConfig.makeApiClient(DiscoveryV1Api);
        this.any = KubernetesObjectApi.makeApiClient(kubeConfig);
    }

    async version(): Promise<string> {
        const answer = this.kubeConfig.makeApiClient(VersionApi).getCode();
        return (await within("the API server", apiTimeout, answer)).gitVersion;
    }

    async pods(namespace: string, labels: Readonly<Record<string, string>> = {}): Promise<Pod[]> {
        const pods = await this.shared(`pods of ${namespace}`, async () => {
            const { items } = await this.core.listNamespacedPod({ namespace });
            return items.filter((pod) => !pod.metadata?.deletionTimestamp).map(describePod);
        });
        return pods.filter((pod) => Object.entries(labels).every(([key, value]) => pod.labels[key] === value));
    }

    async object<T extends KubernetesObject>(reference: ObjectReference & { name: string }): Promise<T | undefined> {
        const { apiVersion, kind, namespace, name } = reference;
        const read = this.any.read({ apiVersion, kind, metadata: { namespace, name } });
        try {
            return (await within(`reading ${kind} ${namespace}/${name}`, apiTimeout, read)) as unknown as T;
        } catch (error) {
            if (error instanceof ApiException && error.code === 404) return undefined;
            throw error;
        }
    }

    async objects<T extends KubernetesObject>({ apiVersion, kind, namespace }: ObjectReference): Promise<T[]> {
        const list = this.any.list(apiVersion, kind, namespace);
        try {
            return (await within(`listing ${kind} in ${namespace}`, apiTimeout, list)).items as unknown as T[];
        } catch (error) {
            if (isUnknownKind(error)) return [];
            throw error;
        }
    }

    async endpoints(namespace: string, service: string): Promise<Endpoint[]> {
        const slices = await this.shared(
            `endpoints of ${namespace}`,
            async () => (await this.discovery.listNamespacedEndpointSlice({ namespace })).items,
        );
        const own = slices.filter(({ metadata }) => metadata?.labels?.["kubernetes.io/service-name"] === service);
        return own.flatMap((slice) =>
            (slice.endpoints ?? []).flatMap((endpoint) =>
                (slice.ports ?? []).map((port) => ({
                    ip: endpoint.addresses[0] ?? "",
                    port: port.port ?? 0,
                    ready: endpoint.conditions?.ready !== false,
                    ...(endpoint.targetRef?.name && { pod: endpoint.targetRef.name }),
                })),
            ),
        );
    }

    async log(pod: Pod, container: string, part: { lines: number } | { seconds: number }): Promise<string> {
        const read = this.core.readNamespacedPodLog({
            namespace: pod.namespace,
            name: pod.name,
            container,
            ...("lines" in part ? { tailLines: part.lines } : { sinceSeconds: part.seconds }),
        });
        return (await within(`reading the log of ${pod.name}`, apiTimeout, read)) ?? "";
    }

    async kill(pod: Pod, { gracePeriodSeconds }: KillOptions = {}): Promise<void> {
        const { name, namespace } = pod;
        const options = { name, namespace, ...(gracePeriodSeconds !== undefined && { gracePeriodSeconds }) };
        await within(`deleting the pod ${name}`, apiTimeout, this.core.deleteNamespacedPod(options));
        this.lists.clear();
    }

    async change(
        { apiVersion, kind, namespace, name }: ObjectReference & { name: string },
        spec: Record<string, unknown>,
    ): Promise<void> {
        const body = { apiVersion, kind, metadata: { namespace, name }, spec };
        const patch = this.any.patch(body, undefined, undefined, undefined, undefined, PatchStrategy.MergePatch);
        await within(`changing ${kind} ${namespace}/${name}`, apiTimeout, patch);
    }

    async exec(
        pod: Pod,
        container: string,
        command: readonly string[],
        { timeout = apiTimeout }: { timeout?: number } = {},
    ): Promise<string> {
        return this.execs.use(() =>
            within(`${command.join(" ")} in ${pod.name}`, timeout, this.run(pod, container, command)),
        );
    }

    get(pod: Pod, port: number, path: string, options: ForwardOptions = {}): Promise<ForwardedAnswer> {
        return this.forward(pod, port, path, options);
    }

    post(pod: Pod, port: number, path: string, body: unknown, options: ForwardOptions = {}): Promise<ForwardedAnswer> {
        return this.forward(pod, port, path, { ...options, body });
    }

    private forward(
        pod: Pod,
        port: number,
        path: string,
        { timeout = forwardTimeout, ...request }: ForwardOptions & { body?: unknown },
    ): Promise<ForwardedAnswer> {
        return this.forwards.use(() => {
            // From here on: the turn that was waited for does not count.
            const signal = AbortSignal.timeout(timeout);
            const answer = forwardedRequest(this.kubeConfig, pod, port, path, { ...request, signal });
            return within(`${path} at port ${port} of ${pod.name}`, timeout, answer);
        });
    }

    async plainText(
        pod: Pod,
        port: number,
        path: string,
        { headers, timeout = apiTimeout }: { headers?: Readonly<Record<string, string>>; timeout?: number } = {},
    ): Promise<ForwardedAnswer | { refused: string }> {
        return this.forwards.use(() => {
            const signal = AbortSignal.timeout(timeout);
            return proxiedGet(this.kubeConfig, pod, port, path, { signal, ...(headers && { headers }) });
        });
    }

    /** Lists something, or answers with what another caller has just listed. */
    private async shared<T>(what: string, list: () => Promise<T>): Promise<T> {
        const known = this.lists.get(what);
        if (known && performance.now() - known.at < listLifetime) return known.answer as Promise<T>;
        const answer = within(`listing the ${what}`, apiTimeout, list());
        this.lists.set(what, { at: performance.now(), answer });
        return answer;
    }

    private run(pod: Pod, container: string, command: readonly string[]): Promise<string> {
        const stdout = new Collector();
        const stderr = new Collector();
        return new Promise((resolve, reject) => {
            const where = `${pod.namespace}/${pod.name}, container ${container}`;
            const ended = (status: V1Status) => {
                if (status.status === "Success") return resolve(stdout.text());
                const output = stderr.text().trim() || stdout.text().trim();
                reject(
                    new Error(
                        `${command.join(" ")} in ${where}: ${status.message ?? status.reason}${output && `: ${output}`}`,
                    ),
                );
            };
            new Exec(this.kubeConfig)
                .exec(pod.namespace, pod.name, container, [...command], stdout, stderr, null, false, ended)
                .then((socket) => {
                    socket.onclose = () => reject(new Error(`${where}: the connection ended before the command`));
                })
                .catch((error: unknown) =>
                    reject(new Error(`cannot run a command in ${where}: ${(error as Error).message ?? String(error)}`)),
                );
        });
    }
}

/** Whether the API server does not know a kind, or its group at all: then there can be no object of it. */
function isUnknownKind(error: unknown): boolean {
    if (error instanceof ApiException) return error.code === 404;
    return error instanceof Error && error.message.startsWith("Unrecognized API version and kind");
}

/** Keeps what is written to it. */
class Collector extends Writable {
    private readonly chunks: Buffer[] = [];

    override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
        this.chunks.push(Buffer.from(chunk));
        done();
    }

    text(): string {
        return Buffer.concat(this.chunks).toString("utf8");
    }
}

function describePod(pod: V1Pod): Pod {
    const spec = pod.spec!;
    const sidecars = (spec.initContainers ?? []).filter((container) => container.restartPolicy === "Always");
    const statuses = new Map<string, V1ContainerStatus>(
        [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])].map((status) => [
            status.name,
            status,
        ]),
    );
    const containers = [...spec.containers, ...sidecars].map((container) => {
        const status = statuses.get(container.name);
        const reason = status?.state?.waiting?.reason ?? status?.state?.terminated?.reason;
        return {
            name: container.name,
            image: container.image ?? "",
            ready: status?.ready ?? false,
            restarts: status?.restartCount ?? 0,
            ...(reason && { reason }),
            ports: (container.ports ?? []).map((port) => port.containerPort),
        };
    });
    const sidecar = containers.find((container) => container.name === proxyContainer);
    const injectedBy = pod.metadata!.annotations?.["istio.io/rev"];
    const ready = pod.status?.conditions?.find(({ type, status }) => type === "Ready" && status === "True");
    return {
        namespace: pod.metadata!.namespace!,
        name: pod.metadata!.name!,
        ip: pod.status?.podIP ?? "",
        labels: pod.metadata!.labels ?? {},
        phase: pod.status?.phase ?? "Unknown",
        containers,
        ...(sidecar && { sidecar }),
        ...(injectedBy !== undefined && { injectedBy }),
        ...(ready?.lastTransitionTime && { readySince: new Date(ready.lastTransitionTime) }),
    };
}
