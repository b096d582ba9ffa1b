import http from "node:http";
import { propagatedHeaders } from "./forward";

/** Calls that this service makes before it answers (C7). */
export interface Calls {
    /** Services that it may call: name -> URL. */
    readonly services: Readonly<Record<string, URL>>;
    /** Whether it passes on the headers of traces: env FORWARD_TRACES, default true. */
    readonly traces: boolean;
}

/** Header of a request: names of services, each of which is called by the one before it; this one calls the first. */
export const CALLS_HEADER = "x-test-calls";

/** Header of an answer: the pods that were called on the way, the nearest first. */
export const CALLED_HEADER = "x-called";

/** A call that did not go well: what the caller is told. */
export class CallError extends Error {
    constructor(
        readonly status: 400 | 502,
        message: string,
    ) {
        super(message);
    }
}

/** The names of the services that a request wants to be called. */
export function wantedCalls(headers: http.IncomingHttpHeaders): string[] {
    return String(headers[CALLS_HEADER] ?? "")
        .split(",")
        .map((name) => name.trim())
        .filter((name) => name !== "");
}

/**
 * Calls the first of the named services, which calls the others, with the headers that are to travel on.
 *
 * @returns The pods that were called, the nearest first.
 * @throws CallError 400 for a service that is not among those that this one may call; 502 when the call fails or is not
 *   answered with 2xx.
 */
export async function call(
    { services, traces }: Calls,
    names: readonly string[],
    request: http.IncomingMessage,
): Promise<string[]> {
    const [name = "", ...others] = names;
    const url = Object.hasOwn(services, name) ? services[name] : undefined;
    if (!url)
        throw new CallError(
            400,
            `${name} is none of the services that this one calls: ${Object.keys(services).join()}`,
        );
    const headers = { ...propagatedHeaders(request.headers, traces), [CALLS_HEADER]: others.join() };
    const answer = await get(url, headers).catch((error: NodeJS.ErrnoException) => {
        throw new CallError(502, `${name} cannot be reached: ${error.code ?? error.message}`);
    });
    const { statusCode = 0, headers: told } = answer;
    if (statusCode < 200 || statusCode > 299) throw new CallError(502, `${name} answers ${statusCode}`);
    return [told["x-served-by"], told[CALLED_HEADER]].flatMap((pods) => (pods === undefined ? [] : [String(pods)]));
}

/** Sends GET on a connection of its own, since the sidecar keeps the pool; resolves when the answer is complete. */
function get(url: URL, headers: http.OutgoingHttpHeaders): Promise<http.IncomingMessage> {
    return new Promise((resolve, reject) => {
        const request = http.get(url, { agent: false, headers }, (answer) => {
            answer.on("error", reject);
            answer.on("end", () => resolve(answer));
            answer.resume();
        });
        request.on("error", reject);
    });
}
