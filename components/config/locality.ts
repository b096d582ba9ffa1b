import { z } from "zod";
import { percent } from "./units";

/** Where pods are, and what that means to their clients: requirement T9. */

/** A zone in Istio's words: its region and its name, for example `us-west1/us-west1-a`. */
export const zone = z
    .string()
    .regex(
        /^[a-z0-9]([-a-z0-9]*[a-z0-9])?\/[a-z0-9]([-a-z0-9]*[a-z0-9])?$/,
        'a region and a zone, for example "us-west1/us-west1-a"',
    )
    .meta({ title: "Zone", examples: ["us-west1/us-west1-a"] });

const distribution = z.strictObject({
    distribute: z
        .record(zone, z.record(zone, percent.min(1, "at least 1 %: Istio refuses a share of 0")))
        .describe("Zone of the caller -> zone of the pods -> share of the requests in percent"),
});

/**
 * Which zones the requests of a client go to. Istio fails over or distributes, never both: so it is one value. `failover`:
 * the client's own zone, the next one of its region only when the pods there fail, then other regions.
 */
export const localityPolicy = z.union([z.literal("failover"), distribution]);
export type LocalityPolicy = z.infer<typeof localityPolicy>;
