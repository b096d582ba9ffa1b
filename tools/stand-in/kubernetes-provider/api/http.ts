import http from "node:http";
import https from "node:https";
import type { KubeConfig } from "@kubernetes/client-node";
import { ApiError, UnreachableError } from "./errors";

/** How long one request may take, in milliseconds: two webhooks of 10 s each, and the default limit of the API server is 34 s. */
const REQUEST_TIMEOUT_MS = 60_000;

/** How long a token is used before the kubeconfig's credentials are asked again, in milliseconds. */
const CREDENTIALS_TTL_MS = 60_000;

/** A request to the API server. */
export interface ApiRequest {
    method: "GET" | "POST" | "PATCH" | "DELETE";
    /** Path with its leading slash and without query. */
    path: string;
    query?: Record<string, string | undefined>;
    body?: unknown;
    contentType?: string;
    /** Ends the request early. */
    signal?: AbortSignal;
    /** Milliseconds. Default: 60,000. */
    timeout?: number;
}

/** An answer of the API server. */
export interface ApiResponse<T> {
    body: T;
    /** Texts of the answer's Warning headers. */
    warnings: string[];
}

/**
 * HTTP connection to one API server: kept alive, with the credentials of a kubeconfig. Objects travel as plain JSON, so that
 * no field is lost which a generated client of another version does not know.
 */
export class ApiConnection {
    private readonly base: URL;
    private agent: http.Agent | undefined;
    private credentials: { headers: Record<string, string>; until: number } | undefined;

    constructor(private readonly config: KubeConfig) {
        const cluster = config.getCurrentCluster();
        if (!cluster) throw new Error("The kubeconfig has no current cluster.");
        this.base = new URL(cluster.server);
    }

    /** Address of the API server. */
    get server(): string {
        return this.base.origin;
    }

    /**
     * Sends a request and reads the whole answer.
     * @throws ApiError when the server refuses; UnreachableError when it does not answer.
     */
    async send<T>(request: ApiRequest): Promise<ApiResponse<T>> {
        const response = await this.open(request);
        const text = await this.read(response);
        const status = response.statusCode ?? 0;
        if (status >= 400) throw ApiError.from(status, text, response.headers["retry-after"]);
        return { body: JSON.parse(text) as T, warnings: parseWarnings(response.headers["warning"]) };
    }

    /**
     * Sends a request whose answer is a stream of JSON documents, one a line.
     * Ends quietly when the server closes the stream.
     */
    async *stream<T>(request: ApiRequest): AsyncGenerator<T> {
        const response = await this.open(request);
        if ((response.statusCode ?? 0) >= 400)
            throw ApiError.from(response.statusCode ?? 0, await this.read(response), response.headers["retry-after"]);
        let rest = "";
        try {
            response.setEncoding("utf8");
            for await (const chunk of response as AsyncIterable<string>) {
                const lines = (rest + chunk).split("\n");
                rest = lines.pop() ?? "";
                for (const line of lines) if (line.trim() !== "") yield JSON.parse(line) as T;
            }
        } catch (error) {
            throw this.translate(error, request.signal);
        } finally {
            response.destroy();
        }
    }

    /** Closes the idle connections. */
    close(): void {
        this.agent?.destroy();
    }

    private async open(request: ApiRequest, renewed = false): Promise<http.IncomingMessage> {
        request.signal?.throwIfAborted();
        const headers = await this.authorize(renewed);
        const response = await this.exchange(request, headers);
        if (response.statusCode === 401 && !renewed) {
            response.resume();
            return this.open(request, true);
        }
        return response;
    }

    private exchange(request: ApiRequest, credentials: Record<string, string>): Promise<http.IncomingMessage> {
        const {
            method,
            path,
            query = {},
            body,
            contentType = "application/json",
            signal,
            timeout = REQUEST_TIMEOUT_MS,
        } = request;
        const url = new URL(this.base.pathname.replace(/\/$/, "") + path, this.base);
        for (const [key, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(key, value);
        const payload = body === undefined ? undefined : JSON.stringify(body);
        const headers: http.OutgoingHttpHeaders = {
            accept: "application/json",
            "user-agent": "istio-platform-stand-in",
            ...credentials,
        };
        if (payload !== undefined) {
            headers["content-type"] = contentType;
            headers["content-length"] = Buffer.byteLength(payload);
        }
        return new Promise((resolve, reject) => {
            const send = url.protocol === "http:" ? http.request : https.request;
            const outgoing = send(url, { method, agent: this.agent, headers, signal }, resolve);
            outgoing.setTimeout(timeout, () =>
                outgoing.destroy(
                    Object.assign(new Error(`no answer within ${timeout / 1000} s`), { code: "ETIMEDOUT" }),
                ),
            );
            outgoing.on("error", (error) => reject(this.translate(error, signal)));
            outgoing.end(payload);
        });
    }

    private async read(response: http.IncomingMessage): Promise<string> {
        const chunks: Buffer[] = [];
        try {
            for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
        } catch (error) {
            throw this.translate(error);
        }
        return Buffer.concat(chunks).toString("utf8");
    }

    private translate(error: unknown, signal?: AbortSignal): Error {
        if (signal?.aborted) return signal.reason as Error;
        return new UnreachableError(this.server, error as NodeJS.ErrnoException);
    }

    /** The headers that carry the user's credentials; makes the agent with the user's certificates at its first call. */
    private async authorize(renew: boolean): Promise<Record<string, string>> {
        if (this.credentials && !renew && this.credentials.until > Date.now()) return this.credentials.headers;
        const options: https.RequestOptions = {};
        await this.config.applyToHTTPSOptions(options);
        this.agent ??= this.createAgent(options);
        const headers = { ...(options.headers as Record<string, string> | undefined) };
        if (options.auth) headers["authorization"] = `Basic ${Buffer.from(options.auth).toString("base64")}`;
        this.credentials = { headers, until: Date.now() + CREDENTIALS_TTL_MS };
        return headers;
    }

    private createAgent(options: https.RequestOptions): http.Agent {
        if (this.config.getCurrentCluster()?.proxyUrl) return options.agent as http.Agent;
        if (this.base.protocol === "http:") return new http.Agent({ keepAlive: true });
        const { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername } = options;
        return new https.Agent({ keepAlive: true, ca, cert, key, pfx, passphrase, rejectUnauthorized, servername });
    }
}

/** The texts in a Warning header: `299 - "text", 299 - "text"`. */
export function parseWarnings(header: string | string[] | undefined): string[] {
    const text = Array.isArray(header) ? header.join(", ") : (header ?? "");
    return [...text.matchAll(/299 \S+ "((?:[^"\\]|\\.)*)"/g)].map(([, warning = ""]) =>
        warning.replace(/\\(.)/g, "$1"),
    );
}
