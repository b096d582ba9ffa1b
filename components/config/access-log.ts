import { z } from "zod";

/** What the proxies write about the requests that pass them (P14). */

export const accessLog = z.strictObject({
    enabled: z
        .boolean()
        .default(true)
        .describe("Whether every proxy writes a line for every request to its standard output"),
    encoding: z
        .enum(["JSON", "TEXT"])
        .default("JSON")
        .describe("JSON: one object a line with Istio's default fields; TEXT: Istio's default line"),
});
export type AccessLogConfig = z.infer<typeof accessLog>;
