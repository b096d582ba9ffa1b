import { apiVersionOf } from "../cluster/api";
import { objects } from "../cluster/mesh";
import type { CheckSet, Mutation } from "../mutation";
import { inListeners } from "./look";
import { otherObjects, shopFromOutside, sidecarFilters, union } from "./red";

/** Mistakes in who may call the e-commerce services. */

const customer = "customer-api";
const payment = "payment-api";
const saga = "saga-tracker";

/** The policies are other ones, in the API server and in the sidecars. */
const otherPolicies = union(otherObjects("authorization"), sidecarFilters);

/** Callers of one service that are declared are refused, the ingress gateway is not. */
const callersRefused: CheckSet = {
    "ecommerce-authorization": ["allowed", "policies"],
    "ecommerce-answers": ["texts", "replicas"],
};

export const authorization: readonly Mutation[] = [
    {
        name: "authorization-rule-removed",
        ids: ["S4"],
        description: `The policy that lets anybody call ${customer} is gone: the default refuses everybody.`,
        needs: ["ecommerce"],
        apply: (changes, { config }) =>
            changes.remove(objects.shop("AuthorizationPolicy", config, `allow-${customer}`)),
        traces: (mesh) => inListeners(mesh, customer, (text) => !text.includes(`policy[allow-${customer}]`)),
        expectRed: union(shopFromOutside, callersRefused, otherPolicies),
    },
    {
        name: "authorization-other-account",
        ids: ["S4", "C7"],
        description: `${customer} lets in ${payment} instead of its declared callers.`,
        needs: ["ecommerce"],
        apply: (changes, { config }) =>
            changes.edit(objects.shop("AuthorizationPolicy", config, `allow-${customer}`), ({ spec }) => {
                const [gateway] = spec.rules[0].from[0].source.principals as string[];
                const other = `cluster.local/ns/${config.ecommerce.namespace}/sa/${payment}`;
                spec.rules[0].from[0].source.principals = [gateway, other];
            }),
        traces: (mesh) => inListeners(mesh, customer, (text) => text.includes(`/sa/${payment}`)),
        expectRed: union(callersRefused, otherPolicies, { "ecommerce-authorization": ["denied"] }),
    },
    {
        name: "authorization-namespace-let-in",
        ids: ["S4"],
        description: `A further policy lets in whoever calls ${payment} from the same namespace.`,
        needs: ["ecommerce"],
        apply: (changes, { config }) =>
            changes.create({
                apiVersion: apiVersionOf("AuthorizationPolicy"),
                kind: "AuthorizationPolicy",
                metadata: { name: "allow-namespace", namespace: config.ecommerce.namespace },
                spec: {
                    selector: { matchLabels: { app: payment } },
                    rules: [{ from: [{ source: { namespaces: [config.ecommerce.namespace] } }] }],
                },
            }),
        traces: (mesh) => inListeners(mesh, payment, (text) => text.includes("policy[allow-namespace]")),
        expectRed: union(otherPolicies, { "ecommerce-authorization": ["denied", "policies"] }),
    },
    {
        name: "authorization-everybody-let-in",
        ids: ["S4"],
        description: `${saga} lets in every workload of the mesh, those of other namespaces included.`,
        needs: ["ecommerce"],
        apply: (changes, { config }) =>
            changes.edit(objects.shop("AuthorizationPolicy", config, `allow-${saga}`), ({ spec }) => {
                spec.rules[0].from[0].source.principals = ["*"];
            }),
        traces: (mesh) => inListeners(mesh, saga, (text) => !text.includes("/sa/istio-ingressgateway")),
        expectRed: union(otherPolicies, { "ecommerce-authorization": ["denied", "policies"] }),
    },
    {
        name: "authorization-default-removed",
        ids: ["S4"],
        description: "The namespace no longer denies by default: the next service would be open to everybody.",
        needs: ["ecommerce"],
        apply: (changes, { config }) => changes.remove(objects.shop("AuthorizationPolicy", config, "deny-all")),
        traces: async ({ api, config }) => [
            (await api.get(objects.shop("AuthorizationPolicy", config, "deny-all"))) === undefined,
        ],
        expectRed: union(otherPolicies, { "ecommerce-authorization": ["policies"] }),
    },
];
