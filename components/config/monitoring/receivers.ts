import { z } from "zod";

/** Who is told about alerts, and how (E13, C16). */
export const receivers = z.strictObject({});
export type ReceiversConfig = z.infer<typeof receivers>;
