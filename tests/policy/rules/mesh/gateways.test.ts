import { UNKNOWN } from "../../../../policy/model/unknown";
import { accepts, catches } from "../../cases";

const gateway = "Gateway/ecommerce/ecommerce-gateway";
const order = "VirtualService/ecommerce/order-api";
const customer = "VirtualService/ecommerce/customer-api";
const hello = "VirtualService/egov-app/egov-hello";

describe("policy: gateway-selector (P10)", () => {
    catches([
        {
            title: "labels that no pod carries",
            change: (mesh) => (mesh.get(gateway).spec.selector = { istio: "ingress" }),
            found: [`gateway-selector ${gateway} spec.selector`],
            says: ["istio=ingress:", "Deployment/istio-system/istio-ingressgateway", "istio=ingressgateway"],
        },
    ]);
    accepts([
        { title: "no selector: every gateway proxy", change: (mesh) => delete mesh.get(gateway).spec.selector },
        { title: "a selector that is not known yet", change: (mesh) => (mesh.get(gateway).spec.selector = UNKNOWN) },
        {
            title: "a gateway from a Helm release",
            change: (mesh) => {
                mesh.remove("Deployment/istio-system/istio-ingressgateway");
                mesh.remove("Service/istio-system/istio-ingressgateway");
            },
            context: { opaqueNamespaces: ["istio-system"] },
        },
    ]);
});

describe("policy: gateway-port (P10)", () => {
    catches([
        {
            title: "a port that the gateway's Service lacks",
            change: (mesh) => (mesh.get(gateway).spec.servers[0].port.number = 8443),
            found: [`gateway-port ${gateway} spec.servers[0].port.number`],
            says: ["no port 8443", "15021 and 80"],
        },
    ]);
    accepts([
        { title: "the port of the pods", change: (mesh) => (mesh.get(gateway).spec.servers[0].port.number = 8080) },
        {
            title: "a port that is not known yet",
            change: (mesh) => (mesh.get(gateway).spec.servers[0].port.number = UNKNOWN),
        },
        {
            title: "ports of the Service that are not known yet",
            change: (mesh) => {
                mesh.get(gateway).spec.servers[0].port.number = 8443;
                mesh.get("Service/istio-system/istio-ingressgateway").spec.ports = UNKNOWN;
            },
        },
    ]);
});

describe("policy: virtual-service-gateway (C8 problem 4)", () => {
    catches([
        {
            title: "no gateway although the hosts are outside names (the document's problem)",
            change: (mesh) => {
                delete mesh.get(order).spec.gateways;
                mesh.get(order).spec.hosts = ["api.c4ang.com"];
            },
            found: [`virtual-service-gateway ${order} spec.gateways`],
            says: ['"api.c4ang.com" is no service', "clients outside get 404", "ecommerce/ecommerce-gateway"],
        },
        {
            title: 'the host "*" without a gateway',
            change: (mesh) => {
                delete mesh.get(order).spec.gateways;
                mesh.get(order).spec.hosts = ["*"];
            },
            found: [`virtual-service-gateway ${order} spec.gateways`],
        },
        {
            title: "a misspelt gateway",
            change: (mesh) => (mesh.get(order).spec.gateways = ["ecommerce-gatway"]),
            found: [`virtual-service-gateway ${order} spec.gateways[0]`],
            says: ["ecommerce/ecommerce-gatway does not exist", 'write "ecommerce/ecommerce-gateway"'],
        },
        {
            title: "a gateway of another namespace without its namespace",
            change: (mesh) => (mesh.get(hello).spec.gateways = ["istio-ingressgateway"]),
            found: [`virtual-service-gateway ${hello} spec.gateways[0]`],
            says: ["egov-app/istio-ingressgateway does not exist", 'write "istio-system/istio-ingressgateway"'],
        },
        {
            title: "the gateway as ./name, which is no namespace to a VirtualService",
            change: (mesh) => (mesh.get(order).spec.gateways = ["./ecommerce-gateway"]),
            found: [`virtual-service-gateway ${order} spec.gateways[0]`],
            says: ['write "ecommerce/ecommerce-gateway"'],
        },
        {
            title: "the gateway is gone",
            change: (mesh) => mesh.remove(gateway),
            found: [
                `virtual-service-gateway ${customer} spec.gateways[0]`,
                `virtual-service-gateway ${order} spec.gateways[0]`,
            ],
        },
    ]);
    accepts([
        {
            title: "the gateway by namespace and name",
            change: (mesh) => (mesh.get(order).spec.gateways = ["ecommerce/ecommerce-gateway"]),
        },
        {
            title: "no gateway, the host is a Service: a route for sidecars (C9)",
            change: (mesh) => {
                delete mesh.get(order).spec.gateways;
                mesh.get(order).spec.hosts = ["order-api"];
            },
        },
        {
            title: "no gateway, the host is of a ServiceEntry",
            change: (mesh) => {
                delete mesh.get(order).spec.gateways;
                mesh.get(order).spec.hosts = ["payments.example.com"];
                mesh.add(`
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: payments, namespace: egov-app }
spec: { hosts: ["*.example.com"], ports: [{ number: 443, name: https, protocol: HTTPS }], resolution: NONE }`);
            },
        },
        { title: "gateways that are not known yet", change: (mesh) => (mesh.get(order).spec.gateways = UNKNOWN) },
        {
            title: "a gateway name that is not known yet",
            change: (mesh) => (mesh.get(order).spec.gateways = [UNKNOWN]),
        },
        {
            title: "a Gateway object whose name is not known yet",
            change: (mesh) => (mesh.get(gateway).metadata.name = UNKNOWN),
        },
        {
            title: "a gateway of a namespace with a Helm release",
            change: (mesh) => (mesh.get(order).spec.gateways = ["shared/edge"]),
            context: { opaqueNamespaces: ["shared"] },
        },
    ]);
});

