import http from "node:http";

/**
 * Headers that travel on to the service behind, so that one trace spans all hops and a test's wishes reach the last one.
 * The trace headers are those that Istio's documentation asks applications to propagate.
 */
const TRACE = [
    "x-request-id",
    "traceparent",
    "tracestate",
    "baggage",
    "b3",
    "x-ot-span-context",
    "x-cloud-trace-context",
    "grpc-trace-bin",
    "sw8",
];
const TRACE_PREFIXES = ["x-b3-", "x-datadog-"];
const WISHES = ["content-type", "accept", "authorization", "x-version", "x-istio-cohort", "canary"];
const WISH_PREFIXES = ["x-test-"];

/** Headers of the answer that concern one connection only and are not passed back. */
const HOP_BY_HOP = new Set([
    "connection",
    "keep-alive",
    "transfer-encoding",
    "upgrade",
    "te",
    "trailer",
    "proxy-connection",
]);

/**
 * The headers of `incoming` that the next hop gets.
 *
 * @param traces Whether those of traces are among them; without, every hop begins a trace of its own. Default: true.
 */
export function propagatedHeaders(incoming: http.IncomingHttpHeaders, traces = true): http.OutgoingHttpHeaders {
    const names = [...WISHES, ...(traces ? TRACE : [])];
    const prefixes = [...WISH_PREFIXES, ...(traces ? TRACE_PREFIXES : [])];
    return Object.fromEntries(
        Object.entries(incoming).filter(
            ([name]) => names.includes(name) || prefixes.some((prefix) => name.startsWith(prefix)),
        ),
    );
}

/** Where requests are forwarded to. */
export interface Forward {
    readonly target: URL;
    /** Whether path and query of each request are kept (T3); otherwise the target's own are used (E7). */
    readonly keepsPath: boolean;
}

/** The URL that a request for `asked` is forwarded to. */
export function forwardedUrl({ target, keepsPath }: Forward, asked: URL): URL {
    return keepsPath ? new URL(`${target.origin}${asked.pathname}${asked.search}`) : target;
}

/** Headers of the next hop's answer that tell about that hop, and what they are called one hop further. */
const RENAMED: Readonly<Record<string, string>> = {
    "x-served-by": "x-upstream-served-by",
    "x-attempt": "x-upstream-attempt",
};

/**
 * Answers a request with what the next service answers: status, headers, body. The pod that answered is told in
 * `x-upstream-served-by`, its attempt count in `x-upstream-attempt`; a service that cannot be reached makes 502. A client
 * that leaves cancels the call.
 */
export function forward(to: Forward, asked: URL, request: http.IncomingMessage, response: http.ServerResponse): void {
    const target = forwardedUrl(to, asked);
    // A connection of its own for each call: the sidecar keeps the pool, and no call fails on a connection that went stale.
    const call = http.request(target, {
        agent: false,
        method: request.method,
        headers: propagatedHeaders(request.headers),
    });
    call.on("response", (answer) => {
        for (const [name, value] of Object.entries(answer.headers)) {
            if (value === undefined || HOP_BY_HOP.has(name)) continue;
            response.setHeader(RENAMED[name] ?? name, value);
        }
        response.writeHead(answer.statusCode as number);
        answer.pipe(response);
        answer.on("error", () => response.destroy());
    });
    call.on("error", (error: NodeJS.ErrnoException) => {
        if (response.headersSent || response.destroyed) return void response.destroy();
        response.writeHead(502, { "content-type": "text/plain; charset=utf-8" });
        response.end(`${target.href} cannot be reached: ${error.code ?? error.message}\n`);
    });
    response.on("close", () => {
        if (!response.writableFinished) call.destroy();
    });
    request.pipe(call);
}
