import { z } from "zod";
import type { VersionWindow } from "./decision";

/** Answers of Prometheus to an instant query: one number, or none. */
export type Query = (expression: string) => Promise<number | undefined>;

/** A service's version as the mesh's metrics name it. */
export interface Version {
    /** Name of the Service. */
    readonly service: string;
    readonly namespace: string;
    /** Label `version` of its pods. */
    readonly version: string;
}

/** What a version did in the last seconds, as its own sidecars counted it (docs/metrics.md). */
export async function windowOf(
    query: Query,
    { service, namespace, version }: Version,
    seconds: number,
): Promise<VersionWindow> {
    const labels = `reporter="destination",destination_service="${service}.${namespace}.svc.cluster.local",version="${version}"`;
    const counted = (more: string) => query(`sum(increase(istio_requests_total{${labels}${more}}[${seconds}s]))`);
    const buckets = `sum(rate(istio_request_duration_milliseconds_bucket{${labels}}[${seconds}s])) by (le)`;
    const [requests, errors, p95] = await Promise.all([
        counted(""),
        counted(',response_code=~"5.."'),
        query(`histogram_quantile(0.95, ${buckets})`),
    ]);
    const all = Math.round(requests ?? 0);
    return { requests: all, errors: Math.min(all, Math.round(errors ?? 0)), p95 };
}

const answer = z.looseObject({
    status: z.literal("success"),
    data: z.looseObject({ result: z.array(z.looseObject({ value: z.tuple([z.number(), z.string()]) })) }),
});

/** The number in an answer of `/api/v1/query`; undefined for none and for NaN. */
export function numberIn(body: string): number | undefined {
    const { result } = answer.parse(JSON.parse(body)).data;
    const value = Number(result[0]?.value[1]);
    return Number.isFinite(value) ? value : undefined;
}
