import { z } from "zod";
import { resources } from "./resources";
import { duration, pathPrefix } from "./units";

/** What the request filter takes for an attack, and what happens then (C14). */
export const requestFilter = z.strictObject({
    paths: z
        .array(pathPrefix)
        .min(1)
        .default(["/api/v1"])
        .describe("Beginnings of the paths whose requests are looked at, whatever their host: the shop's (C2)"),
    mode: z
        .enum(["on", "detect"])
        .default("on")
        .describe("on: attacks are refused; detect: they are only logged, while false alarms are looked for"),
    status: z.int().min(400).max(499).default(400).describe("HTTP status of what is refused as an attack (C14)"),
    paranoiaLevel: z
        .int()
        .min(1)
        .max(4)
        .default(1)
        .describe("Of the OWASP Core Rule Set: the more, the more rules, false alarms and time for each request"),
    anomalyThreshold: z
        .int()
        .min(1)
        .max(1000)
        .default(5)
        .describe("Sum of severities from which a request is an attack: critical 5, error 4, warning 3, notice 2"),
    maxBodyBytes: z
        .int()
        .min(1)
        .max(1_048_576, "at most 1048576: the gateway keeps every body in its memory until the filter has answered")
        .default(16_384)
        .describe("Largest body, all of which is looked at; requests with a larger one get 413"),
    timeout: duration.default("2s").describe("Time that the filter has for a request"),
    whenUnavailable: z
        .enum(["refuse", "pass"])
        .default("refuse")
        .describe("What becomes of requests that the filter gives no answer to: refuse, with 503, or pass unseen"),
    replicas: z.int().min(1).default(1).describe("Pods of the filter"),
    image: z
        .string()
        .optional()
        .describe("Image of services/request-filter; default: the one that the cluster's own build made"),
    resources: resources
        .default({ requests: { cpu: "50m", memory: "64Mi" }, limits: { memory: "256Mi" } })
        .describe("Of every pod of the filter"),
});
export type RequestFilterConfig = z.infer<typeof requestFilter>;
