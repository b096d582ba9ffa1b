import type { PlainObject, Reference } from "../cluster/api";
import type { Mesh } from "../cluster/mesh";
import type { CheckSet, Mutation } from "../mutation";
import { inGatewayListeners, inListeners } from "./look";
import { otherObjects, union } from "./red";

/** Mistakes in what the proxies write about requests: a Telemetry that somebody added by hand. */

const name = "quiet";
const service = "customer-api";
/** Istio's name of the log that meshConfig.accessLogFile turns on. */
const providers = [{ name: "envoy" }];

/** A Telemetry that changes the access log. */
function telemetry(
    mutation: Pick<Mutation, "name" | "description" | "expectRed">,
    namespace: (mesh: Mesh) => string,
    spec: PlainObject["spec"],
    traces: Mutation["traces"],
): Mutation {
    return {
        ...mutation,
        ids: ["P14"],
        needs: ["ecommerce", "access-log"],
        apply: (changes, mesh) => {
            const at: Reference = { kind: "Telemetry", namespace: namespace(mesh), name };
            return changes.create({
                apiVersion: "telemetry.istio.io/v1",
                kind: at.kind,
                metadata: { namespace: at.namespace, name },
                spec,
            });
        },
        traces,
    };
}

const quietSidecars = (mesh: Mesh) => inListeners(mesh, service, (listeners) => !listeners.includes("access_log"));
const gatewayOnly: CheckSet = union({ "access-log": ["gateway"] }, otherObjects("proxies"));
const sidecarsOnly: CheckSet = union({ "access-log": ["sidecars"] }, otherObjects("proxies"));

export const accessLog: readonly Mutation[] = [
    telemetry(
        {
            name: "access-log-gateway-off",
            description: "The gateway writes no access log.",
            expectRed: gatewayOnly,
        },
        () => "istio-system",
        {
            selector: { matchLabels: { istio: "ingressgateway" } },
            accessLogging: [{ providers, disabled: true }],
        },
        (mesh) => inGatewayListeners(mesh, (listeners) => !listeners.includes('"path": "/dev/stdout"')),
    ),
    telemetry(
        {
            name: "access-log-errors-only",
            description: "The sidecars of the shop write about errors only.",
            expectRed: sidecarsOnly,
        },
        ({ config }) => config.ecommerce.namespace,
        { accessLogging: [{ providers, filter: { expression: "response.code >= 400" } }] },
        (mesh) => inListeners(mesh, service, (listeners) => listeners.includes('"expression": "response.code')),
    ),
    telemetry(
        {
            name: "access-log-one-service-off",
            description: `The sidecars of ${service} write no access log.`,
            expectRed: sidecarsOnly,
        },
        ({ config }) => config.ecommerce.namespace,
        { selector: { matchLabels: { app: service } }, accessLogging: [{ providers, disabled: true }] },
        quietSidecars,
    ),
];
