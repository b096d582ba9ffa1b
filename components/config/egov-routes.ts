import type { Route } from "./routes";

/**
 * The routes of the e-Government guide beside its plain one, each under a prefix of its own. All weights are shares of
 * v1 and v2, the subsets of requirement E2. Routes without a share of v2 name v1 alone: the error pod would answer 500.
 */
export const egovRoutes: readonly Route[] = [
    { name: "weights", match: under("/a/b/c/weights"), weights: { v1: 80, v2: 20 } },
    // The guide's `percent: 10` is meant as a weight: a VirtualService has no such field.
    { name: "canary", match: under("/a/b/c/canary"), weights: { v1: 90, v2: 10 } },
    {
        name: "delay",
        match: under("/a/b/c/delay"),
        weights: { v1: 100 },
        fault: { delay: { fixedDelay: "5s", percent: 100 } },
    },
    {
        name: "abort",
        match: under("/a/b/c/abort"),
        weights: { v1: 100 },
        fault: { abort: { httpStatus: 500, percent: 100 } },
    },
    {
        name: "mixed-faults",
        match: under("/a/b/c/mixed-faults"),
        weights: { v1: 100 },
        fault: { delay: { fixedDelay: "5s", percent: 50 }, abort: { httpStatus: 500, percent: 50 } },
    },
    {
        name: "mirror",
        match: under("/a/b/c/mirror"),
        weights: { v1: 100 },
        mirror: { to: "v2", percent: 100 },
    },
];

function under(prefix: string): Route["match"] {
    return { prefix, headers: {}, cookies: {} };
}
