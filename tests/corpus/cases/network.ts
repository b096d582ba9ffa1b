import type { Manifest, Mistake, System } from "../corpus";
import { type Short, toMistake } from "./routes";

const PAY = "NetworkPolicy/payments/pay";
const DOCS = "https://kubernetes.io/docs/concepts/services-networking/network-policies/";
const ISTIO = "https://istio.io/latest/docs/ambient/usage/networkpolicy/";
const spec = (system: System): Manifest => system.get(PAY).spec;

/** Mistakes in NetworkPolicies. */
export const networkMistakes: readonly Mistake[] = (
    [
        [
            "network-selector",
            "a policy that isolates no pod",
            DOCS,
            "network-policy-target",
            (s) => (spec(s).podSelector.matchLabels.app = "payment"),
        ],
        [
            "network-port-of-service",
            "the Service's port in the place of the pods'",
            DOCS,
            "network-policy-target",
            (s) => (spec(s).ingress[0].ports[0].port = 8080),
        ],
        [
            "network-namespace-label",
            "a label that the namespace does not carry",
            DOCS,
            "network-policy-target",
            (s) => (spec(s).ingress[0].from[0].namespaceSelector.matchLabels = { team: "shops" }),
        ],
        [
            "network-namespace-name",
            "a namespace's name is misspelt",
            DOCS,
            "network-policy-target",
            (s) =>
                (spec(s).ingress[0].from[0].namespaceSelector.matchLabels = { "kubernetes.io/metadata.name": "shopp" }),
        ],
        [
            "network-peer-pods",
            "labels that no caller carries",
            DOCS,
            "network-policy-target",
            (s) => (spec(s).ingress[0].from[0].podSelector.matchLabels.app = "order"),
        ],
        [
            "network-peer-own-namespace",
            "callers of another namespace without a namespaceSelector",
            DOCS,
            "network-policy-target",
            (s) => delete spec(s).ingress[0].from[0].namespaceSelector,
        ],
        [
            "network-caller-cut",
            "the caller that variables name is not admitted",
            DOCS,
            "network-policy-cut",
            (s) => (spec(s).ingress[0].from[0].podSelector.matchLabels.app = "web"),
        ],
        ["network-dns", "names cannot be resolved", DOCS, "network-policy-cut", (s) => spec(s).egress.shift(), /53/],
        [
            "network-dns-port",
            "port 54 in the place of 53",
            DOCS,
            "network-policy-cut",
            (s) => spec(s).egress[0].ports.forEach((port: Manifest) => (port.port = 54)),
        ],
        [
            "network-istiod",
            "the proxies cannot reach istiod",
            ISTIO,
            "network-policy-cut",
            (s) => spec(s).egress.pop(),
            /istiod/,
        ],
        [
            "network-types",
            "egress rules that policyTypes does not name",
            DOCS,
            "network-policy-target",
            (s) => (spec(s).policyTypes = ["Ingress"]),
        ],
        [
            "network-cidr",
            "an address block that is none",
            DOCS,
            "network-policy-target",
            (s) => spec(s).egress.push({ to: [{ ipBlock: { cidr: "10.0.0.1" } }] }),
        ],
        [
            "network-except",
            "an exception outside of its block",
            DOCS,
            "network-policy-target",
            (s) => spec(s).egress.push({ to: [{ ipBlock: { cidr: "10.0.0.0/16", except: ["10.1.0.0/24"] } }] }),
        ],
        [
            "network-protocol",
            "a protocol that does not exist",
            DOCS,
            "field-value",
            (s) => (spec(s).ingress[0].ports[0].protocol = "HTTP"),
        ],
        [
            "network-depth",
            "ports inside of from",
            DOCS,
            "unknown-field",
            (s) => (spec(s).ingress[0].from[0].ports = [{ port: 9000 }]),
        ],
        [
            "network-gateway-cut",
            "the ingress gateway is not admitted",
            ISTIO,
            "network-policy-cut",
            (s) =>
                s.add(
                    "{ apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: { name: web, namespace: shop }, spec: { podSelector: { matchLabels: { app: web } }, ingress: [{ from: [{ podSelector: {} }] }] } }",
                ),
            undefined,
            "NetworkPolicy/shop/web",
        ],
        [
            "network-istiod-webhook",
            "nobody reaches istiod's webhook",
            "C8 problem 1",
            "network-policy-cut",
            (s) =>
                s.add(
                    "{ apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: { name: istiod, namespace: istio-system }, spec: { podSelector: { matchLabels: { app: istiod } }, ingress: [{ ports: [{ port: 15012 }] }] } }",
                ),
            undefined,
            "NetworkPolicy/istio-system/istiod",
        ],
        [
            "network-ambient",
            "the ztunnel's port is closed",
            ISTIO,
            "network-policy-cut",
            (s) => (s.get("Namespace/payments").metadata.labels = { "istio.io/dataplane-mode": "ambient" }),
            /15008/,
        ],
    ] satisfies Short[]
).map(toMistake(PAY));
