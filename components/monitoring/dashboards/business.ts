import * as units from "@grafana/grafana-foundation-sdk/units";
import type { DashboardSpec } from "./dashboard";
import { graph, number } from "./panels";
import { business } from "./queries";

/** What the shop earns by (C17): counted by the services themselves, for no proxy knows an order from a health check. */
export const businessMetrics: DashboardSpec = {
    uid: "business-metrics",
    title: "Business metrics",
    description: "Orders, payments, sign-ups and recommendations, as the services count them",
    variables: [],
    rows: [
        [
            "Last hour",
            [
                number({
                    title: "Orders",
                    description: "Orders created in the last hour.",
                    unit: units.Short,
                    queries: [{ expr: business.orders, legend: "orders" }],
                }),
                number({
                    title: "Payment success",
                    description: "Share of the last hour's payments that went through.",
                    unit: units.PercentUnit,
                    queries: [{ expr: business.paymentSuccess, legend: "success" }],
                    thresholds: { warning: 0.99, critical: 0.95, bad: "below" },
                    max: 1,
                }),
                number({
                    title: "Sign-ups",
                    description: "Customers who signed up in the last hour.",
                    unit: units.Short,
                    queries: [{ expr: business.signUps, legend: "sign-ups" }],
                }),
                number({
                    title: "Recommendation click rate",
                    description: "Recommendations clicked to recommendations shown, in the last hour.",
                    unit: units.PercentUnit,
                    queries: [{ expr: business.clickRate, legend: "click rate" }],
                }),
            ],
        ],
        [
            "Over time",
            [
                graph({
                    title: "Orders per hour",
                    description: "Orders created, at the pace of the last minutes.",
                    unit: units.Short,
                    queries: [{ expr: business.ordersPace, legend: "orders" }],
                }),
                graph({
                    title: "Payments per hour",
                    description: "Payments by outcome, at the pace of the last minutes.",
                    unit: units.Short,
                    queries: [{ expr: business.payments, legend: "{{outcome}}" }],
                }),
                graph({
                    title: "Sign-ups per hour",
                    description: "Customers who sign up, at the pace of the last minutes.",
                    unit: units.Short,
                    queries: [{ expr: business.signUpsPace, legend: "sign-ups" }],
                }),
                graph({
                    title: "Recommendations per hour",
                    description: "Recommendations shown and clicked, at the pace of the last minutes.",
                    unit: units.Short,
                    queries: [
                        { expr: business.shown, legend: "shown" },
                        { expr: business.clicked, legend: "clicked" },
                    ],
                }),
            ],
        ],
    ],
};
