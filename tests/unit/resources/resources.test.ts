import { strict as assert } from "node:assert";
import type { V1Pod } from "@kubernetes/client-node";
import { workloadOf, type ClusterApi } from "../../../cli/resources/api";
import { evaluate, measureByPrometheus, prometheusQueries } from "../../../cli/resources/measure";
import { asText, resourceReport } from "../../../cli/resources/report";
import { judge, rightSize } from "../../../cli/resources/rule";
import { syntaxErrors } from "../../support/promql";

const Mi = 2 ** 20;

const pod = (name: string, owner: object, containers: object[], sidecars: object[] = []) =>
    ({
        metadata: { namespace: "ecommerce", name, ownerReferences: [{ controller: true, ...owner }] },
        spec: { containers, initContainers: [{ name: "istio-init" }, ...sidecars] },
        status: { phase: "Running" },
    }) as unknown as V1Pod;

describe("Resource report (S8)", () => {
    it("takes use from the growth of a counter, and the peak from every look", () => {
        const samples = [0, 10, 20, 30, 40].map((second, index) => ({
            at: second * 1000,
            cpu: [0, 1e9, 2e9, 3e9, 8e9][index]!,
            memory: [10, 30, 20, 20, 20][index]! * Mi,
        }));
        assert.deepEqual(evaluate(samples), { cpuP95: 0.5, cpuMean: 0.2, memoryPeak: 30 * Mi });
    });

    it("does not take the restart of a container for use", () => {
        const samples = [
            { at: 0, cpu: 5e9, memory: Mi },
            { at: 10_000, cpu: 1e9, memory: Mi },
            { at: 20_000, cpu: 2e9, memory: Mi },
        ];
        assert.deepEqual(evaluate(samples), { cpuP95: 0.1, cpuMean: 0.1, memoryPeak: Mi });
    });

    it("right size: the stated margins, rounded up, never below the least", () => {
        const use = { cpuP95: 0.02, cpuMean: 0.01, memoryPeak: 50 * Mi };
        assert.deepEqual(rightSize(use, {}), {
            cpuRequest: 0.025,
            memoryRequest: 64 * Mi,
            memoryLimit: 128 * Mi,
        });
        const idle = { cpuP95: 0, cpuMean: 0, memoryPeak: Mi };
        assert.deepEqual(rightSize(idle, {}), { cpuRequest: 0.005, memoryRequest: 16 * Mi, memoryLimit: 64 * Mi });
        assert.equal(rightSize({ ...use, cpuP95: 1 }, { cpuLimit: 2 }).cpuLimit, 4);
        assert.equal(rightSize(use, { cpuLimit: 2 }).cpuLimit, 2);
    });

    it("verdicts: too much, too little, missing; what fits is not mentioned", () => {
        const use = { cpuP95: 0.02, cpuMean: 0.01, memoryPeak: 50 * Mi };
        const of = (declared: object) => judge(declared, rightSize(use, declared), use);
        assert.deepEqual(of({ cpuRequest: 0.05, memoryRequest: 64 * Mi, memoryLimit: 256 * Mi }), {});
        assert.deepEqual(of({ cpuRequest: 0.5, memoryRequest: 40 * Mi }), {
            cpuRequest: "too much",
            memoryRequest: "too little",
            memoryLimit: "missing",
        });
        // The first limit of P8, and one that ends the container at its next peak.
        assert.equal(of({ memoryLimit: 8192 * Mi }).memoryLimit, "too much");
        assert.equal(of({ memoryLimit: 52 * Mi }).memoryLimit, "too little");
        assert.equal(of({ cpuLimit: 0.01 }).cpuLimit, "too little");
    });

    it("a workload is as large as its largest pod; sidecars count, what has ended and what was not measured does not", () => {
        const replicaSet = { kind: "ReplicaSet", name: "order-api-6455dc4f6d" };
        const app = { name: "order-api", resources: { requests: { cpu: "50m", memory: "64Mi" } } };
        const sidecar = { name: "istio-proxy", restartPolicy: "Always", resources: { limits: { memory: "1Gi" } } };
        const pods = ["a", "b"].map((name) => pod(name, replicaSet, [app], [sidecar]));
        const measured = (cpuP95: number, memoryPeak: number) => ({ cpuP95, cpuMean: cpuP95 / 2, memoryPeak });
        const report = resourceReport(
            pods,
            new Map([
                ["ecommerce/a/order-api", measured(0.01, 30 * Mi)],
                ["ecommerce/b/order-api", measured(0.03, 20 * Mi)],
                ["ecommerce/a/istio-proxy", measured(0.01, 40 * Mi)],
            ]),
            { measuredBy: "kubelets", seconds: 60 },
        );
        assert.deepEqual(
            report.lines.map(({ workload, container, pods, use }) => [workload, container, pods, use]),
            [
                ["order-api", "istio-proxy", 1, measured(0.01, 40 * Mi)],
                ["order-api", "order-api", 2, { cpuP95: 0.03, cpuMean: 0.01, memoryPeak: 30 * Mi }],
            ],
        );
        assert.deepEqual(report.unmeasured, ["ecommerce/b/istio-proxy"]);
        const text = asText(report);
        assert.match(text, /ecommerce\/order-api +order-api +2 +50m +10m +30m +35m +64Mi +30Mi +40Mi +- +64Mi/);
        assert.match(text, /Not measured: ecommerce\/b\/istio-proxy/);
        assert.match(text, /All pods reserve 100m CPU and 128Mi/);
    });

    it("knows a Deployment behind a ReplicaSet, and other owners by their name", () => {
        assert.equal(
            workloadOf(pod("x", { kind: "ReplicaSet", name: "order-api-canary-6455dc4f6d" }, [])),
            "order-api-canary",
        );
        assert.equal(workloadOf(pod("x", { kind: "DaemonSet", name: "node-exporter" }, [])), "node-exporter");
    });

    it("asks Prometheus in PromQL, and takes no container of which it knows only a part", async () => {
        for (const query of Object.values(prometheusQueries(300))) assert.deepEqual(syntaxErrors(query), [], query);
        const asked: string[] = [];
        const series = (container: string, value: string) => ({
            metric: { namespace: "n", pod: "p", container },
            value: [0, value],
        });
        const api = {
            get: async (path: string) => {
                asked.push(decodeURIComponent(path));
                const result = asked.length < 3 ? [series("a", "0.5"), series("b", "0.5")] : [series("a", "1024")];
                return JSON.stringify({ status: "success", data: { result } });
            },
        } as unknown as ClusterApi;
        const found = await measureByPrometheus(api, { namespace: "m", name: "prometheus", port: 9090 }, 300);
        assert.deepEqual([...found], [["n/p/a", { cpuP95: 0.5, cpuMean: 0.5, memoryPeak: 1024 }]]);
        assert.match(
            asked[0]!,
            /^\/api\/v1\/namespaces\/m\/services\/prometheus:9090\/proxy\/api\/v1\/query\?query=max by/,
        );
    });
});
