/** What a service does for the business (C17), by which its counters are chosen: env BUSINESS. */
export const businesses = ["orders", "payments", "customers", "recommendations"] as const;
export type Business = (typeof businesses)[number];

/** Ways on which customers come: header `x-channel`; every other value is the first one. */
export const channels = ["web", "mobile", "partner"] as const;
export type Channel = (typeof channels)[number];

/** The channel of a request. */
export function channelOf(header: string | string[] | undefined): Channel {
    return channels.find((channel) => channel === header) ?? channels[0];
}
