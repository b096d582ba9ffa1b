import type { PlatformConfig } from "../platform";

/**
 * Port at which the sample services show what they count themselves (C17). The sidecar takes no part in it: Prometheus, which is
 * outside the mesh (E1), could not enter through it, and a scrape would count as a request of the mesh.
 */
export const SAMPLE_METRICS_PORT = 9464;

/** The e-commerce services that count something about the business, with what (C17). */
const businesses: Readonly<Record<string, string>> = {
    "order-api": "orders",
    "payment-api": "payments",
    "customer-api": "customers",
    "recommendation-api": "recommendations",
};

/** What a sample service counts, and where it shows it. */
export interface SampleMetrics {
    readonly port: number;
    /** Value of BUSINESS, by which the sample app chooses its counters. */
    readonly business: string;
}

/** What an e-commerce service counts; undefined where nobody watches, or the container is not the sample app. */
export function sampleMetrics(
    config: Pick<PlatformConfig, "monitoring" | "sampleImage">,
): (service: string) => SampleMetrics | undefined {
    const counts = config.monitoring.enabled && config.sampleImage.app === "sample-app";
    return (service) => {
        const business = counts ? businesses[service] : undefined;
        return business === undefined ? undefined : { port: SAMPLE_METRICS_PORT, business };
    };
}
