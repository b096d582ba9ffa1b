import * as units from "@grafana/grafana-foundation-sdk/units";
import { serviceVariables, type DashboardSpec } from "./dashboard";
import { graph, number } from "./panels";
import { services } from "./queries";

const service = "{{destination_service_name}}";

/** Golden signals of every service, as its callers see it (C15, C17). */
export const serviceOverview: DashboardSpec = {
    uid: "service-overview",
    title: "Service overview",
    description: "Requests, latency and errors of every service, as its callers see it",
    variables: serviceVariables,
    rows: [
        [
            "Now",
            [
                number({
                    title: "Requests per second",
                    description:
                        "Requests to each service, of all its callers. None although there are users: look at the gateway first.",
                    unit: units.RequestsPerSecond,
                    queries: [{ expr: services.requests, legend: service }],
                    width: 24,
                }),
            ],
        ],
        [
            "Traffic and errors",
            [
                graph({
                    title: "Requests per second by service",
                    description: "How much each service is asked. A sudden fall is as telling as a sudden rise.",
                    unit: units.RequestsPerSecond,
                    queries: [{ expr: services.requests, legend: service }],
                }),
                graph({
                    title: "Requests per second by status",
                    description:
                        "Answers of all chosen services by HTTP status. 0: the connection ended before there was one.",
                    unit: units.RequestsPerSecond,
                    queries: [{ expr: services.byStatus, legend: "{{response_code}}" }],
                }),
                graph({
                    title: "Error rate",
                    description:
                        "Share of requests answered 5xx or not at all. The alert HighErrorRate fires above 1 % (C16).",
                    unit: units.PercentUnit,
                    queries: [{ expr: services.errors, legend: service }],
                    thresholds: { warning: 0.001, critical: 0.01, bad: "above" },
                }),
                graph({
                    title: "Success rate",
                    description: "Share of requests that were answered without an error of the server.",
                    unit: units.PercentUnit,
                    queries: [{ expr: services.success, legend: service }],
                    thresholds: { warning: 0.999, critical: 0.99, bad: "below" },
                    max: 1,
                }),
            ],
        ],
        [
            "Latency",
            ([0.5, 0.95, 0.99] as const).map((q) =>
                graph({
                    title: `P${q * 100} latency`,
                    description: `${q * 100} % of the requests take no longer, retries included${q === 0.95 ? ". The alert HighLatency fires above 1000 ms (C16)" : ""}.`,
                    unit: units.Milliseconds,
                    queries: [{ expr: q === 0.95 ? services.p95 : services.latency(q), legend: service }],
                    thresholds: { warning: 500, critical: 1000, bad: "above" },
                    width: 8,
                }),
            ),
        ],
    ],
};
