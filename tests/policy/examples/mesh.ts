import type { Examples } from "./example";

const customer = "Deployment/ecommerce/customer-api";
const orders = "VirtualService/ecommerce/order-api";
const hello = "VirtualService/egov-app/egov-hello";
const route = (id: string) => `${id} spec.http[0].route[0].destination`;

/** Rules of whether the mesh works; tests/policy/rules/mesh has many more examples of each. */
export const meshExamples: Examples = {
    "webhook-service": {
        bad: { mesh: (mesh) => mesh.get("Service/istio-system/istiod").spec.ports.pop() },
        found: ["MutatingWebhookConfiguration/istio-sidecar-injector webhooks[0].clientConfig.service.port"],
    },
    "webhook-control-plane-access": {
        bad: { cloud: (cloud) => (cloud.get("ec2.SecurityGroup/nodes").ingress = []) },
        found: ["SecurityGroup/nodes ingress"],
    },
    "sidecar-injection": {
        bad: { mesh: (mesh) => delete mesh.get("Namespace/egov-app").metadata.labels },
        found: ['Namespace/egov-app metadata.labels["istio-injection"]'],
    },
    "workload-selector": {
        bad: { mesh: (mesh) => (mesh.get(customer).spec.selector.matchLabels.app = "customers") },
        found: [`${customer} spec.selector`],
    },
    "container-args": {
        bad: { mesh: (mesh) => delete mesh.get(customer).spec.template.spec.containers[0].args },
        found: [`${customer} spec.template.spec.containers[0].args`],
    },
    "service-selector": {
        bad: { mesh: (mesh) => (mesh.get("Service/ecommerce/order-api").spec.selector.app = "orders") },
        found: ["Service/ecommerce/order-api spec.selector"],
    },
    "target-port": {
        bad: { mesh: (mesh) => (mesh.get("Service/ecommerce/order-api").spec.ports[0].targetPort = 5679) },
        found: ["Service/ecommerce/order-api spec.ports[0].targetPort"],
    },
    "port-protocol": {
        bad: { mesh: (mesh) => (mesh.get("Service/ecommerce/order-api").spec.ports[0].name = "tcp-api") },
        found: ["Service/ecommerce/order-api spec.ports[0].name"],
    },
    "node-port-conflict": {
        bad: { mesh: (mesh) => (mesh.get("Service/istio-system/istio-ingressgateway").spec.ports[0].nodePort = 32314) },
        found: ["Service/istio-system/istio-ingressgateway spec.ports[1].nodePort"],
    },
    "gateway-selector": {
        bad: { mesh: (mesh) => (mesh.get("Gateway/ecommerce/ecommerce-gateway").spec.selector.istio = "gateway") },
        found: ["Gateway/ecommerce/ecommerce-gateway spec.selector"],
    },
    "gateway-port": {
        bad: { mesh: (mesh) => (mesh.get("Gateway/ecommerce/ecommerce-gateway").spec.servers[0].port.number = 81) },
        found: ["Gateway/ecommerce/ecommerce-gateway spec.servers[0].port.number"],
    },
    "virtual-service-gateway": {
        bad: { mesh: (mesh) => delete mesh.get(orders).spec.gateways },
        found: [`${orders} spec.gateways`],
    },
    "virtual-service-host": {
        bad: {
            mesh: (mesh) => {
                mesh.get("Gateway/ecommerce/ecommerce-gateway").spec.servers[0].hosts = ["*", "api.c4ang.com"];
                mesh.get("Gateway/istio-system/istio-ingressgateway").spec.servers[0].hosts = ["www.c4ang.com"];
                mesh.get(hello).spec.hosts = ["api.c4ang.com"];
            },
        },
        found: [`${hello} spec.hosts[0]`],
    },
    "overlapping-hosts": {
        bad: { mesh: (mesh) => (mesh.get(orders).spec.hosts = ["*", "api.c4ang.com"]) },
        found: [`${orders} spec.hosts[1]`],
    },
    "unused-gateway": {
        bad: {
            mesh: (mesh) => {
                for (const name of ["egov-app/egov-hello", "ecommerce/customer-api", "ecommerce/order-api"]) {
                    const { spec } = mesh.get(`VirtualService/${name}`);
                    delete spec.gateways;
                    spec.hosts = [name.split("/")[1]];
                }
            },
        },
        found: ["istio-system/istio-ingressgateway", "ecommerce/ecommerce-gateway"].map(
            (name) => `Gateway/${name} spec.servers`,
        ),
    },
    "route-conflict": {
        bad: { mesh: (mesh) => (mesh.get(orders).spec.http[0].match[0].uri.prefix = "/api/v1/customers") },
        found: [`${orders} spec.http[0].match`],
    },
    "destination-host": {
        bad: { mesh: (mesh) => (mesh.get(orders).spec.http[0].route[0].destination.host = "orders") },
        found: [`${route(orders)}.host`],
    },
    "destination-port": {
        bad: { mesh: (mesh) => (mesh.get(orders).spec.http[0].route[0].destination.port.number = 8081) },
        found: [`${route(orders)}.port.number`],
    },
    "http-route-backend": {
        bad: {
            mesh: (mesh) =>
                mesh.add(`
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: orders, namespace: ecommerce }
spec: { rules: [{ backendRefs: [{ name: order-api, port: 81 }] }] }`),
        },
        found: ["HTTPRoute/ecommerce/orders spec.rules[0].backendRefs[0].port"],
    },
    "unknown-subset": {
        bad: { mesh: (mesh) => (mesh.get(hello).spec.http[0].route[0].destination.subset = "v3") },
        found: [`${route(hello)}.subset`],
    },
    "route-weights": {
        bad: { mesh: (mesh) => (mesh.get(hello).spec.http[0].route[0].weight = 70) },
        found: [`${hello} spec.http[0].route`],
    },
    mirror: {
        bad: { mesh: (mesh) => (mesh.get(orders).spec.http[0].mirrorPercentage = { value: 10 }) },
        found: [`${orders} spec.http[0].mirrorPercentage`],
    },
    "retry-budget": {
        bad: { mesh: (mesh) => (mesh.get("VirtualService/ecommerce/customer-api").spec.http[0].timeout = "5s") },
        found: ["VirtualService/ecommerce/customer-api spec.http[0].retries.perTryTimeout"],
    },
    "destination-rule-host": {
        bad: { mesh: (mesh) => (mesh.get("DestinationRule/ecommerce/customer-api").spec.host = "customers") },
        found: ["DestinationRule/ecommerce/customer-api spec.host"],
    },
    "empty-subset": {
        bad: {
            mesh: (mesh) => (mesh.get("DestinationRule/egov-app/egov-hello").spec.subsets[1].labels.version = "v9"),
        },
        found: ["DestinationRule/egov-app/egov-hello spec.subsets[1].labels"],
    },
    "ejection-budget": {
        bad: {
            mesh: (mesh) => {
                const rule = mesh.get("DestinationRule/ecommerce/customer-api");
                rule.spec.trafficPolicy.outlierDetection.maxEjectionPercent = 100;
                mesh.get(customer).spec.replicas = 1;
            },
        },
        found: ["DestinationRule/ecommerce/customer-api spec.trafficPolicy.outlierDetection.maxEjectionPercent"],
    },
    "unknown-field": {
        bad: { mesh: (mesh) => (mesh.get(orders).spec.http[0].route[0].percent = 100) },
        found: [`${orders} spec.http[0].route[0].percent`],
    },
};
