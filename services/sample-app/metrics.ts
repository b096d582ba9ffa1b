import http from "node:http";
import { Counter, Registry } from "prom-client";
import { channels, type Business, type Channel } from "./business";

/** An answered request, as far as the business is concerned. */
export interface Answered {
    readonly method: string;
    readonly status: number;
    readonly channel: Channel;
}

/**
 * What the service counts about its business (C17), shown at a port of its own: the agent in the sidecar reads it there and shows it
 * together with the proxy's metrics, so that a scrape is no request of the mesh.
 *
 * Orders and sign-ups are POSTs that were answered with 2xx. Every POST is a payment, a success with 2xx. A GET shows
 * recommendations, a POST is a click on one, both with 2xx. Each is counted by the channel that the header `x-channel` names.
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
        const posted = (counter: Counter<"channel">) => (answered: Answered) => {
            if (answered.method === "POST" && done(answered)) counter.inc({ channel: answered.channel });
        };
        switch (business) {
            case "orders":
                return posted(this.counter("orders_created_total", "Orders that were created"));
            case "customers":
                return posted(this.counter("customers_signed_up_total", "Customers who have signed up"));
            case "payments": {
                const help = "Payments by outcome";
                const payments = this.counter("payments_total", help, { outcome: ["success", "failure"] });
                return (answered) => {
                    const outcome = done(answered) ? "success" : "failure";
                    if (answered.method === "POST") payments.inc({ outcome, channel: answered.channel });
                };
            }
            case "recommendations": {
                const shown = this.counter("recommendations_shown_total", "Recommendations that were shown");
                const clicked = this.counter("recommendations_clicked_total", "Recommendations that were clicked");
                const onClick = posted(clicked);
                return (answered) => {
                    if (answered.method === "GET" && done(answered)) shown.inc({ channel: answered.channel });
                    onClick(answered);
                };
            }
        }
    }

    /** A counter by channel and `more`. All series are shown from the beginning: one that begins with its first event hides it from increase(). */
    private counter<Label extends string = never>(name: string, help: string, more?: Record<Label, readonly string[]>) {
        const values: Record<string, readonly string[]> = { ...more, channel: channels };
        const labelNames = Object.keys(values) as (Label | "channel")[];
        const counter = new Counter<Label | "channel">({ name, help, labelNames, registers: [this.registry] });
        const all = labelNames.reduce<Record<string, string>[]>(
            (found, label) => found.flatMap((one) => values[label]!.map((value) => ({ ...one, [label]: value }))),
            [{}],
        );
        for (const labels of all) counter.inc(labels as Record<Label | "channel", string>, 0);
        return counter;
    }
}
