import { z } from "zod";
import { when, type Finding } from "./finding";
import { amount, quantity } from "./units";

/** What a container reserves, and what it may use. */
export const resources = z.strictObject({
    requests: z.strictObject({ cpu: quantity, memory: quantity }).describe("What the scheduler reserves"),
    limits: z
        .strictObject({ cpu: quantity.optional().describe("Default: no limit"), memory: quantity })
        .describe("What the container may use at most"),
});
export type Resources = z.infer<typeof resources>;

/** Kubernetes refuses a Pod that requests more than its limit. */
export function resourceProblems(at: string, { requests, limits }: Resources): Finding[] {
    return (["cpu", "memory"] as const).flatMap((kind) => {
        const limit = limits[kind];
        return when(limit !== undefined && amount(requests[kind]) > amount(limit), [
            `${at}.requests.${kind}`,
            `${requests[kind]} is more than the limit of ${limit}; at most ${limit}`,
        ]);
    });
}
