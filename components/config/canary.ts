import { z } from "zod";
import { routeMatch } from "./routes";
import { dnsLabel, percent } from "./units";

/** A canary: a second version of a service that gets a share of its requests, and all those of some groups (C9, C10). */

/** Requests that always get the candidate, by a header or a cookie. */
const group = z
    .strictObject({ headers: routeMatch.shape.headers, cookies: routeMatch.shape.cookies })
    .refine(
        ({ headers, cookies }) => Object.keys({ ...headers, ...cookies }).length > 0,
        "a group has a header or a cookie: without one it would take every request",
    )
    .refine(({ cookies }) => Object.keys(cookies).length <= 1, "a group has one cookie at most");

/** The groups of the documents. */
const documentedGroups = {
    "x-version": { headers: { "x-version": "v2" }, cookies: {} },
    "canary-header": { headers: { canary: "true" }, cookies: {} },
    "canary-cookie": { headers: {}, cookies: { canary: "true" } },
};

export const canary = z.strictObject({
    weights: z
        .strictObject({
            stable: percent.describe("Share of today's version"),
            candidate: percent.describe("Share of the candidate"),
        })
        .refine(({ stable, candidate }) => stable + candidate === 100, "the two weights must add up to 100")
        .default({ stable: 90, candidate: 10 })
        .describe("Requirement C9"),
    groups: z
        .record(dnsLabel, group)
        .default(documentedGroups)
        .describe(
            "Name -> requests that always get the candidate; default: header x-version: v2 (C9), header canary: true and cookie canary=true (C10)",
        ),
    replicas: z.int().min(1).default(1).describe("Pods of the candidate"),
    response: z
        .string()
        .min(1)
        .optional()
        .describe("Text of the candidate's answers. Default: that of the service (C1)"),
});
export type Canary = z.infer<typeof canary>;

/** Versions of a service with a canary: labels of the pods and names of the subsets. */
export const canaryVersions = { stable: "v1", candidate: "v2" } as const;
