import http from "node:http";
import { channelOf } from "./business";
import { call, CALLED_HEADER, CallError, wantedCalls } from "./calls";
import { drawFault } from "./environment-faults";
import { attemptOf, Fault, FaultHeaderError, faultOf } from "./faults";
import { forward } from "./forward";
import type { Answered } from "./metrics";
import type { ServerOptions } from "./options";
import { peerOf } from "./peer";
import { LONGEST_KEY, RecordedRequest, Recorder } from "./recorder";
import { Turns } from "./turns";

/**
 * Where remembered requests are looked up, behind any prefix: `GET /__test/requests?key=K` lists those of one key,
 * `?prefix=P` counts those of every key that begins so.
 */
const REQUESTS_PATH = "/__test/requests";

/** The sample service: one HTTP server and the state it needs to stop gracefully. */
export class SampleServer {
    private readonly recorder = new Recorder();
    private readonly turns = new Turns();
    private readonly http = http.createServer((request, response) => this.handle(request, response));
    private draining = false;

    /** @param answered Called with every answered request but those about health and the suite's own. */
    constructor(
        private readonly options: ServerOptions,
        private readonly answered: (request: Answered) => void = () => undefined,
    ) {
        // Longer than any idle time-out of a proxy in front, so that the proxy is the one to close idle connections.
        this.http.keepAliveTimeout = 3_700_000;
    }

    /** Listens; resolves with the port that was opened. */
    listen(): Promise<number> {
        return new Promise((resolve, reject) => {
            this.http.once("error", reject);
            this.http.listen({ port: this.options.port, host: this.options.host }, () => {
                const address = this.http.address();
                resolve(typeof address === "object" && address ? address.port : this.options.port);
            });
        });
    }

    /**
     * Stops gracefully: health answers 503 at once; during the grace period requests are still answered, because proxies
     * learn of the pod's end a moment later than the pod; then no connection is accepted and open requests are finished.
     */
    async stop(): Promise<void> {
        if (this.draining) return;
        this.draining = true;
        await new Promise((resolve) => setTimeout(resolve, this.options.grace));
        await new Promise<void>((resolve) => {
            this.http.close(() => resolve());
            this.http.closeIdleConnections();
        });
    }

    private handle(request: http.IncomingMessage, response: http.ServerResponse): void {
        const { pod } = this.options;
        const attempt = attemptOf(request.headers);
        const url = requestedUrl(request.url ?? "/");
        response.setHeader("x-served-by", pod);
        response.setHeader("x-attempt", attempt);
        if (this.draining) response.shouldKeepAlive = false;
        // A request that began before the end finishes during it: its connection must not stay open for a next one.
        response.once("finish", () => {
            if (this.draining) request.socket.end();
        });

        if (url.pathname.endsWith(REQUESTS_PATH)) return this.requests(url, response);
        const key = request.headers["x-test-key"];
        if (typeof key === "string" && key.length <= LONGEST_KEY) {
            const { host = "" } = request.headers;
            const [peer, from] = [peerOf(request.headers), senderOf(request)];
            const recorded = this.recorder.record(key, { attempt, host, peer, from });
            response.once("finish", () => (recorded.status = response.statusCode));
        }
        if (url.pathname.endsWith("/health")) return this.health(response);
        const { method = "" } = request;
        const channel = channelOf(request.headers["x-channel"]);
        response.once("finish", () => this.answered({ method, status: response.statusCode, channel }));
        // A forwarder passes the fault headers on: the last service of the chain is the one that fails.
        if (this.options.forward && !this.options.forceError)
            return forward(this.options.forward, url, request, response);
        const wanted = wantedCalls(request.headers);
        if (wanted.length === 0) return this.answerAsAsked(request, response, attempt);
        call(this.options.calls, wanted, request).then(
            (pods) => {
                response.setHeader(CALLED_HEADER, pods.join());
                this.answerAsAsked(request, response, attempt);
            },
            (error: Error) => send(response, error instanceof CallError ? error.status : 502, error.message),
        );
    }

    private answerAsAsked(request: http.IncomingMessage, response: http.ServerResponse, attempt: number): void {
        try {
            this.answer(response, this.faultOf(request, attempt), attempt);
        } catch (error) {
            if (!(error instanceof FaultHeaderError)) throw error;
            send(response, 400, error.message);
        }
    }

    /** What the test's headers ask for, beside what the environment makes of every request. */
    private faultOf(request: http.IncomingMessage, attempt: number): Fault {
        const { faults, pod } = this.options;
        const always = drawFault(faults);
        const asked = faultOf(request.headers, attempt, pod);
        return { ...asked, delay: always.delay + asked.delay, status: asked.status ?? always.status };
    }

    private answer(response: http.ServerResponse, fault: Fault, attempt: number): void {
        const { pod, status, text, forceError } = this.options;
        const respond = () => {
            if (forceError) return send(response, 500, `Error from ${pod}: FORCE_ERROR is set`);
            if (fault.grpcStatus !== undefined) response.setHeader("grpc-status", fault.grpcStatus);
            if (fault.status === undefined) send(response, status, text ?? "");
            else send(response, fault.status, `Error from ${pod}: attempt ${attempt} fails on purpose`);
        };
        if (fault.delay === 0) return respond();
        const timer = setTimeout(respond, fault.inTurn ? this.turns.take(fault.delay) : fault.delay);
        response.once("close", () => clearTimeout(timer));
    }

    private health(response: http.ServerResponse): void {
        const { service, pod } = this.options;
        json(response, this.draining ? 503 : 200, { status: this.draining ? "OUT_OF_SERVICE" : "UP", service, pod });
    }

    private requests(url: URL, response: http.ServerResponse): void {
        const prefix = url.searchParams.get("prefix");
        if (prefix) return json(response, 200, this.recorder.counts(prefix));
        const key = url.searchParams.get("key");
        if (!key) return send(response, 400, `write ${REQUESTS_PATH}?key=KEY or ?prefix=PREFIX`);
        const list: readonly RecordedRequest[] = this.recorder.list(key);
        json(response, 200, list);
    }
}

/** The address at the other end of the connection; IPv4 in its own form although the socket takes IPv6, too. */
function senderOf({ socket }: http.IncomingMessage): string {
    return (socket.remoteAddress ?? "").replace(/^::ffff:/, "");
}

/** The URL of a request line. One that begins with `//` is a path all the same and no host. */
function requestedUrl(line: string): URL {
    const text = line.startsWith("/") ? `http://pod${line}` : line;
    return URL.canParse(text) ? new URL(text) : new URL("http://pod/");
}

function send(response: http.ServerResponse, status: number, text: string): void {
    const body = `${text}\n`;
    response.writeHead(status, {
        "content-type": "text/plain; charset=utf-8",
        "content-length": Buffer.byteLength(body),
    });
    response.end(body);
}

function json(response: http.ServerResponse, status: number, value: unknown): void {
    const body = JSON.stringify(value);
    response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(body) });
    response.end(body);
}
