import { UNKNOWN } from "../../../../policy/model/unknown";
import { accepts, catches } from "../../cases";

const customer = "DestinationRule/ecommerce/customer-api";
const hello = "DestinationRule/egov-app/egov-hello";

describe("policy: destination-rule-host (E5, C4)", () => {
    catches([
        {
            title: "a misspelt host",
            change: (mesh) => (mesh.get(customer).spec.host = "customers-api"),
            found: [`destination-rule-host ${customer} spec.host`],
            says: ["applies to nothing", "customer-api.ecommerce.svc.cluster.local"],
        },
        {
            title: "a short name from another namespace",
            change: (mesh) => (mesh.get(customer).metadata.namespace = "istio-system"),
            found: ["destination-rule-host DestinationRule/istio-system/customer-api spec.host"],
            says: [
                "it stands for customer-api.istio-system.svc.cluster.local",
                'write "customer-api.ecommerce.svc.cluster.local"',
            ],
        },
        {
            title: "a wildcard over nothing",
            change: (mesh) => (mesh.get(customer).spec.host = "*.shop.svc.cluster.local"),
            found: [`destination-rule-host ${customer} spec.host`],
        },
    ]);
    accepts([
        { title: "the whole mesh", change: (mesh) => (mesh.get(customer).spec.host = "*.local") },
        {
            title: "a whole namespace",
            change: (mesh) => (mesh.get(customer).spec.host = "*.ecommerce.svc.cluster.local"),
        },
        { title: "a host that is not known yet", change: (mesh) => (mesh.get(customer).spec.host = UNKNOWN) },
        {
            title: "a namespace that is not known yet",
            change: (mesh) => (mesh.get(customer).metadata.namespace = UNKNOWN),
        },
        {
            title: "the API server",
            change: (mesh) => (mesh.get(customer).spec.host = "kubernetes.default.svc.cluster.local"),
        },
    ]);
});

describe("policy: empty-subset (E2)", () => {
    catches([
        {
            title: "labels that no pod carries",
            change: (mesh) => (mesh.get(hello).spec.subsets[1].labels = { version: "v3" }),
            found: [`empty-subset ${hello} spec.subsets[1].labels`],
            says: ["version=v3", 'subset "v2" is empty', "version=v2 (Deployment/egov-app/egov-hello-v2)"],
        },
        {
            title: "the workload of the subset is gone",
            change: (mesh) => mesh.remove("Deployment/egov-app/egov-hello-v2"),
            found: [`empty-subset ${hello} spec.subsets[1].labels`],
        },
    ]);
    accepts([
        {
            title: "other labels of the pods",
            change: (mesh) => (mesh.get(hello).spec.subsets[1].labels = { variant: "error" }),
        },
        { title: "no labels: all pods", change: (mesh) => delete mesh.get(hello).spec.subsets[1].labels },
        {
            title: "a label that is not known yet",
            change: (mesh) => (mesh.get(hello).spec.subsets[1].labels = { version: UNKNOWN }),
        },
        {
            title: "pod labels that are not known yet",
            change: (mesh) =>
                (mesh.get("Deployment/egov-app/egov-hello-v2").spec.template.metadata.labels.version = UNKNOWN),
        },
    ]);
});

describe("policy: ejection-budget (E5, E6)", () => {
    catches([
        {
            title: "100 % of one pod",
            change: (mesh) => {
                mesh.get(customer).spec.trafficPolicy.outlierDetection.maxEjectionPercent = 100;
                mesh.get("Deployment/ecommerce/customer-api").spec.replicas = 1;
            },
            found: [`ejection-budget ${customer} spec.trafficPolicy.outlierDetection.maxEjectionPercent`],
            says: ["has one pod", "Deployment/ecommerce/customer-api"],
        },
        {
            title: "replicas not named: one pod",
            change: (mesh) => {
                mesh.get(customer).spec.trafficPolicy.outlierDetection.maxEjectionPercent = 100;
                delete mesh.get("Deployment/ecommerce/customer-api").spec.replicas;
            },
            found: [`ejection-budget ${customer} spec.trafficPolicy.outlierDetection.maxEjectionPercent`],
        },
        {
            title: "100 % of a subset with one pod",
            change: (mesh) =>
                (mesh.get(hello).spec.subsets[1].trafficPolicy = { outlierDetection: { maxEjectionPercent: 100 } }),
            found: [`ejection-budget ${hello} spec.subsets[1].trafficPolicy.outlierDetection.maxEjectionPercent`],
            says: ['the subset "v2"'],
        },
    ]);
    accepts([
        {
            title: "50 % of one pod",
            change: (mesh) => (mesh.get("Deployment/ecommerce/customer-api").spec.replicas = 1),
        },
        {
            title: "replicas that are not known yet",
            change: (mesh) => {
                mesh.get(customer).spec.trafficPolicy.outlierDetection.maxEjectionPercent = 100;
                mesh.get("Deployment/ecommerce/customer-api").spec.replicas = UNKNOWN;
            },
        },
    ]);
});