describe("policy: virtual-service-host (C8 problem 4, C2)", () => {
    const hosts = (value: unknown) => (mesh: Parameters<Parameters<typeof accepts>[0][number]["change"]>[0]) =>
        (mesh.get(gateway).spec.servers[0].hosts = value);
    catches([
        {
            title: "the gateway does not serve the host",
            change: (mesh) => {
                hosts(["api.c4ang.com"])(mesh);
                mesh.get(order).spec.hosts = ["admin.c4ang.com"];
            },
            found: [`virtual-service-host ${order} spec.hosts[0]`],
            says: ['"admin.c4ang.com"', 'serves "api.c4ang.com"', "404"],
        },
        {
            title: "a wildcard of another domain",
            change: (mesh) => {
                hosts(["*.example.com", "api.c4ang.com"])(mesh);
                mesh.get(order).spec.hosts = ["api.c4ang.com", "orders.c4ang.com"];
            },
            found: [`virtual-service-host ${order} spec.hosts[1]`],
        },
        {
            title: "the server admits another namespace only",
            change: hosts(["istio-system/*"]),
            found: [`virtual-service-host ${customer} spec.hosts[0]`, `virtual-service-host ${order} spec.hosts[0]`],
        },
    ]);
    accepts([
        {
            title: "a wildcard over the host",
            change: (mesh) => ((mesh.get(order).spec.hosts = ["orders.c4ang.com"]), hosts(["*.c4ang.com"])(mesh)),
        },
        { title: 'the host "*" at a gateway with one name', change: hosts(["api.c4ang.com"]) },
        { title: "the server admits the gateway's own namespace", change: hosts(["./api.c4ang.com", "./*"]) },
        { title: "the server admits the namespace by name", change: hosts(["ecommerce/*"]) },
        { title: "the server admits every namespace", change: hosts(["*/api.c4ang.com"]) },
        { title: "hosts of the server that are not known yet", change: hosts(UNKNOWN) },
        { title: "a host of the server that is not known yet", change: hosts(["a.example.com", UNKNOWN]) },
        {
            title: "a host of the VirtualService that is not known yet",
            change: (mesh) => (mesh.get(order).spec.hosts = [UNKNOWN]),
        },
        {
            title: "a name of the mesh beside a gateway's host, bound to both",
            change: (mesh) => {
                hosts(["api.c4ang.com"])(mesh);
                mesh.get(order).spec.hosts = ["api.c4ang.com", "order-api"];
                mesh.get(order).spec.gateways = ["ecommerce-gateway", "mesh"];
            },
        },
        {
            title: "one of two gateways serves the host",
            change: (mesh) => {
                hosts(["shop.example.com"])(mesh);
                for (const id of [order, customer]) {
                    mesh.get(id).spec.hosts = ["api.c4ang.com"];
                    mesh.get(id).spec.gateways = ["ecommerce-gateway", "istio-system/istio-ingressgateway"];
                }
            },
        },
    ]);
});

