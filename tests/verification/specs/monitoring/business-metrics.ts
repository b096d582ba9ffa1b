import { defineSpec, exclusive } from "../../spec";
import type { OutsideRequest } from "../../target/target";
import { ecommerceEvidence } from "../ecommerce/evidence";
import { fail, tally } from "../support/answers";
import { businessEvents, ecommerceHost, ecommerceServices } from "../support/names";
import { increases, query, remaining, scraped, summed, sumDifferences } from "../support/prometheus";

/** The channel of these requests, which nobody else names. */
const channel = "partner";

const names = [
    ...["orders_created_total", "payments_total", "customers_signed_up_total"],
    ...["recommendations_shown_total", "recommendations_clicked_total"],
];
const selector = `{__name__=~"${names.join("|")}",channel="${channel}"}`;

/** What is done: each as often as no other, so that none can be taken for another. */
interface Business {
    service: string;
    method: OutsideRequest["method"];
    /** Status that is asked for; default: the service's own, 200. */
    status?: number;
    times: number;
    /** What is counted of it; nothing: it must not be counted. */
    counts?: string;
}
const business: readonly Business[] = [
    { service: "order-api", method: "POST", times: 3, counts: "__name__=orders_created_total, outcome=" },
    { service: "order-api", method: "POST", status: 422, times: 2 },
    { service: "payment-api", method: "POST", times: 5, counts: "__name__=payments_total, outcome=success" },
    {
        ...{ service: "payment-api", method: "POST", status: 402, times: 2 },
        counts: "__name__=payments_total, outcome=failure",
    },
    { service: "customer-api", method: "POST", times: 4, counts: "__name__=customers_signed_up_total, outcome=" },
    {
        ...{ service: "recommendation-api", method: "GET", times: 7 },
        counts: "__name__=recommendations_shown_total, outcome=",
    },
    {
        ...{ service: "recommendation-api", method: "POST", times: 6 },
        counts: "__name__=recommendations_clicked_total, outcome=",
    },
];

export const businessMetrics = defineSpec({
    name: "business-metrics",
    description:
        "Orders, payments, sign-ups and clicks from outside on a channel of their own: Prometheus has counted exactly these, by their outcome, in the services' own metrics.",
    needs: ["monitoring", "ecommerce", "sample-app", "business-services"],
    locks: () => exclusive(businessEvents),
    startsFirst: true,
    checks: {
        counts: {
            ids: ["C17"],
            title: "C17 business metrics: Prometheus has exactly the orders, payments by outcome, sign-ups, recommendations and clicks that were made",
        },
    },
    evidence: ecommerceEvidence,
    async run({ target, config, signal, check }) {
        await check("counts", async () => {
            await scraped(target, signal);
            const before = await query(target, selector);
            const host = ecommerceHost(config);
            const services = ecommerceServices(config);
            await Promise.all(
                business.map(async ({ service, method, status, times }) => {
                    const { path } = services.find(({ name }) => name === service)!;
                    const fault = { "x-test-fail-attempts": "99", "x-test-status": String(status) };
                    const headers = { "x-channel": channel, ...(status !== undefined && fault) };
                    const answers = await target.request({ path, host, method, headers }, { count: times });
                    if (answers.every((answer) => answer.status === (status ?? 200))) return;
                    fail({
                        expected: `${times} times ${status ?? 200} to ${method} ${path}`,
                        seen: tally(answers),
                        cause: "the requests do not reach the service",
                        action: "see the checks of the e-commerce services",
                    });
                }),
            );
            const expected = new Map(business.flatMap(({ counts, times }) => (counts ? [[counts, times]] : [])));
            const problems = await remaining(target, signal, async () =>
                sumDifferences(
                    expected as ReadonlyMap<string, number>,
                    summed(await increases(target, selector, before), ["__name__", "outcome"]),
                ),
            );
            if (problems.length === 0) return;
            fail({
                expected: "exactly what was done, by name and outcome",
                seen: problems.join("; "),
                cause: "the agent does not show the service's own metrics (annotations prometheus.io/...), or the service does not know its business (env BUSINESS)",
                action: `kubectl -n ${config.ecommerce.namespace} get pods -o yaml: annotations, env BUSINESS; docs/metrics.md`,
            });
        });
    },
});
