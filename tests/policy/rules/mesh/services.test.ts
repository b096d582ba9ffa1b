import { UNKNOWN } from "../../../../policy/model/unknown";
import { accepts, catches } from "../../cases";

const order = "Service/ecommerce/order-api";
const customer = "Service/ecommerce/customer-api";
const hello = "Service/egov-app/egov-hello";

describe("policy: service-selector (C8 problem 2)", () => {
    catches([
        {
            title: "a selector that no pod satisfies (the document's order-api)",
            change: (mesh) => (mesh.get(order).spec.selector = { app: "order-service" }),
            found: [`service-selector ${order} spec.selector`],
            says: ["app=order-service", "Deployment/ecommerce/order-api comes closest", "app=order-api"],
        },
        {
            title: "a selector with one label too many",
            change: (mesh) => (mesh.get(order).spec.selector.version = "v2"),
            found: [`service-selector ${order} spec.selector`],
            says: ["app=order-api, version=v1"],
        },
        {
            title: "the workload lives in another namespace",
            change: (mesh) => (mesh.get("Deployment/ecommerce/order-api").metadata.namespace = "egov-app"),
            found: [`service-selector ${order} spec.selector`],
        },
    ]);
    accepts([
        { title: "a Service without selector", change: (mesh) => delete mesh.get(order).spec.selector },
        {
            title: "an ExternalName",
            change: (mesh) =>
                (mesh.get(order).spec = {
                    type: "ExternalName",
                    externalName: "orders.example.com",
                    selector: { app: "gone" },
                }),
        },
        {
            title: "a selector value that is not known yet",
            change: (mesh) => (mesh.get(order).spec.selector.app = UNKNOWN),
        },
        { title: "a selector that is not known yet", change: (mesh) => (mesh.get(order).spec.selector = UNKNOWN) },
        {
            title: "pod labels that are not known yet",
            change: (mesh) => (mesh.get("Deployment/ecommerce/order-api").spec.template.metadata.labels = UNKNOWN),
        },
        {
            title: "a StatefulSet behind the Service",
            change: (mesh) => {
                const workload = mesh.get("Deployment/ecommerce/order-api");
                workload.kind = "StatefulSet";
            },
        },
    ]);
});

describe("policy: target-port (C8 problem 2)", () => {
    catches([
        {
            title: "a number that the container does not declare",
            change: (mesh) => (mesh.get(order).spec.ports[0].targetPort = 8081),
            found: [`target-port ${order} spec.ports[0].targetPort`],
            says: ["port 8081", "5678 (http)", "set spec.ports[0].targetPort to 5678"],
        },
        {
            title: "no targetPort: the Service's own port is meant",
            change: (mesh) => delete mesh.get(order).spec.ports[0].targetPort,
            found: [`target-port ${order} spec.ports[0].port`],
            says: ["port 8080"],
        },
        {
            title: "a name that no container port has",
            change: (mesh) => (mesh.get(customer).spec.ports[0].targetPort = "web"),
            found: [`target-port ${customer} spec.ports[0].targetPort`],
            says: ['the port named "web"'],
        },
        {
            title: "a name, and a container without declared ports",
            change: (mesh) =>
                delete mesh.get("Deployment/ecommerce/customer-api").spec.template.spec.containers[0].ports,
            found: [`target-port ${customer} spec.ports[0].targetPort`],
        },
        {
            title: "one of two workloads listens elsewhere",
            change: (mesh) =>
                (mesh.get("Deployment/egov-app/egov-hello-v2").spec.template.spec.containers[0].ports[0].containerPort =
                    9090),
            found: [`target-port ${hello} spec.ports[0].targetPort`],
            says: ["Deployment/egov-app/egov-hello-v2"],
        },
    ]);
    accepts([
        {
            title: "a number, and a container without declared ports",
            change: (mesh) => {
                const [container] = mesh.get("Deployment/ecommerce/order-api").spec.template.spec.containers;
                delete container.ports;
                delete container.readinessProbe;
            },
        },
        {
            title: "a targetPort that is not known yet",
            change: (mesh) => (mesh.get(order).spec.ports[0].targetPort = UNKNOWN),
        },
        {
            title: "container ports that are not known yet",
            change: (mesh) =>
                (mesh.get("Deployment/ecommerce/order-api").spec.template.spec.containers[0].ports = UNKNOWN),
        },
        {
            title: "the port of a native sidecar",
            change: (mesh) => {
                mesh.get(order).spec.ports.push({ name: "http-metrics", port: 9090, targetPort: 9090 });
                mesh.get("Deployment/ecommerce/order-api").spec.template.spec.initContainers = [
                    { name: "metrics", restartPolicy: "Always", ports: [{ containerPort: 9090 }] },
                ];
                mesh.get("VirtualService/ecommerce/order-api").spec.http[0].route[0].destination.port.number = 8080;
            },
        },
    ]);
});