describe("policy: route-conflict (C2)", () => {
    catches([
        {
            title: "two VirtualServices claim one prefix",
            change: (mesh) => (mesh.get(order).spec.http[0].match[0].uri.prefix = "/api/v1/customers"),
            found: [`route-conflict ${order} spec.http[0].match`],
            says: [customer, "/api/v1/customers"],
        },
        {
            title: "two VirtualServices without any match",
            change: (mesh) => {
                for (const id of [order, customer]) delete mesh.get(id).spec.http[0].match;
            },
            found: [`route-conflict ${order} spec.http[0]`],
            says: ["every request"],
        },
        {
            title: "two Gateways on the same proxies and port",
            change: (mesh) => (mesh.get(hello).spec.http[0].match[0].uri.prefix = "/api/v1/customers"),
            found: [`route-conflict ${customer} spec.http[0].match`],
            says: [hello],
        },
        {
            title: "two VirtualServices for one host on the sidecars",
            change: (mesh) => {
                mesh.add(`
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: first, namespace: ecommerce }
spec: { hosts: [order-api], http: [{ route: [{ destination: { host: order-api } }] }] }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: second, namespace: egov-app }
spec: { hosts: [order-api.ecommerce.svc.cluster.local], http: [{ timeout: 1s, route: [{ destination: { host: order-api.ecommerce.svc.cluster.local } }] }] }`);
            },
            found: ["route-conflict VirtualService/egov-app/second spec.hosts[0]"],
            says: ["VirtualService/ecommerce/first", "ignored as a whole"],
        },
    ]);
    accepts([
        {
            title: "the same prefix for different hosts",
            change: (mesh) => {
                mesh.get(order).spec.http[0].match[0].uri.prefix = "/api/v1/customers";
                mesh.get(order).spec.hosts = ["orders.c4ang.com"];
            },
        },
        {
            title: "the same prefix, told apart by a header",
            change: (mesh) =>
                (mesh.get(order).spec.http[0].match[0] = {
                    uri: { prefix: "/api/v1/customers" },
                    headers: { "x-version": { exact: "v2" } },
                }),
        },
        {
            title: "the same prefix at gateways of different ports",
            change: (mesh) => {
                mesh.get("Service/istio-system/istio-ingressgateway").spec.ports.push({
                    name: "https",
                    port: 443,
                    targetPort: 8443,
                });
                mesh.get(gateway).spec.servers[0].port.number = 443;
                mesh.get(hello).spec.http[0].match[0].uri.prefix = "/api/v1/customers";
            },
        },
        { title: "a match that is not known yet", change: (mesh) => (mesh.get(order).spec.http[0].match = UNKNOWN) },
    ]);
});

describe("policy: unused-gateway (C8 problem 4)", () => {
    catches([
        {
            title: "every VirtualService speaks to sidecars only",
            change: (mesh) => {
                for (const [id, host] of [
                    [order, "order-api"],
                    [customer, "customer-api"],
                    [hello, "egov-hello"],
                ] as const) {
                    delete mesh.get(id).spec.gateways;
                    mesh.get(id).spec.hosts = [host];
                }
            },
            found: ["istio-system/istio-ingressgateway", "ecommerce/ecommerce-gateway"].map(
                (name) => `unused-gateway Gateway/${name} spec.servers`,
            ),
            says: ["404 to every request"],
        },
    ]);
    accepts([
        {
            title: "another Gateway on the same proxies is in use",
            change: (mesh) => {
                for (const id of [order, customer]) mesh.get(id).spec.gateways = ["istio-system/istio-ingressgateway"];
            },
        },
    ]);
});

describe("policy: overlapping-hosts (C2)", () => {
    catches([
        {
            title: 'a name beside "*" (the document\'s api.c4ang.com and "*")',
            change: (mesh) => (mesh.get(order).spec.hosts = ["api.c4ang.com", "*"]),
            found: [`overlapping-hosts ${order} spec.hosts[0]`],
            says: ['"api.c4ang.com" is already covered by "*"', "duplicate hosts"],
        },
        {
            title: "a name twice",
            change: (mesh) => (mesh.get(order).spec.hosts = ["api.c4ang.com", "api.c4ang.com"]),
            found: [`overlapping-hosts ${order} spec.hosts[1]`],
        },
        {
            title: "a wildcard inside another one",
            change: (mesh) => (mesh.get(order).spec.hosts = ["*.c4ang.com", "*.api.c4ang.com"]),
            found: [`overlapping-hosts ${order} spec.hosts[1]`],
        },
    ]);
    accepts([
        { title: "two names", change: (mesh) => (mesh.get(order).spec.hosts = ["api.c4ang.com", "admin.c4ang.com"]) },
        {
            title: "a wildcard and its parent",
            change: (mesh) => (mesh.get(order).spec.hosts = ["c4ang.com", "*.c4ang.com"]),
        },
        { title: "a host that is not known yet", change: (mesh) => (mesh.get(order).spec.hosts = [UNKNOWN, "*"]) },
    ]);
});
