import http from "node:http";
import { parseDuration } from "./duration";
import { FlagError, lastValue, parseFlags } from "./flags";
import { BAD_FLAG, StartError } from "./options";

/** What the client mode was told by its flags. */
export interface ClientOptions {
    /** Where requests go, one URL after the other. */
    readonly urls: readonly URL[];
    readonly method: string;
    /** Header names and values in order; `-host` sets Host. */
    readonly headers: Readonly<Record<string, string>>;
    /** Requests to each URL. */
    readonly count: number;
    /** Requests under way at once. */
    readonly concurrency: number;
    /** Milliseconds allowed to each request. */
    readonly timeout: number;
}

/** Outcome of one request: a status, or the code of the error that prevented one. */
export interface ClientResponse {
    readonly status?: number;
    /** Pod that answered: `x-served-by`. */
    readonly servedBy?: string;
    /** Pod behind a forwarding service: `x-upstream-served-by`. */
    readonly upstreamServedBy?: string;
    /** The proxy's attempt count as the answering pod saw it: `x-attempt`. */
    readonly attempt?: number;
    /** Milliseconds until the answer was complete or failed. */
    readonly ms: number;
    readonly body?: string;
    /** `ECONNREFUSED`, `ECONNRESET`, `ETIMEDOUT` (the client's own time-out) ... */
    readonly error?: string;
}

/**
 * Reads the flags of `client`.
 *
 * @throws StartError naming what is wrong.
 */
export function readClientOptions(args: readonly string[]): ClientOptions {
    const fail = (message: string): never => {
        throw new StartError(`client: ${message}\n`, BAD_FLAG);
    };
    try {
        const flags = parseFlags(args, ["url", "host", "header", "method", "count", "concurrency", "timeout"]);
        if (flags.rest.length > 0) return fail(`too many arguments: ${flags.rest.join(" ")}`);
        const urls = flags.values.get("url") ?? [];
        if (urls.length === 0) return fail("missing -url");
        for (const url of urls)
            if (!URL.canParse(url) || !url.startsWith("http://"))
                return fail(`-url ${url}: write http://host:port/path`);
        const headers: Record<string, string> = {};
        const host = lastValue(flags, "host");
        if (host !== undefined) headers["host"] = host;
        for (const header of flags.values.get("header") ?? []) {
            const colon = header.indexOf(":");
            if (colon < 1) return fail(`-header ${header}: write name:value`);
            headers[header.slice(0, colon).trim().toLowerCase()] = header.slice(colon + 1).trim();
        }
        const positive = (name: string, fallback: number): number => {
            const value = Number(lastValue(flags, name) ?? fallback);
            return Number.isInteger(value) && value > 0 ? value : fail(`-${name} must be a whole number above 0`);
        };
        return {
            urls: urls.map((url) => new URL(url)),
            method: lastValue(flags, "method") ?? "GET",
            headers,
            count: positive("count", 1),
            concurrency: positive("concurrency", 1),
            timeout: parseDuration(lastValue(flags, "timeout") ?? "10s"),
        };
    } catch (error) {
        if (error instanceof FlagError || error instanceof RangeError) return fail(error.message);
        throw error;
    }
}

/**
 * Sends the requests, each on a connection of its own, and resolves with the outcomes in the order of sending: all of the
 * first URL, then all of the next one.
 * A request that fails is an outcome, not an error.
 */
export async function runClient(options: ClientOptions): Promise<ClientResponse[]> {
    const responses: ClientResponse[] = [];
    const total = options.count * options.urls.length;
    let next = 0;
    const worker = async () => {
        while (next < total) {
            const index = next++;
            responses[index] = await send(options.urls[Math.floor(index / options.count)] as URL, options);
        }
    };
    await Promise.all(Array.from({ length: Math.min(options.concurrency, total) }, worker));
    return responses;
}

function send(url: URL, options: ClientOptions): Promise<ClientResponse> {
    const started = process.hrtime.bigint();
    const elapsed = () => Math.round(Number(process.hrtime.bigint() - started) / 1e4) / 100;
    return new Promise((resolve) => {
        const finish = (outcome: Omit<ClientResponse, "ms">) => {
            clearTimeout(timer);
            resolve({ ...outcome, ms: elapsed() });
        };
        const request = http.request(url, { agent: false, method: options.method, headers: options.headers });
        const timer = setTimeout(() => {
            finish({ error: "ETIMEDOUT" });
            request.destroy();
        }, options.timeout);
        const failed = (error: NodeJS.ErrnoException) => finish({ error: error.code ?? error.message });
        request.on("error", failed);
        request.on("response", (response) => {
            const chunks: Buffer[] = [];
            response.on("data", (chunk: Buffer) => chunks.push(chunk));
            response.on("error", failed);
            response.on("end", () => finish(outcomeOf(response, Buffer.concat(chunks).toString("utf8"))));
        });
        request.end();
    });
}

function outcomeOf(response: http.IncomingMessage, body: string): Omit<ClientResponse, "ms"> {
    const {
        "x-served-by": servedBy,
        "x-upstream-served-by": upstreamServedBy,
        "x-attempt": attempt,
    } = response.headers;
    return {
        status: response.statusCode as number,
        ...(servedBy === undefined ? {} : { servedBy: String(servedBy) }),
        ...(upstreamServedBy === undefined ? {} : { upstreamServedBy: String(upstreamServedBy) }),
        ...(attempt === undefined ? {} : { attempt: Number(attempt) }),
        body,
    };
}
