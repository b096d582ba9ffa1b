import { UNKNOWN } from "../../../../policy/model/unknown";
import { accepts, catches } from "../../cases";

const customer = "Deployment/ecommerce/customer-api";
const order = "Deployment/ecommerce/order-api";

describe("policy: workload-selector (C8 problem 2)", () => {
    catches([
        {
            title: "the selector asks for a label that the template lacks",
            change: (mesh) => (mesh.get(customer).spec.selector.matchLabels.version = "v2"),
            found: [`workload-selector ${customer} spec.selector`],
            says: ["app=customer-api, version=v1", "spec.template.metadata.labels"],
        },
        {
            title: "an expression that the template does not satisfy",
            change: (mesh) =>
                (mesh.get(customer).spec.selector = {
                    matchExpressions: [{ key: "app", operator: "NotIn", values: ["customer-api"] }],
                }),
            found: [`workload-selector ${customer} spec.selector`],
        },
    ]);
    accepts([
        {
            title: "expressions that the template satisfies",
            change: (mesh) =>
                (mesh.get(customer).spec.selector = {
                    matchExpressions: [
                        { key: "app", operator: "In", values: ["customer-api", "customers"] },
                        { key: "version", operator: "Exists" },
                        { key: "canary", operator: "DoesNotExist" },
                    ],
                }),
        },
        {
            title: "a label that is not known yet",
            change: (mesh) => (mesh.get(customer).spec.template.metadata.labels.app = UNKNOWN),
        },
        { title: "a selector that is not known yet", change: (mesh) => (mesh.get(customer).spec.selector = UNKNOWN) },
    ]);
});

describe("policy: container-args (C8 problem 3)", () => {
    const field = "spec.template.spec.containers[0].args";
    const container = (mesh: Parameters<Parameters<typeof accepts>[0][number]["change"]>[0], id = customer) =>
        mesh.get(id).spec.template.spec.containers[0];
    catches([
        {
            title: "http-echo without args",
            change: (mesh) => delete container(mesh).args,
            found: [`container-args ${customer} ${field}`],
            says: ["-text", "127", field],
        },
        {
            title: "http-echo with -listen only",
            change: (mesh) => (container(mesh).args = ["-listen=:5678"]),
            found: [`container-args ${customer} ${field}`],
        },
        {
            title: "an empty text",
            change: (mesh) => (container(mesh).args = ["-text="]),
            found: [`container-args ${customer} ${field}`],
        },
        {
            title: "the flag without a value",
            change: (mesh) => (container(mesh).args = ["-listen=:5678", "-text"]),
            found: [`container-args ${customer} ${field}`],
        },
        {
            title: "the sample app from a mirror, named by digest",
            change: (mesh) => {
                container(mesh).image = "registry.example.com:5000/team/istio-platform-sample-app@sha256:00";
                container(mesh).args = [];
            },
            found: [`container-args ${customer} ${field}`],
        },
    ]);
    accepts([
        {
            title: "-forward in place of -text",
            change: (mesh) => (container(mesh).args = ["-forward=http://order-api:8080"]),
        },
        { title: "two dashes, value apart", change: (mesh) => (container(mesh).args = ["--text", "hello"]) },
        {
            title: "the text in command",
            change: (mesh) => ((container(mesh).command = ["/http-echo", "-text=hi"]), delete container(mesh).args),
        },
        { title: "args that are not known yet", change: (mesh) => (container(mesh).args = UNKNOWN) },
        {
            title: "an argument that is not known yet",
            change: (mesh) => (container(mesh).args = ["-listen=:5678", UNKNOWN]),
        },
        {
            title: "an image that is not known yet",
            change: (mesh) => ((container(mesh).image = UNKNOWN), delete container(mesh).args),
        },
        {
            title: "another program",
            change: (mesh) => ((container(mesh).image = "nginx:1.27"), delete container(mesh).args),
        },
        {
            title: "the sample app's client",
            change: (mesh) => (
                (container(mesh, order).image = "istio-platform-sample-app:1"),
                (container(mesh, order).args = ["client", "--url", "http://x"])
            ),
        },
    ]);
});

describe("policy: sidecar-injection (P8)", () => {
    catches([
        {
            title: "a namespace without the label",
            change: (mesh) => delete mesh.get("Namespace/ecommerce").metadata.labels,
            found: ['sidecar-injection Namespace/ecommerce metadata.labels["istio-injection"]'],
            says: [customer, order, 'istio-injection: "enabled"'],
        },
        {
            title: "a namespace with injection disabled, even if pods ask for it",
            change: (mesh) => {
                mesh.get("Namespace/egov-app").metadata.labels["istio-injection"] = "disabled";
                mesh.get("Deployment/egov-app/egov-hello-v1").spec.template.metadata.labels["sidecar.istio.io/inject"] =
                    "true";
            },
            found: ['sidecar-injection Namespace/egov-app metadata.labels["istio-injection"]'],
        },
        {
            title: "a workload that refuses the sidecar",
            change: (mesh) => (mesh.get(customer).spec.template.metadata.labels["sidecar.istio.io/inject"] = "false"),
            found: [`sidecar-injection ${customer} spec.template.metadata.labels["sidecar.istio.io/inject"]`],
        },
        {
            title: "a workload that refuses the sidecar by the older annotation",
            change: (mesh) =>
                (mesh.get(customer).spec.template.metadata.annotations = { "sidecar.istio.io/inject": "false" }),
            found: [`sidecar-injection ${customer} spec.template.metadata.labels["sidecar.istio.io/inject"]`],
        },
    ]);
    accepts([
        {
            title: "a revision in place of istio-injection",
            change: (mesh) => (mesh.get("Namespace/ecommerce").metadata.labels = { "istio.io/rev": "canary" }),
        },
        {
            title: "pods that ask for the sidecar themselves",
            change: (mesh) => {
                delete mesh.get("Namespace/ecommerce").metadata.labels;
                for (const id of [customer, order])
                    mesh.get(id).spec.template.metadata.labels["sidecar.istio.io/inject"] = "true";
            },
        },
        {
            title: "a sidecar written into the template (istioctl kube-inject, the documented fallback)",
            change: (mesh) => {
                delete mesh.get("Namespace/ecommerce").metadata.labels;
                mesh.get(customer).spec.template.spec.containers.push({
                    name: "istio-proxy",
                    image: "istio/proxyv2:1.29.1",
                });
                mesh.get(order).spec.template.spec.initContainers = [{ name: "istio-proxy", restartPolicy: "Always" }];
            },
        },
        {
            title: "ambient mode",
            change: (mesh) => {
                mesh.get("Namespace/ecommerce").metadata.labels = { "istio.io/dataplane-mode": "ambient" };
                mesh.get("NetworkPolicy/ecommerce/declared-only").spec.ingress.push({ ports: [{ port: 15008 }] });
            },
        },
        {
            title: "labels that are not known yet",
            change: (mesh) => (mesh.get("Namespace/ecommerce").metadata.labels = UNKNOWN),
        },
        { title: "a namespace that somebody else owns", change: (mesh) => mesh.remove("Namespace/ecommerce") },
    ]);
});
