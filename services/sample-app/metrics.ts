import http from "node:http";
import { Counter, Registry } from "prom-client";
import type { Business } from "./business";

/** An answered request, as far as the business is concerned. */
export interface Answered {
    readonly method: string;
    readonly status: number;
}

/**
 * What the service counts about its business (C17), shown for Prometheus at a port of its own: the sidecar takes no part in it, so
 * that a scrape is no request of the mesh.
 *
 * Orders and sign-ups are POSTs that were answered with 2xx. Every POST is a payment, a success with 2xx. A GET shows
 * recommendations, a POST is a click on one, both with 2xx.
 */
export class BusinessMetrics {
    private readonly registry = new Registry();
    private readonly http = http.createServer((request, response) => void this.show(request, response));
    private readonly note: (answered: Answered) => void;

    constructor(business: Business | undefined) {
        this.note = business === undefined ? () => undefined : this.countersOf(business);
    }

    /** Counts an answered request. */
    count(answered: Answered): void {
        this.note(answered);
    }

    /** Listens; resolves with the port that was opened. */
    listen(port: number, host?: string): Promise<number> {
        return new Promise((resolve, reject) => {
            this.http.once("error", reject);
            this.http.listen({ port, host }, () => {
                const address = this.http.address();
                resolve(typeof address === "object" && address ? address.port : port);
            });
        });
    }

    /** Ends at once: a scrape that is under way is made again by Prometheus. */
    stop(): void {
        this.http.close();
        this.http.closeAllConnections();
    }

    private async show(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
        if (request.url?.split("?")[0] !== "/metrics") return void response.writeHead(404).end();
        const text = await this.registry.metrics();
        response.writeHead(200, { "content-type": this.registry.contentType }).end(text);
    }

    private countersOf(business: Business): (answered: Answered) => void {
        const done = ({ status }: Answered) => status >= 200 && status < 300;
        switch (business) {
            case "orders": {
                const orders = this.counter("orders_created_total", "Orders that were created");
                return (answered) => void (answered.method === "POST" && done(answered) && orders.inc());
            }
            case "customers": {
                const signUps = this.counter("customers_signed_up_total", "Customers who have signed up");
                return (answered) => void (answered.method === "POST" && done(answered) && signUps.inc());
            }
            case "payments": {
                const name = "payments_total";
                const payments = this.counter(name, "Payments by outcome", ["outcome"]);
                // Both are shown from the beginning: a series that begins with its first event hides it from increase().
                for (const outcome of ["success", "failure"]) payments.inc({ outcome }, 0);
                return (answered) =>
                    void (
                        answered.method === "POST" && payments.inc({ outcome: done(answered) ? "success" : "failure" })
                    );
            }
            case "recommendations": {
                const shown = this.counter("recommendations_shown_total", "Recommendations that were shown");
                const clicked = this.counter("recommendations_clicked_total", "Recommendations that were clicked");
                return (answered) => {
                    if (!done(answered)) return;
                    if (answered.method === "GET") shown.inc();
                    if (answered.method === "POST") clicked.inc();
                };
            }
        }
    }

    private counter<Label extends string = never>(name: string, help: string, labelNames: Label[] = []) {
        return new Counter<Label>({ name, help, labelNames, registers: [this.registry] });
    }
}
