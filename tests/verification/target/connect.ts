import { existsSync } from "node:fs";
import { KubeConfig } from "@kubernetes/client-node";
import { seconds } from "../wait";
import { dial } from "./dial";
import { EnvoyProxy, istiodDebugPort, parseSync } from "./envoy";
import { TargetError, type VerificationTarget } from "./file";
import { openConnection, sendStream, toAnswer } from "./http";
import { gatewayOwner } from "./identity";
import { KubernetesClient } from "./kubernetes";
import { askInPlainText } from "./plain-text";
import { shakeHands } from "./tls";
import type {
    Answer,
    Connection,
    Handshake,
    HandshakeOptions,
    OutsideRequest,
    PlainAnswer,
    Pod,
    Proxy,
    ProxySync,
    Request,
    Stream,
    Target,
} from "./target";

/** Connects to the environment that a target file describes, after making sure that it is that environment. */

/** Milliseconds for which a proof that the cluster is still there is good. */
const proofLifetime = 3_000;

export async function connectTarget(description: VerificationTarget): Promise<Target> {
    if (!existsSync(description.kubeconfig))
        throw new TargetError(`there is no kubeconfig ${description.kubeconfig}. Is the cluster deployed (npm start)?`);
    const kubeConfig = new KubeConfig();
    try {
        kubeConfig.loadFromFile(description.kubeconfig);
    } catch (error) {
        throw new TargetError(`${description.kubeconfig} is not a kubeconfig: ${(error as Error).message}`);
    }
    const target = new ClusterTarget(description, new KubernetesClient(kubeConfig));
    const server = kubeConfig.getCurrentCluster()?.server ?? "(none)";
    try {
        await target.kubernetes.version();
    } catch (error) {
        throw new TargetError(
            `the API server ${server} does not answer (${(error as Error).message}). Is the cluster running? Start it with npm start.`,
        );
    }
    const { gateway, secureGateway } = description;
    for (const entrance of [gateway, ...(secureGateway ? [secureGateway] : [])])
        await gatewayOwner(target.kubernetes, description.config, entrance);
    return target;
}

class ClusterTarget implements Target {
    private proven = performance.now();
    private proof?: Promise<void>;

    constructor(
        private readonly description: VerificationTarget,
        readonly kubernetes: KubernetesClient,
    ) {}

    get stack() {
        return this.description.stack;
    }
    get config() {
        return this.description.config;
    }
    get gateway() {
        return this.description.gateway;
    }
    get certificate() {
        return this.description.certificate;
    }
    get signingKey() {
        return this.description.signingKey;
    }
    get accessKey() {
        return this.description.accessKey;
    }
    get objects() {
        return this.description.objects;
    }
    get provenance() {
        return this.description.provenance;
    }

    async request(request: OutsideRequest, stream?: Stream): Promise<Answer[]> {
        await this.prove();
        return sendStream(this.origin, request, stream);
    }

    async secureRequest(
        request: OutsideRequest & { host: string },
        trusted: string,
        stream?: Stream,
    ): Promise<Answer[]> {
        await this.prove();
        const tls = { ca: trusted, servername: request.host };
        return sendStream(originOf("https", this.secureGateway), request, stream, tls);
    }

    async handshake(options: HandshakeOptions): Promise<Handshake> {
        await this.prove();
        return shakeHands(this.secureGateway, options);
    }

    async connect(): Promise<Connection> {
        await this.prove();
        const connection = openConnection(this.origin);
        return {
            close: () => connection.close(),
            send: async (request) => {
                await this.prove();
                return connection.send(request);
            },
        };
    }

    async local(pod: Pod, port: number, request: Request): Promise<Answer> {
        const { path, host, headers, timeout } = request;
        const start = performance.now();
        const answer = await this.kubernetes.get(pod, port, path, {
            headers: { ...headers, ...(host !== undefined && { host }) },
            ...(timeout !== undefined && { timeout }),
        });
        return toAnswer(answer.status, answer.headers, answer.body, performance.now() - start);
    }

