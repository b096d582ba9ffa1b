import type { ConnectionOptions } from "node:tls";
import { Client, Pool, type Dispatcher } from "undici";
import type { Answer, Connection, OutsideRequest, Stream } from "./target";

/** Requests from outside: real HTTP/1.1 connections to the gateway's address. */

const defaultTimeout = 15_000;
/** Milliseconds for opening a connection: the gateway is near or far, but never that far. */
const connectTimeout = 3_000;

export function openConnection(origin: string): Connection {
    const client = new Client(origin, {
        pipelining: 1,
        keepAliveTimeout: 60_000,
        connect: { timeout: connectTimeout },
    });
    return { send: (request) => send(client, request), close: () => client.destroy() };
}

export async function sendStream(
    origin: string,
    request: OutsideRequest,
    stream: Stream = {},
    tls: ConnectionOptions = {},
): Promise<Answer[]> {
    const { count = 1, concurrency = 1, connections = "kept" } = stream;
    const pool = new Pool(origin, {
        connections: concurrency,
        pipelining: 1,
        keepAliveTimeout: 60_000,
        connect: { timeout: connectTimeout, ...tls },
    });
    const answers = new Array<Answer>(count);
    let next = 0;
    let unreachable: Answer | undefined;
    const sender = async (): Promise<void> => {
        while (next < count) {
            const index = next++;
            answers[index] = unreachable ?? (await send(pool, request, connections === "new"));
            if (isUnreachable(answers[index])) unreachable = answers[index];
        }
    };
    try {
        await Promise.all(Array.from({ length: Math.min(concurrency, count) }, sender));
    } finally {
        await pool.destroy();
    }
    return answers;
}

/** Nothing listens at the address: the rest of a stream would find the same, only later. */
function isUnreachable({ error }: Answer): boolean {
    return error !== undefined && /^(ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT)/.test(error);
}

async function send(dispatcher: Dispatcher, request: OutsideRequest, reset = false): Promise<Answer> {
    const start = performance.now();
    try {
        const response = await dispatcher.request({
            path: request.path,
            method: request.method ?? "GET",
            ...(request.body !== undefined && { body: request.body }),
            headers: { ...request.headers, ...(request.host !== undefined && { host: request.host }) },
            signal: AbortSignal.timeout(request.timeout ?? defaultTimeout),
            headersTimeout: 0,
            bodyTimeout: 0,
            reset,
        });
        const body = await response.body.text();
        return toAnswer(response.statusCode, response.headers, body, performance.now() - start);
    } catch (error) {
        const { code, name, message } = error as NodeJS.ErrnoException;
        // A DOMException's code is a number that says nothing.
        const kind = typeof code === "string" ? code : name;
        return { body: "", headers: {}, ms: performance.now() - start, error: `${kind}: ${message}` };
    }
}

/** Reads what the sample app says about itself in its headers. */
export function toAnswer(
    status: number,
    received: Readonly<Record<string, string | string[] | undefined>>,
    body: string,
    ms: number,
): Answer {
    const headers = Object.fromEntries(
        Object.entries(received).map(([name, value]) => [
            name,
            Array.isArray(value) ? value.join(", ") : (value ?? ""),
        ]),
    );
    const attempt = Number(headers["x-attempt"]);
    const upstreamAttempt = Number(headers["x-upstream-attempt"]);
    return {
        status,
        body,
        headers,
        ms,
        ...(headers["x-served-by"] && { pod: headers["x-served-by"] }),
        ...(headers["x-upstream-served-by"] && { upstreamPod: headers["x-upstream-served-by"] }),
        ...(attempt > 0 && { attempt }),
        ...(upstreamAttempt > 0 && { upstreamAttempt }),
    };
}
