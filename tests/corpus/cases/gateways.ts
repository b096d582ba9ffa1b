import type { Manifest, Mistake, System } from "../corpus";
import { type Short, toMistake } from "./routes";

const SHOP = "Gateway/istio-system/shop";
const DOCS = "https://istio.io/latest/docs/reference/config/networking/gateway/";
const server = (system: System, index: number): Manifest => system.get(SHOP).spec.servers[index];

/** Mistakes in Istio's Gateways and their certificates. */
export const gatewayMistakes: readonly Mistake[] = (
    [
        [
            "gateway-selector",
            "a Gateway's selector selects no proxy",
            "IST0101",
            "gateway-selector",
            (s) => (s.get(SHOP).spec.selector = { istio: "ingress-gateway" }),
        ],
        [
            "gateway-port",
            "a port that the gateway's Service lacks",
            "IST0162",
            "gateway-port",
            (s) => (server(s, 1).port.number = 8444),
        ],
        [
            "credential-typo",
            "a certificate's Secret is misspelt",
            "IST0101",
            "gateway-credential",
            (s) => (server(s, 1).tls.credentialName = "shop-tsl"),
            /shop-tls/,
        ],
        [
            "credential-other-namespace",
            "the certificate lies in the application's namespace",
            "IST0101",
            "gateway-credential",
            (s) => (s.get("Secret/istio-system/shop-tls").metadata.namespace = "shop"),
        ],
        [
            "credential-without-key",
            "a Secret without a key",
            "IST0161",
            "gateway-credential",
            (s) => delete s.get("Secret/istio-system/shop-tls").data["tls.key"],
            /tls.key/,
            "Secret/istio-system/shop-tls",
        ],
        [
            "mutual-without-ca",
            "clients are to be checked by a Secret without ca.crt",
            `${DOCS}#ServerTLSSettings`,
            "gateway-credential",
            (s) => (server(s, 1).tls.mode = "MUTUAL"),
            /ca.crt/,
            "Secret/istio-system/shop-tls",
        ],
        ["https-without-tls", "an HTTPS server without tls", DOCS, "gateway-server", (s) => delete server(s, 1).tls],
        [
            "tls-on-http",
            "a certificate on an HTTP server",
            DOCS,
            "gateway-server",
            (s) => (server(s, 1).port.protocol = "HTTP"),
        ],
        [
            "tls-without-certificate",
            "TLS ends at the gateway without a certificate",
            DOCS,
            "gateway-server",
            (s) => delete server(s, 1).tls.credentialName,
        ],
        [
            "passthrough-with-certificate",
            "PASSTHROUGH with a certificate",
            DOCS,
            "gateway-server",
            (s) => (server(s, 1).tls.mode = "PASSTHROUGH"),
        ],
        [
            "redirect-to-nothing",
            "a redirect to HTTPS for a host without HTTPS",
            DOCS,
            "gateway-server",
            (s) => (server(s, 0).hosts = ["shop.example.com", "www.example.com"]),
        ],
        [
            "gateway-protocol-unknown",
            "a protocol that Istio does not know",
            DOCS,
            "gateway-server",
            (s) => (server(s, 1).port.protocol = "HTTPSS"),
        ],
        [
            "gateway-host-with-scheme",
            "a host with its scheme",
            DOCS,
            "gateway-server",
            (s) => (server(s, 0).hosts = ["http://shop.example.com"]),
        ],
        [
            "gateway-host-inner-star",
            "a * in the middle of a host",
            DOCS,
            "gateway-server",
            (s) => (server(s, 0).hosts = ["shop.*.com"]),
        ],
        [
            "gateway-port-names",
            "two ports of one name",
            DOCS,
            "gateway-server",
            (s) => (server(s, 1).port.name = "http"),
        ],
        [
            "gateway-host-of-namespace",
            "a Gateway that admits another namespace's routes only",
            DOCS,
            "virtual-service-host",
            (s) => (server(s, 0).hosts = server(s, 1).hosts = ["payments/shop.example.com"]),
            undefined,
            "VirtualService/shop/shop",
        ],
        [
            "tls-mode-unknown",
            "a TLS mode that does not exist",
            "IST0106",
            "field-value",
            (s) => (server(s, 1).tls.mode = "STRICT"),
        ],
        [
            "gateway-port-text",
            "a port number in quotation marks",
            "IST0106",
            "field-value",
            (s) => (server(s, 1).port.number = "443"),
        ],
        [
            "gateway-servers-singular",
            "server in the place of servers",
            "IST0106",
            "unknown-field",
            (s) => {
                const { spec } = s.get(SHOP);
                spec.server = spec.servers;
                delete spec.servers;
            },
        ],
        [
            "gateway-protocol-conflict",
            "a port that speaks HTTP in one Gateway and HTTPS in another",
            "IST0145",
            "gateway-conflict",
            (s) =>
                s.add(`
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: other, namespace: istio-system }
spec:
    selector: { istio: ingressgateway }
    servers: [{ port: { number: 443, name: http, protocol: HTTP }, hosts: [other.example.com] }]`),
            undefined,
            "Gateway/istio-system/other",
        ],
        [
            "gateway-host-twice",
            "one host served by two Gateways with TLS",
            "IST0138",
            "gateway-conflict",
            (s) =>
                s.add(`
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: other, namespace: istio-system }
spec:
    selector: { istio: ingressgateway }
    servers:
        - port: { number: 443, name: https, protocol: HTTPS }
          hosts: [shop.example.com]
          tls: { mode: MUTUAL, credentialName: other-tls }
---
apiVersion: v1
kind: Secret
metadata: { name: other-tls, namespace: istio-system }
data: { tls.crt: Q0VSVA==, tls.key: S0VZ, ca.crt: Q0E= }`),
            undefined,
            "Gateway/istio-system/other",
        ],
    ] satisfies Short[]
).map(toMistake(SHOP));
