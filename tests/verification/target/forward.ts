import http from "node:http";
import { Duplex, Readable, Writable } from "node:stream";
import { PortForward, type KubeConfig } from "@kubernetes/client-node";
import type { Pod } from "./target";

/** HTTP requests to a port inside a pod, as `kubectl port-forward` makes them: no process has to be started there. */

export interface ForwardedAnswer {
    status: number;
    headers: http.IncomingHttpHeaders;
    body: string;
}

/** Reads an answer to its end. */
export function readAnswer(response: http.IncomingMessage): Promise<ForwardedAnswer> {
    return new Promise((resolve, reject) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () =>
            resolve({
                status: response.statusCode ?? 0,
                headers: response.headers,
                body: Buffer.concat(chunks).toString("utf8"),
            }),
        );
    });
}

/** What is sent, and how long an answer is waited for. */
export interface ForwardedRequest {
    headers?: Readonly<Record<string, string>>;
    /** Sent by POST, as JSON. Default: nothing, by GET. */
    body?: unknown;
    signal: AbortSignal;
}

/** Sends a request for `path` to 127.0.0.1:`port` inside the pod. */
export async function forwardedRequest(
    kubeConfig: KubeConfig,
    pod: Pod,
    port: number,
    path: string,
    options: ForwardedRequest,
): Promise<ForwardedAnswer> {
    const tunnel = new Tunnel();
    const where = `port ${port} of ${pod.namespace}/${pod.name}`;
    let socket;
    try {
        socket = await new PortForward(kubeConfig).portForward(
            pod.namespace,
            pod.name,
            [port],
            tunnel.fromPod,
            tunnel.errors,
            tunnel.toPod,
        );
    } catch (error) {
        throw new Error(`cannot reach ${where}: ${(error as Error).message ?? String(error)}`);
    }
    if (!("close" in socket)) throw new Error(`cannot reach ${where}: no connection`);
    const connection = socket;
    connection.onclose = () => tunnel.closedByPod();
    try {
        return await exchange(tunnel, path, options);
    } catch (error) {
        const reason = options.signal.aborted
            ? "the whole answer has not come in time"
            : tunnel.errorText() || (error as Error).message;
        throw new Error(`${methodOf(options)} ${path} at ${where}: ${reason}`);
    } finally {
        tunnel.destroy();
        connection.close();
    }
}

const methodOf = ({ body }: ForwardedRequest) => (body === undefined ? "GET" : "POST");

function exchange(tunnel: Tunnel, path: string, options: ForwardedRequest): Promise<ForwardedAnswer> {
    const { headers, body, signal } = options;
    const json = body !== undefined && { "content-type": "application/json" };
    return new Promise((resolve, reject) => {
        const request = http.request({
            method: methodOf(options),
            path,
            signal,
            createConnection: () => tunnel,
            // Kept: where the pod closes first, the container runtime cuts off what is not read a second later.
            headers: { host: "localhost", ...json, ...headers, connection: "keep-alive" },
        });
        request.on("error", reject);
        request.on("response", (response) => resolve(readAnswer(response)));
        request.end(body === undefined ? undefined : JSON.stringify(body));
    });
}

/** The two directions of a forwarded connection as one stream. */
class Tunnel extends Duplex {
    /** What the client sends: read by the port-forward. */
    readonly toPod = new Readable({ read() {} });
    /** What the pod sends: written by the port-forward. */
    readonly fromPod = new Writable({
        write: (chunk: Buffer, _encoding, done) => {
            this.push(Buffer.from(chunk));
            done();
        },
    });
    private readonly errorChunks: Buffer[] = [];
    readonly errors = new Writable({
        write: (chunk: Buffer, _encoding, done) => {
            this.errorChunks.push(Buffer.from(chunk));
            done();
        },
    });

    override _read(): void {}

    override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
        this.toPod.push(chunk);
        done();
    }

    /** The pod has closed the connection. */
    closedByPod(): void {
        if (!this.destroyed && !this.readableEnded) this.push(null);
    }

    errorText(): string {
        return Buffer.concat(this.errorChunks).toString("utf8").trim();
    }
}
