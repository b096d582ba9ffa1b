import { z } from "zod";
import { quantity } from "./units";

/** What a container reserves, and what it may use. */
export const resources = z.strictObject({
    requests: z.strictObject({ cpu: quantity, memory: quantity }).describe("What the scheduler reserves"),
    limits: z
        .strictObject({ cpu: quantity.optional().describe("Default: no limit"), memory: quantity })
        .describe("What the container may use at most"),
});
export type Resources = z.infer<typeof resources>;