describe("policy: port-protocol", () => {
    catches([
        {
            title: "a port without a name",
            change: (mesh) => delete mesh.get(order).spec.ports[0].name,
            found: [`port-protocol ${order} spec.ports[0].name`],
            says: ["has no name", 'name the port "http"'],
        },
        {
            title: "a port named as TCP",
            change: (mesh) => (mesh.get(order).spec.ports[0].name = "tcp-orders"),
            found: [`port-protocol ${order} spec.ports[0].name`],
            says: ["means tcp", "http-orders"],
        },
        {
            title: "a name that tells no protocol",
            change: (mesh) => (mesh.get(hello).spec.ports[0].name = "web"),
            found: [`port-protocol ${hello} spec.ports[0].name`],
            says: ["http-web"],
        },
        {
            title: "appProtocol wins over the name",
            change: (mesh) => (mesh.get(order).spec.ports[0].appProtocol = "tcp"),
            found: [`port-protocol ${order} spec.ports[0].name`],
        },
    ]);
    accepts([
        { title: "http with a suffix", change: (mesh) => (mesh.get(order).spec.ports[0].name = "http-orders") },
        { title: "gRPC", change: (mesh) => (mesh.get(order).spec.ports[0].name = "grpc") },
        { title: "gRPC-Web", change: (mesh) => (mesh.get(order).spec.ports[0].name = "grpc-web-orders") },
        {
            title: "appProtocol",
            change: (mesh) => (
                (mesh.get(order).spec.ports[0].name = "web"),
                (mesh.get(order).spec.ports[0].appProtocol = "http")
            ),
        },
        {
            title: "Kubernetes' own name of HTTP/2",
            change: (mesh) => (
                (mesh.get(order).spec.ports[0].name = "web"),
                (mesh.get(order).spec.ports[0].appProtocol = "kubernetes.io/h2c")
            ),
        },
        { title: "a name that is not known yet", change: (mesh) => (mesh.get(order).spec.ports[0].name = UNKNOWN) },
    ]);
});

describe("policy: node-port-conflict (P2, P10)", () => {
    const nodePort = (value: unknown) => (mesh: Parameters<Parameters<typeof accepts>[0][number]["change"]>[0]) => {
        mesh.get(order).spec.type = "NodePort";
        mesh.get(order).spec.ports[0].nodePort = value;
    };
    catches([
        {
            title: "the gateway's NodePort a second time",
            change: nodePort(32314),
            found: [`node-port-conflict ${order} spec.ports[0].nodePort`],
            says: ["Service/istio-system/istio-ingressgateway"],
        },
        {
            title: "outside the range",
            change: nodePort(8080),
            found: [`node-port-conflict ${order} spec.ports[0].nodePort`],
            says: ["30000-32767"],
        },
    ]);
    accepts([
        { title: "another port", change: nodePort(30000) },
        { title: "a port that is not known yet", change: nodePort(UNKNOWN) },
        {
            title: "the same number for TCP and UDP",
            change: (mesh) => {
                nodePort(32314)(mesh);
                mesh.get(order).spec.ports = [
                    { name: "http", port: 8080, targetPort: 5678 },
                    { name: "udp-dns", port: 53, targetPort: 5678, protocol: "UDP", nodePort: 32314 },
                ];
            },
        },
    ]);
});
