import { z } from "zod";

/** Traces of requests (E16). */
export const tracing = z.strictObject({});
export type TracingConfig = z.infer<typeof tracing>;