    async inside(
        pod: Pod,
        url: string | readonly string[],
        request: Omit<Request, "path"> = {},
        stream: Stream = {},
    ): Promise<Answer[]> {
        const app = pod.containers.find(({ name }) => name !== pod.sidecar?.name);
        if (!app) throw new Error(`the pod ${pod.name} has no container of its own`);
        const { timeout = 10_000 } = request;
        const { count = 1, concurrency = 1 } = stream;
        const urls = [url].flat();
        const output = await this.kubernetes.exec(
            pod,
            app.name,
            [
                ...["/nodejs/node", "/app/main.js", "client"],
                ...urls.flatMap((one) => ["--url", one]),
                ...(request.host === undefined ? [] : ["--host", request.host]),
                ...Object.entries(request.headers ?? {}).flatMap(([name, value]) => ["--header", `${name}:${value}`]),
                ...["--count", String(count), "--concurrency", String(concurrency)],
                ...["--timeout", `${Math.ceil(timeout)}ms`],
            ],
            { timeout: 10_000 + timeout * Math.ceil((count * urls.length) / concurrency) },
        );
        return parseClientOutput(output);
    }

    dial(pod: Pod, addresses: readonly string[]): Promise<ReadonlyMap<string, string>> {
        return dial(this.kubernetes, pod, addresses);
    }

    plainText(pod: Pod, targets: readonly string[]): Promise<ReadonlyMap<string, PlainAnswer>> {
        return askInPlainText(this.kubernetes, pod, targets);
    }

    proxy(pod: Pod): Proxy {
        return new EnvoyProxy(this.kubernetes, pod);
    }

    async gatewayPods(): Promise<Pod[]> {
        const pods = await this.kubernetes.pods("istio-system", { istio: "ingressgateway" });
        return pods.filter(({ readySince }) => readySince);
    }

    async proxySync(): Promise<ProxySync[]> {
        const pods = (await this.kubernetes.pods("istio-system", { app: "istiod" })).filter(
            ({ readySince }) => readySince,
        );
        if (pods.length === 0) throw new Error("no pod of istiod is ready in istio-system");
        const answers = await Promise.all(
            pods.map(async (pod) => {
                const { body } = await this.kubernetes.get(pod, istiodDebugPort, "/debug/syncz");
                return parseSync(body, pod.labels["istio.io/rev"] ?? "");
            }),
        );
        return answers.flat();
    }

    async close(): Promise<void> {}

    private get origin(): string {
        return originOf("http", this.gateway);
    }

    private get secureGateway(): Entrance {
        const { secureGateway } = this.description;
        if (!secureGateway) throw new Error("the environment declares no HTTPS entrance");
        return secureGateway;
    }

    /** Before anything is sent to the gateway: the cluster that owns the address still answers. */
    private async prove(): Promise<void> {
        if (performance.now() - this.proven < proofLifetime) return;
        this.proof ??= this.kubernetes
            .version()
            .then(
                () => {
                    this.proven = performance.now();
                },
                (error: unknown) => {
                    throw new TargetError(
                        `the API server has not answered for ${seconds(performance.now() - this.proven)} (${(error as Error).message}): nothing more is sent to ${this.origin}`,
                    );
                },
            )
            .finally(() => {
                this.proof = undefined;
            });
        await this.proof;
    }
}

interface Entrance {
    address: string;
    port: number;
}

function originOf(scheme: "http" | "https", { address, port }: Entrance): string {
    return `${scheme}://${address.includes(":") ? `[${address}]` : address}:${port}`;
}

/** One answer as the sample app's client prints it. */
interface ClientResponse {
    status?: number;
    servedBy?: string;
    upstreamServedBy?: string;
    attempt?: number;
    ms: number;
    body?: string;
    error?: string;
}

/** Reads what the sample app's client mode prints. */
export function parseClientOutput(output: string): Answer[] {
    let parsed: { responses?: ClientResponse[] };
    try {
        parsed = JSON.parse(output) as { responses?: ClientResponse[] };
    } catch {
        throw new Error(`the client in the pod printed no JSON: ${output.slice(0, 200)}`);
    }
    if (!Array.isArray(parsed.responses)) throw new Error(`the client in the pod printed no responses: ${output}`);
    return parsed.responses.map((response) => ({
        body: response.body ?? "",
        headers: {},
        ms: response.ms,
        ...(response.status && { status: response.status }),
        ...(response.servedBy && { pod: response.servedBy }),
        ...(response.upstreamServedBy && { upstreamPod: response.upstreamServedBy }),
        ...(response.attempt && { attempt: response.attempt }),
        ...(response.error && { error: response.error }),
    }));
}
