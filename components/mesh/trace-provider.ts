import { serviceHost, type ServiceReference } from "../traffic/service";

/** Name by which Telemetry objects call for the collector of traces. */
export const TRACE_PROVIDER = "jaeger";

/** What the mesh's configuration says of a collector that takes OTLP over gRPC. */
export function traceProvider(collector: ServiceReference) {
    return {
        name: TRACE_PROVIDER,
        opentelemetry: { service: serviceHost(collector), port: collector.port },
    };
}
