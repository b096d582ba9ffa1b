import type { PlatformConfig } from "../platform";

/**
 * Port at which the sample services show what they count themselves (C17), to the agent in their sidecar: Prometheus, which is outside
 * the mesh (E1), reads it there together with the proxy's metrics, so that neither mutual TLS nor authorization needs an exception.
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
