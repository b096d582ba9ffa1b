/** What a service does for the business (C17), by which its counters are chosen: env BUSINESS. */
export const businesses = ["orders", "payments", "customers", "recommendations"] as const;
export type Business = (typeof businesses)[number];
