import { z } from "zod";
import { resources } from "./resources";
import { duration, pathPrefix } from "./units";

/** Units of time that requests are counted in, with their seconds. Each begins with the clock's. */
export const windowSeconds = { second: 1, minute: 60, hour: 3_600, day: 86_400 } as const;

/** A limit that all pods and listeners of the ingress gateway keep together (S7). */
export const globalRateLimit = z.strictObject({
    path: pathPrefix
        .default("/api/v1/saga/report")
        .describe("Beginning of the paths that are limited together, compared by characters as a route's prefix"),
    header: z
        .string()
        .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, "the name of a header in lower case")
        .default("x-api-key")
        .describe("Header that tells the clients apart; those who do not send it share one budget"),
    requests: z.int().min(1).max(1000).default(20).describe("Requests that a client has in every unit of time"),
    per: z
        .enum(Object.keys(windowSeconds) as [keyof typeof windowSeconds])
        .default("minute")
        .describe("Unit of time; a new one begins with the clock's, not with a client's first request"),
    mode: z
        .enum(["enforce", "shadow"])
        .default("enforce")
        .describe("enforce: further requests get 429. shadow: they are counted and pass, while a limit is looked for"),
    timeout: duration.default("500ms").describe("Time that the service has for a request"),
    failureMode: z
        .enum(["deny", "admit"])
        .default("admit")
        .describe("What becomes of requests that nobody could count: deny, with 503, or admit"),
    replicas: z.int().min(1).default(1).describe("Pods of the service; they count in one Redis"),
    image: z
        .string()
        .optional()
        .describe("Image of Envoy's rate limit service; default: the one that the cluster's own build made"),
    redisImage: z.string().optional().describe("Image of Redis; default: the one that the cluster's own build made"),
    resources: resources
        .default({ requests: { cpu: "20m", memory: "32Mi" }, limits: { memory: "128Mi" } })
        .describe("Of every pod of the service, and of Redis"),
});
export type GlobalRateLimitConfig = z.infer<typeof globalRateLimit>;
