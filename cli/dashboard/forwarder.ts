import http from "node:http";
import type { AddressInfo } from "node:net";
import { UserError } from "../../tools/errors";

/** A port of this machine that leads to the tools of an environment. */
export interface Forwarder {
    /** For example `http://127.0.0.1:41234`. */
    readonly url: string;
    close(): Promise<void>;
}

/** Where requests go, and what is added to them. */
export interface ForwarderOptions {
    to: { address: string; port: number };
    /** The domain of the tools. */
    host: string;
    /** Default: requests go on with the token that they have. */
    token?: string | undefined;
    /** Port to listen on; 0: any free one. */
    port: number;
}

/**
 * Listens on the loopback address alone, and passes every request on to the gateway for the tools' domain, with the token.
 *
 * @throws UserError when the port is taken.
 */
export async function startForwarder({ to, host, token, port }: ForwarderOptions): Promise<Forwarder> {
    const server = http.createServer((request, response) => {
        const headers = { ...request.headers, host, ...(token && { authorization: `Bearer ${token}` }) };
        const { method, url: path } = request;
        const onward = http.request({ host: to.address, port: to.port, method, path, headers }, (answer) => {
            response.writeHead(answer.statusCode!, here(answer.headers));
            answer.pipe(response);
        });
        onward.on("error", (error) => {
            if (response.headersSent) return void response.destroy();
            response.writeHead(502, { "content-type": "text/plain; charset=utf-8" });
            response.end(`The gateway cannot be reached: ${error.message}\n`);
        });
        response.on("close", () => onward.destroy());
        request.pipe(onward);
    });
    await new Promise<void>((resolve, reject) => {
        server.once("error", (error) => reject(new UserError(`Port ${port} cannot be used: ${error.message}`, 2)));
        server.listen(port, "127.0.0.1", resolve);
    });
    return {
        url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        close: () =>
            new Promise((resolve) => {
                server.close(() => resolve());
                server.closeAllConnections();
            }),
    };

    /** The headers of an answer; one that leads on to another page of the domain leads on to it here. */
    function here(headers: http.IncomingHttpHeaders): http.IncomingHttpHeaders {
        const { location } = headers;
        return location === undefined
            ? headers
            : { ...headers, location: location.replace(new RegExp(`^https?://${host}(:\\d+)?`), "") || "/" };
    }
}
