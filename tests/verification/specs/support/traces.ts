import { z } from "zod";
import { JAEGER, JAEGER_PATH } from "../../../../components/config/monitoring/tracing";
import type { Pod, Target } from "../../target/target";

/** Traces as Jaeger has them. */

/** One span of a trace. */
export interface Span {
    id: string;
    /** Id of the span that it is a part of; undefined for the first one. */
    parent?: string;
    /** Name of the pod whose proxy has made it. */
    pod: string;
    /** `server`: of a request that came in; `client`: of one that was sent. */
    kind: string;
    /** Status of the answer. */
    status: number;
    /** Address, as `IP:PORT`, that the request was sent on to; undefined where the proxy itself answered. */
    upstream?: string;
}

const trace = z.object({
    traceID: z.string(),
    spans: z.array(
        z.object({
            spanID: z.string(),
            references: z.array(z.object({ refType: z.string(), spanID: z.string() })).default([]),
            tags: z.array(z.object({ key: z.string(), value: z.unknown() })),
        }),
    ),
});
const answer = z.object({ data: z.array(trace).nullable() });

/** The pod of Jaeger that is ready; undefined where there is none. */
export async function jaegerPod({ config, kubernetes }: Target): Promise<Pod | undefined> {
    const pods = await kubernetes.pods(config.egov.namespaces.monitoring, { app: JAEGER.name });
    return pods.find(({ readySince }) => readySince);
}

/** The spans of a trace as far as they have arrived; none where there is no Jaeger. */
export async function spansOf(target: Target, traceId: string): Promise<Span[]> {
    return (await ask(target, `/api/traces/${traceId}`)).flat();
}

/** The traces that the ingress gateway has begun for requests with this header `User-Agent`. */
export function tracesOfAgent(target: Target, gateway: string, agent: string, limit: number): Promise<Span[][]> {
    const query = new URLSearchParams({
        service: gateway,
        tags: JSON.stringify({ user_agent: agent }),
        limit: String(limit),
        lookback: "1h",
    });
    return ask(target, `/api/traces?${query.toString()}`);
}

async function ask(target: Target, path: string): Promise<Span[][]> {
    const pod = await jaegerPod(target);
    if (!pod) return [];
    const { status, body } = await target.kubernetes.get(pod, JAEGER.query, `${JAEGER_PATH}${path}`);
    if (status === 404) return [];
    if (status !== 200) throw new Error(`Jaeger answers ${status} to ${path}: ${body.slice(0, 200)}`);
    return (answer.parse(JSON.parse(body)).data ?? []).map(({ spans }) => named(spans.map(readSpan)));
}

/** Envoy names itself in the span of what came in, and not in its part for what it sent on. */
function named(spans: Span[]): Span[] {
    return spans.map((span) => {
        const whole = spans.find(({ id }) => id === span.parent);
        return span.pod === "" && whole ? { ...span, pod: whole.pod } : span;
    });
}

/** Reads a span by the tags that Envoy gives to it. */
function readSpan({ spanID, references, tags }: z.infer<typeof trace>["spans"][number]): Span {
    const tag = (key: string) => tags.find((one) => one.key === key)?.value;
    const parent = references.find(({ refType }) => refType === "CHILD_OF")?.spanID;
    const upstream = tag("upstream_address");
    return {
        id: spanID,
        ...(parent !== undefined && { parent }),
        // sidecar~10.244.0.7~order-api-5c9f7d6b8-x2x4z.ecommerce~ecommerce.svc.cluster.local
        pod: /^[^~]*~[^~]*~([^~]*)\.[^.~]+~/.exec(String(tag("node_id")))?.[1] ?? "",
        kind: String(tag("span.kind") ?? ""),
        status: Number(tag("http.status_code")),
        ...(typeof upstream === "string" && upstream !== "-" && { upstream }),
    };
}

/**
 * The spans of a trace in the order of the calls, each the only part of the one before.
 *
 * @param root Id of the span that the first one is a part of: the client's.
 * @returns undefined where the spans are no such row: several have one parent, or some have none among them.
 */
export function rowOf(spans: readonly Span[], root: string): Span[] | undefined {
    const row: Span[] = [];
    for (let parent = root; ; parent = row.at(-1)!.id) {
        const parts = spans.filter((span) => span.parent === parent);
        if (parts.length > 1) return undefined;
        if (parts.length === 0) return row.length === spans.length ? row : undefined;
        row.push(parts[0]!);
    }
}
