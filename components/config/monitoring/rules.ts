import { z } from "zod";

/** Recording rules and alerts (C15, C16, E12). */
export const rules = z.strictObject({});
export type RulesConfig = z.infer<typeof rules>;
