import http from "node:http";

/**
 * Headers that travel on to the service behind, so that one trace spans all hops and a test's wishes reach the last one.
 * The trace headers are those that Istio's documentation asks applications to propagate.
 */
const PROPAGATED = [
    "x-request-id",
    "traceparent",
    "tracestate",
    "baggage",
    "b3",
    "x-ot-span-context",
    "x-cloud-trace-context",
    "grpc-trace-bin",
    "sw8",
    "content-type",
    "accept",
    "authorization",
    "x-version",
    "canary",
];
const PROPAGATED_PREFIXES = ["x-b3-", "x-test-", "x-datadog-"];

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

/** The headers of `incoming` that the next hop gets. */
export function propagatedHeaders(incoming: http.IncomingHttpHeaders): http.OutgoingHttpHeaders {
    return Object.fromEntries(
        Object.entries(incoming).filter(
            ([name]) => PROPAGATED.includes(name) || PROPAGATED_PREFIXES.some((prefix) => name.startsWith(prefix)),
        ),
    );
}

/**
 * Answers a request with what `target` answers: status, headers, body. The pod that answered is told in
 * `x-upstream-served-by`; a target that cannot be reached makes 502. A client that leaves cancels the call.
 */
export function forward(target: URL, request: http.IncomingMessage, response: http.ServerResponse): void {
    // A connection of its own for each call: the sidecar keeps the pool, and no call fails on a connection that went stale.
    const call = http.request(target, {
        agent: false,
        method: request.method,
        headers: propagatedHeaders(request.headers),
    });
    call.on("response", (answer) => {
        for (const [name, value] of Object.entries(answer.headers)) {
            if (value === undefined || HOP_BY_HOP.has(name)) continue;
            if (name === "x-served-by") response.setHeader("x-upstream-served-by", value);
            else if (name !== "x-attempt") response.setHeader(name, value);
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
