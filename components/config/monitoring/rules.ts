import { z } from "zod";
import { duration } from "../units";

/** The rules of Prometheus: what is recorded, and when somebody is told. The defaults are the documents' numbers. */

/** A duration as Prometheus reads it: a whole number with one unit. */
const ruleDuration = duration.regex(
    /^\d+(ms|s|m|h)$/,
    'a whole number with a unit, as Prometheus reads it: "10s", "5m"',
);

/** A percentage that may have decimals, above 0 and below 100. */
const share = z.number().gt(0, "more than 0 %").lt(100, "less than 100 %");

const severity = z.enum(["critical", "warning"]);
export type Severity = z.infer<typeof severity>;

/** `window`: how far back Prometheus looks. `for`: how long the condition must hold until somebody is told. */
const condition = (window: string, held: string) => ({
    window: ruleDuration.default(window).describe("Time over which it is counted"),
    for: ruleDuration.default(held).describe("Time for which it must hold before the alert fires"),
});

/** Windows over which the golden signals are computed (C15). */
const goldenSignals = z.strictObject({
    latency: ruleDuration.default("5m").describe("Window of the 95th percentile of the answers' times"),
    traffic: ruleDuration.default("1m").describe("Window of the requests in a second"),
    errors: ruleDuration.default("1m").describe("Window of the share of errors"),
    saturation: ruleDuration.default("5m").describe("Window of the processors' use"),
});

/** One pair of windows: the budget of errors is used up `factor` times as fast as it may be, lately and still. */
const burnRate = z.strictObject({
    factor: z.number().gt(1, "more than 1: at 1 the budget lasts exactly its period").describe("Times as fast"),
    long: ruleDuration.describe("Window over which the budget has been used up so fast"),
    short: ruleDuration.describe("Window over which it still is, so that the alert ends soon after its cause"),
    for: ruleDuration.default("2m").describe("Time for which it must hold before the alert fires"),
    severity: severity.describe("Who is told: critical wakes somebody"),
});
export type BurnRate = z.infer<typeof burnRate>;

/**
 * What the clients of the e-commerce services were promised, and how fast the errors may use that up. The pairs are those of
 * Google's SRE workbook ("Alerting on SLOs"): 2 % of a 30-day budget in 1 h, 5 % in 6 h, 10 % in a day, 10 % in 3 days.
 */
const objective = z.strictObject({
    availability: share.default(99.9).describe("Percentage of the requests that are answered without an error"),
    burnRates: z
        .array(burnRate)
        .min(1)
        .default([
            { factor: 14.4, long: "1h", short: "5m", for: "2m", severity: "critical" },
            { factor: 6, long: "6h", short: "30m", for: "15m", severity: "critical" },
            { factor: 3, long: "24h", short: "2h", for: "1h", severity: "warning" },
        ])
        .describe("From the fastest to the slowest. Default: those of Google's SRE workbook that a day can show"),
});

export const rules = z.strictObject({
    interval: ruleDuration
        .default("30s")
        .describe("Time between two evaluations of the rules of the e-commerce services (C16) and of what is recorded"),
    circuitBreaker: z
        .strictObject({
            ...condition("5m", "10s"),
            errors: z
                .int()
                .min(1)
                .optional()
                .describe(
                    "Errors within the window that it takes more than. Default: egov.outlierDetection.consecutive5xxErrors, the circuit breaker's own number (E12: 3; the guide for production: 5)",
                ),
        })
        .prefault({})
        .describe("CircuitBreakerOpen of egov-hello: errors of the pods (E12), critical"),
    highErrorRate: z
        .strictObject({ ...condition("5m", "5m"), above: share.default(1).describe("Percentage of errors") })
        .prefault({})
        .describe("HighErrorRate of an e-commerce service (C16), critical"),
    highLatency: z
        .strictObject({
            ...condition("5m", "5m"),
            above: duration.default("1000ms").describe("The 95th percentile of the answers' times that is too much"),
        })
        .prefault({})
        .describe("HighLatency of an e-commerce service (C16), warning"),
    podDown: z
        .strictObject({ for: condition("5m", "5m").for })
        .prefault({})
        .describe("PodDown: fewer pods than declared (C16), critical"),
    overflow: z
        .strictObject(condition("5m", "2m"))
        .prefault({})
        .describe("CircuitBreakerOpen of an e-commerce service: its connection pool overflows (C16), warning"),
    objective: objective.prefault({}).describe("Burn rates of the e-commerce services' budget of errors"),
    goldenSignals: goldenSignals.prefault({}).describe("What is recorded of every service (C15)"),
});
export type RulesConfig = z.infer<typeof rules>;
