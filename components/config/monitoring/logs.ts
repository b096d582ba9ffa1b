import { z } from "zod";

/** Logs of all pods (S2). */
export const logs = z.strictObject({});
export type LogsConfig = z.infer<typeof logs>;
