import { callChain } from "../../verification/specs/support/callers";
import { jaegerPod } from "../../verification/specs/support/traces";
import type { PlainObject, Reference } from "../cluster/api";
import { objects, type Mesh } from "../cluster/mesh";
import type { CheckSet, Mutation } from "../mutation";
import { inGatewayListeners, inListeners, inPods, isReady } from "./look";
import { otherObjects, union } from "./red";

/** Mistakes in what the proxies tell about requests, and in who keeps it. */

const telemetry = objects.istio("Telemetry", "mesh-tracing");
const common = { ids: ["P14", "E16"], needs: ["ecommerce", "sample-app", "tracing", "service-calls"] } as const;
type Told = Pick<Mutation, "name" | "description"> & { expectRed: CheckSet };

/** The one request whose spans are looked at has none, or not all. */
const rowBroken: CheckSet = { tracing: ["row", "answers"] };

/** Shows in what all proxies of the gateway and of a service listen with. */
async function inProxies(mesh: Mesh, is: (listeners: string) => boolean): Promise<boolean[]> {
    const [service = ""] = callChain(mesh.config);
    return [...(await inGatewayListeners(mesh, is)), ...(await inListeners(mesh, service, is))];
}

function changed(
    mutation: Told,
    change: (spec: PlainObject["spec"]) => void,
    shows: (listeners: string) => boolean,
): Mutation {
    return {
        ...mutation,
        ...common,
        expectRed: union(mutation.expectRed, otherObjects("proxies")),
        apply: (changes) => changes.edit(telemetry, ({ spec }) => change(spec)),
        traces: (mesh) => inProxies(mesh, shows),
    };
}

/** A service within the row of calls, without a canary, whose pods are of another Deployment; else the first. */
function middle({ config }: Mesh): string {
    const [first, ...others] = callChain(config).slice(0, -1);
    return others.find((name) => !(name in config.ecommerce.canaries)) ?? first!;
}

export const tracing: readonly Mutation[] = [
    changed(
        {
            name: "tracing-sampling-none",
            description: "No request is traced that does not ask for it.",
            expectRed: { tracing: ["settings", "sampling"] },
        },
        (spec) => {
            spec.tracing[0].randomSamplingPercentage = 0;
        },
        (listeners) =>
            listeners.includes("envoy.tracers.opentelemetry") && !/"random_sampling": \{\s*"value"/.test(listeners),
    ),
    {
        ...changed(
            {
                name: "tracing-removed",
                description: "No proxy makes spans.",
                expectRed: union({ tracing: ["settings", "sampling"] }, rowBroken),
            },
            () => undefined,
            (listeners) => !listeners.includes("envoy.tracers.opentelemetry"),
        ),
        apply: (changes) => changes.remove(telemetry),
    },
    {
        ...common,
        name: "tracing-one-service-quiet",
        description: "The sidecars of one service on the way send no spans.",
        expectRed: union({ tracing: ["settings"] }, rowBroken, otherObjects("proxies")),
        apply: (changes, mesh) => {
            const at: Reference = { kind: "Telemetry", namespace: mesh.config.ecommerce.namespace, name: "quiet" };
            return changes.create({
                apiVersion: "telemetry.istio.io/v1",
                kind: at.kind,
                metadata: { namespace: at.namespace, name: at.name },
                spec: {
                    selector: { matchLabels: { app: middle(mesh) } },
                    tracing: [{ disableSpanReporting: true }],
                },
            });
        },
        traces: (mesh) =>
            inListeners(mesh, middle(mesh), (listeners) => !listeners.includes("envoy.tracers.opentelemetry")),
    },
    {
        ...common,
        name: "tracing-jaeger-stopped",
        description: "Nobody keeps traces: Jaeger has no pod.",
        expectRed: union({ tracing: ["sampling"] }, rowBroken),
        apply: (changes, { config }) =>
            changes.edit(
                { kind: "Deployment", namespace: config.egov.namespaces.monitoring, name: "jaeger" },
                ({ spec }) => {
                    spec.replicas = 0;
                },
            ),
        traces: async ({ target }) => [(await jaegerPod(target)) === undefined],
    },
    {
        ...common,
        name: "tracing-headers-forgotten",
        description: "One service on the way does not pass on the headers of traces.",
        expectRed: rowBroken,
        apply: async (changes, mesh) => {
            const reference = objects.shop("Deployment", mesh.config, middle(mesh));
            await changes.edit(reference, ({ spec }) => {
                const [container] = spec.template.spec.containers as { env: { name: string; value?: string }[] }[];
                container!.env = [...container!.env, { name: "FORWARD_TRACES", value: "false" }];
            });
        },
        traces: (mesh) =>
            inPods(mesh, mesh.config.ecommerce.namespace, middle(mesh), (pod) => isReady(pod) && forgets(pod)),
    },
];

function forgets({ spec }: PlainObject): boolean {
    return (spec.containers as { env?: { name: string }[] }[]).some(({ env = [] }) =>
        env.some(({ name }) => name === "FORWARD_TRACES"),
    );
}
