import { strict as assert } from "node:assert";
import { istioLabels } from "../../../components/monitoring/istio-labels";

type Labels = Readonly<Record<string, string>>;

/** What Prometheus does with the labels of one series: `replace`, which is the default, and `labeldrop`. */
function relabeled(series: Labels): Labels {
    let labels: Record<string, string> = { ...series };
    for (const {
        source_labels: sources = [],
        regex = "(.*)",
        target_label: target,
        replacement = "$1",
        action,
    } of istioLabels()) {
        if (action === "labeldrop") {
            const dropped = new RegExp(`^(?:${regex})$`);
            labels = Object.fromEntries(Object.entries(labels).filter(([name]) => !dropped.test(name)));
            continue;
        }
        const value = sources.map((source) => labels[source] ?? "").join(";");
        if (new RegExp(`^(?:${regex})$`, "s").test(value))
            labels[target!] = value.replace(new RegExp(`^(?:${regex})$`, "s"), replacement);
    }
    return labels;
}

const services = '[{"host":"order-api.ecommerce.svc.cluster.local","name":"order-api","namespace":"ecommerce"}]';
const caller = "spiffe://cluster.local/ns/istio-system/sa/istio-ingressgateway";
const called = "spiffe://cluster.local/ns/ecommerce/sa/order-api";

describe("Monitoring: Istio's names and labels of what Envoy has counted (C15, docs/metrics.md)", () => {
    it("C15 the caller's side", () => {
        const labels = relabeled({
            __name__: "envoy_istio_requests_total",
            reporter: "source",
            source_workload: "istio-ingressgateway",
            source_workload_namespace: "istio-system",
            source_principal: caller,
            destination_principal: called,
            destination_services: services,
            destination_endpoint: "order-api-v2;ecommerce;order-api;v2;Kubernetes",
            request_protocol: "HTTP/1.1",
            response_code: "200",
            response_flags: "-",
        });
        assert.deepEqual(labels, {
            __name__: "istio_requests_total",
            reporter: "source",
            source_workload: "istio-ingressgateway",
            source_workload_namespace: "istio-system",
            source_principal: caller,
            destination_principal: called,
            destination_workload: "order-api-v2",
            destination_workload_namespace: "ecommerce",
            destination_service: "order-api.ecommerce.svc.cluster.local",
            destination_service_name: "order-api",
            destination_service_namespace: "ecommerce",
            connection_security_policy: "unknown",
            request_protocol: "http",
            response_code: "200",
            response_flags: "-",
        });
    });

    it("C15 the called side knows its caller by the identity in mutual TLS", () => {
        const series = {
            __name__: "envoy_istio_request_duration_milliseconds_bucket",
            reporter: "destination",
            source_principal: caller,
            destination_workload: "order-api",
            destination_services: services,
            le: "5",
        };
        const labels = relabeled(series);
        assert.equal(labels["__name__"], "istio_request_duration_milliseconds_bucket");
        assert.equal(labels["source_workload"], "istio-ingressgateway");
        assert.equal(labels["source_workload_namespace"], "istio-system");
        assert.equal(labels["connection_security_policy"], "mutual_tls");
        assert.equal(labels["le"], "5");
        const plain = relabeled({ ...series, source_principal: "" });
        assert.equal(plain["connection_security_policy"], "none");
        assert.equal(plain["source_workload"], "unknown");
    });

    it("C15 nobody was called, or no endpoint was there: unknown, as Istio has it", () => {
        const labels = relabeled({ __name__: "envoy_istio_requests_total", reporter: "source", response_flags: "NR" });
        assert.equal(labels["destination_service"], "unknown");
        assert.equal(labels["destination_service_name"], "unknown");
        assert.equal(labels["destination_workload"], "unknown");
    });

    it("gRPC is told by its status, and other series are left alone", () => {
        const grpc = { __name__: "envoy_istio_requests_total", request_protocol: "HTTP/2", grpc_response_status: "0" };
        assert.equal(relabeled(grpc)["request_protocol"], "grpc");
        const other = { __name__: "envoy_cluster_upstream_rq_total", cluster_name: "x" };
        assert.deepEqual(relabeled(other), other);
        const istios = { __name__: "istio_requests_total", reporter: "source", destination_service: "x" };
        assert.deepEqual(relabeled(istios), istios);
    });
});
