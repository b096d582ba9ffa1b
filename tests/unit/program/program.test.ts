import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Manifest } from "../../../components/mesh/manifest";
import { findIstioctl } from "../../../components/mesh/istioctl";
import { renderDefaults } from "../../../components/mesh/rendered/render-defaults";
import { toolProvenance } from "../../../components/provenance";
import { previewStack, runProgram, type ProgramRun } from "../../support/program";

/** A run takes half a second; a machine that is busy with other things may take far longer. */
const PATIENCE = 60_000;

/** The objects of a kind, as `namespace/name`. */
const names = (manifests: readonly Manifest[], kind: string) =>
    manifests
        .filter((manifest) => manifest.kind === kind)
        .map(({ metadata }) => (metadata.namespace ? `${metadata.namespace}/${metadata.name}` : metadata.name))
        .sort();

/* eslint-disable @typescript-eslint/no-explicit-any -- objects are checked against their schemas elsewhere */
function find(manifests: readonly Manifest[], kind: string, name: string): any {
    const found = manifests.filter((manifest) => manifest.kind === kind && manifest.metadata.name === name);
    assert.equal(found.length, 1, `${found.length} objects of kind ${kind} are called ${name}`);
    return found[0];
}

const services = ["customer-api", "order-api", "payment-api", "product-api", "recommendation-api", "saga-tracker"];

describe("Program: the stack local", function () {
    this.timeout(PATIENCE);
    let run: ProgramRun;
    let manifests: Manifest[];
    before(async () => {
        run = await previewStack("local");
        ({ manifests } = run);
    });

    it("E1 C1 namespaces; sidecars in those of applications only", () => {
        const injected = manifests.filter(
            ({ kind, metadata }) => kind === "Namespace" && metadata.labels?.["istio-injection"] === "enabled",
        );
        assert.deepEqual(names(manifests, "Namespace"), [
            "ecommerce",
            "egov-app",
            "egov-infra",
            "egov-monitoring",
            "istio-system",
            "istioinaction",
            "outside",
        ]);
        assert.deepEqual(names(injected, "Namespace"), ["ecommerce", "egov-app", "egov-infra", "istioinaction"]);
    });

    it("E2 C1 Deployments and their pods: 2 normal, 1 error, 1 gateway-server, 2 of each service, a candidate", () => {
        const replicas = manifests
            .filter(({ kind, metadata }) => kind === "Deployment" && metadata.namespace !== "istioinaction")
            .map(({ metadata, spec }) => [metadata.name, (spec as { replicas: number }).replicas]);
        assert.deepEqual(Object.fromEntries(replicas), {
            istiod: 1,
            "istio-ingressgateway": 1,
            "istio-egressgateway": 1,
            "request-filter": 1,
            "rate-limit": 1,
            "rate-limit-redis": 1,
            "outside-site": 1,
            "egov-hello-v1": 2,
            "egov-hello-v2": 1,
            "gateway-server": 1,
            ...Object.fromEntries(services.map((service) => [service, 2])),
            "order-api-v2": 1,
        });
    });

    it("E2 the error variant answers 500 by FORCE_ERROR, the normal one does not have it", () => {
        const environment = (name: string) =>
            find(manifests, "Deployment", name).spec.template.spec.containers[0].env.filter(
                ({ name }: { name: string }) => name === "FORCE_ERROR",
            );
        assert.deepEqual(environment("egov-hello-v2"), [{ name: "FORCE_ERROR", value: "true" }]);
        assert.deepEqual(environment("egov-hello-v1"), []);
    });

    it("E2 the answer names the pod", () => {
        const [container] = find(manifests, "Deployment", "egov-hello-v1").spec.template.spec.containers;
        assert.ok(container.args.includes("-text=Hello from $(POD_NAME)"));
        assert.deepEqual(container.env[0], {
            name: "POD_NAME",
            valueFrom: { fieldRef: { fieldPath: "metadata.name" } },
        });
    });

    it("E2 subsets v1 = normal, v2 = error are labels that the pods carry", () => {
        const { subsets } = find(manifests, "DestinationRule", "egov-hello").spec;
        for (const { name, labels } of subsets) {
            const pod = find(manifests, "Deployment", `egov-hello-${name}`).spec.template.metadata.labels;
            for (const [key, value] of Object.entries(labels)) assert.equal(pod[key], value);
        }
        assert.deepEqual(
            subsets.map(({ name, labels }: any) => [name, labels.variant]),
            [
                ["v1", "normal"],
                ["v2", "error"],
            ],
        );
    });

    it("E3 the route: hosts *, gateway istio-system/istio-ingressgateway, /a/b/c/hello to port 80", () => {
        const { hosts, gateways, http } = find(manifests, "VirtualService", "egov-hello").spec;
        assert.deepEqual([hosts, gateways], [["*"], ["istio-system/istio-ingressgateway"]]);
        assert.deepEqual(http[0], {
            match: [{ uri: { prefix: "/a/b/c/hello" } }],
            route: [{ destination: { host: "egov-hello.egov-app.svc.cluster.local", port: { number: 80 } } }],
        });
    });

    it("E8 E9 E10 the guide's routes under prefixes of their own", () => {
        const { http } = find(manifests, "VirtualService", "egov-hello").spec;
        const rule = (name: string) => http.find((one: any) => one.name === name);
        const shares = ({ route }: any) => route.map(({ destination, weight }: any) => [destination.subset, weight]);
        assert.deepEqual(shares(rule("canary")), [
            ["v1", 90],
            ["v2", 10],
        ]);
        assert.deepEqual(rule("mixed-faults").fault, {
            delay: { fixedDelay: "5s", percentage: { value: 50 } },
            abort: { httpStatus: 500, percentage: { value: 50 } },
        });
        const [{ destination, percentage }] = rule("mirror").mirrors;
        assert.deepEqual(
            [shares(rule("mirror")), destination.subset, percentage],
            [[["v1", 100]], "v2", { value: 100 }],
        );
    });

    it("E7 gateway-server on 9000 calls egov-hello by its Service", () => {
        const [container] = find(manifests, "Deployment", "gateway-server").spec.template.spec.containers;
        assert.deepEqual(container.args, [
            "-listen=:9000",
            "-forward=http://egov-hello.egov-app.svc.cluster.local:80/a/b/c/hello",
        ]);
    });

    it("C2 C4 a VirtualService and a DestinationRule a service, one Gateway for api.c4ang.com and *", () => {
        const ecommerce = services.map((service) => `ecommerce/${service}`);
        const others = manifests.filter(({ metadata }) => metadata.namespace !== "istioinaction");
        assert.deepEqual(names(others, "VirtualService"), [
            ...ecommerce,
            "egov-app/egov-hello",
            "istio-system/egress-partner",
        ]);
        assert.deepEqual(names(others, "DestinationRule"), [...ecommerce, "egov-app/egov-hello"]);
        assert.deepEqual(names(others, "Gateway"), [
            "ecommerce/ecommerce-gateway",
            "istio-system/istio-egressgateway",
            "istio-system/istio-ingressgateway",
        ]);
        const { selector, servers } = find(manifests, "Gateway", "ecommerce-gateway").spec;
        assert.deepEqual(selector, { istio: "ingressgateway" });
        assert.deepEqual(servers[0], {
            port: { number: 80, name: "http", protocol: "HTTP" },
            hosts: ["api.c4ang.com", "*"],
        });
    });

    it("P5 HTTPS with the Secret ecommerce-tls-cert of istio-system, and hosts of HTTPS only", () => {
        const { servers } = find(manifests, "Gateway", "ecommerce-gateway").spec;
        assert.deepEqual(
            servers.map(({ port, hosts }: any) => [port.name, port.number, hosts]),
            [
                ["http", 80, ["api.c4ang.com", "*"]],
                ["https", 443, ["api.c4ang.com", "*", "secure.c4ang.com"]],
                ["http-redirect", 80, ["secure.c4ang.com"]],
            ],
        );
        const { metadata, type, data } = find(manifests, "Secret", "ecommerce-tls-cert") as any;
        assert.deepEqual([metadata.namespace, type], ["istio-system", "kubernetes.io/tls"]);
        assert.deepEqual(Object.keys(data), ["tls.crt", "tls.key"]);
    });

    it("C9 the canary: a second Deployment of the same Service, subsets by version, the groups before everybody", () => {
        const candidate = find(manifests, "Deployment", "order-api-v2").spec.template.metadata.labels;
        assert.deepEqual([candidate.app, candidate.version], ["order-api", "v2"]);
        const { subsets } = find(manifests, "DestinationRule", "order-api").spec;
        assert.deepEqual(subsets, [
            { name: "stable", labels: { version: "v1" } },
            { name: "candidate", labels: { version: "v2" } },
        ]);
        const { http } = find(manifests, "VirtualService", "order-api").spec;
        assert.deepEqual(
            http.map(({ name, route }: any) => [name, route.map(({ weight }: any) => weight)]),
            [
                ["x-version", [undefined]],
                ["canary-header", [undefined]],
                ["canary-cookie", [undefined]],
                ["canary", [90, 10]],
            ],
        );
    });

    it("C3 every service: timeout 30s, 3 retries of 10s", () => {
        for (const service of services) {
            const { gateways, http } = find(manifests, "VirtualService", service).spec;
            assert.deepEqual(gateways, ["ecommerce-gateway"]);
            assert.equal(http[0].timeout, "30s");
            assert.deepEqual(http[0].retries, {
                attempts: 3,
                perTryTimeout: "10s",
                retryOn: "5xx,reset,connect-failure,refused-stream",
            });
        }
    });

    it("every Service leads to pods, every pod's ServiceAccount exists", () => {
        const pods = manifests
            .filter(({ kind }) => kind === "Deployment")
            .map(({ metadata, spec }) => ({ namespace: metadata.namespace, ...(spec as any).template }));
        for (const { metadata, spec } of manifests.filter(({ kind }) => kind === "Service"))
            assert.ok(
                pods.some(
                    (pod) =>
                        pod.namespace === metadata.namespace &&
                        Object.entries((spec as any).selector).every(
                            ([key, value]) => pod.metadata.labels[key] === value,
                        ),
                ),
                `no pod for the Service ${metadata.name}`,
            );
        const accounts = names(manifests, "ServiceAccount");
        for (const pod of pods) assert.ok(accounts.includes(`${pod.namespace}/${pod.spec.serviceAccountName}`));
    });

    it("C8 invalid objects of Istio's are refused from the start, with or without a revision label", () => {
        const validators = manifests.filter(({ kind }) => kind === "ValidatingWebhookConfiguration");
        assert.deepEqual(names(validators, "ValidatingWebhookConfiguration"), [
            "istio-validator-istio-system",
            "istiod-default-validator",
        ]);
        for (const { webhooks } of validators)
            for (const webhook of webhooks as object[]) assert.ok(!("failurePolicy" in webhook));
    });

    it("registers every Kubernetes object with the cluster's provider and under its own name", () => {
        const objects = run.resources.filter(({ type }) => type.startsWith("kubernetes:"));
        for (const { name, inputs, provider } of objects) {
            assert.equal(name, (inputs["metadata"] as { name: string }).name);
            assert.match(provider ?? "", /::pulumi:providers:kubernetes::cluster::/, `${name} has another provider`);
        }
    });

    it("exports what a user needs", () => {
        assert.deepEqual(Object.keys(run.outputs).sort(), ["gatewayUrl", "kubeconfigPath", "provenance", "reportPath"]);
        assert.equal(run.outputs["gatewayUrl"], "http://10.0.0.1:32314");
        assert.match(String(run.outputs["reportPath"]), /reports\/local\/index\.html$/);
    });
});

describe("Program: other configurations", function () {
    this.timeout(PATIENCE);
    const cluster = { kind: "embedded" };

    it("prod: production circuit breaker (E6), no error variant, disruption budget and autoscaler (P10)", async () => {
        const { manifests } = await previewStack("prod");
        const { outlierDetection } = find(manifests, "DestinationRule", "egov-hello").spec.trafficPolicy;
        assert.deepEqual(
            [outlierDetection.interval, outlierDetection.baseEjectionTime, outlierDetection.minHealthPercent],
            ["10s", "300s", 60],
        );
        assert.deepEqual(
            names(manifests, "Deployment").filter((name) => name.startsWith("egov-app")),
            ["egov-app/egov-hello-v1"],
        );
        assert.equal(find(manifests, "PodDisruptionBudget", "istio-ingressgateway").spec.minAvailable, 1);
        assert.equal(find(manifests, "HorizontalPodAutoscaler", "istio-ingressgateway").spec.minReplicas, 3);
        const { metadata, spec } = find(manifests, "Service", "istio-ingressgateway");
        assert.deepEqual([spec.type, spec.loadBalancerClass], ["LoadBalancer", "service.k8s.aws/nlb"]);
        assert.equal(metadata.annotations["service.beta.kubernetes.io/aws-load-balancer-scheme"], "internet-facing");
    });

    it("prod: the mesh knows the data stores, and reaches no other host (P6, T7)", async () => {
        const { manifests } = await previewStack("prod");
        const entry = (name: string) => {
            const { hosts, ports, location } = find(manifests, "ServiceEntry", name).spec;
            return [hosts, ports, location];
        };
        assert.deepEqual(entry("postgres"), [
            ["postgres.example"],
            [{ number: 5432, name: "tcp", protocol: "TCP" }],
            "MESH_EXTERNAL",
        ]);
        assert.deepEqual(entry("cache"), [
            ["cache.example"],
            [{ number: 6379, name: "tls", protocol: "TLS" }],
            "MESH_EXTERNAL",
        ]);
    });

    it("prod: nodes are emptied of one pod of each application at a time; gateways and control plane stay longest", async () => {
        const { manifests } = await previewStack("prod");
        const budgets = names(manifests, "PodDisruptionBudget").filter((name) => !name.startsWith("istio-system/"));
        assert.deepEqual(budgets, [...services.map((service) => `ecommerce/${service}`), "egov-app/egov-hello"]);
        for (const service of services) {
            const { spec } = find(manifests, "PodDisruptionBudget", service);
            assert.deepEqual([spec.maxUnavailable, spec.selector], [1, { matchLabels: { app: service } }]);
        }
        const gateway = find(manifests, "Deployment", "istio-ingressgateway").spec.template.spec;
        assert.equal(gateway.priorityClassName, "system-cluster-critical");
        assert.equal(gateway.topologySpreadConstraints[0].topologyKey, "topology.kubernetes.io/zone");
    });

    it("prod: pods reach the data stores and nothing else outside (P6, S6)", async () => {
        const { manifests } = await previewStack("prod");
        const { egress } = find(manifests, "NetworkPolicy", "ecommerce-declared-only").spec;
        const outside = egress.filter(({ to }: any) => to.some((peer: any) => peer.ipBlock));
        assert.deepEqual(outside, [
            {
                to: ["10.20.108.0/22", "10.20.112.0/22", "10.20.116.0/22"].map((cidr) => ({ ipBlock: { cidr } })),
                ports: [
                    { port: 5432, protocol: "TCP" },
                    { port: 6379, protocol: "TCP" },
                ],
            },
        ]);
    });

    it("prod: requests come to the public name, once it leads to the load balancer", async () => {
        const { outputs, resources } = await previewStack("prod");
        assert.equal(outputs["gatewayUrl"], "http://api.c4ang.com:80");
        const types = resources.map(({ type }) => type);
        const alias = types.lastIndexOf("aws:route53/record:Record");
        assert.ok(alias > types.indexOf("kubernetes:core/v1:Service"));
    });

    it("local: neither a disruption budget nor an autoscaler", async () => {
        const { manifests } = await previewStack("local");
        assert.deepEqual(names(manifests, "PodDisruptionBudget"), []);
        assert.deepEqual(names(manifests, "HorizontalPodAutoscaler"), []);
    });

    it("E8 weights lead to subsets", async () => {
        const { manifests } = await runProgram({
            config: { cluster, egov: { hello: { weights: { v1: 80, v2: 20 } } } },
        });
        const [{ route }] = find(manifests, "VirtualService", "egov-hello").spec.http;
        assert.deepEqual(
            route.map(({ destination, weight }: any) => [destination.subset, weight]),
            [
                ["v1", 80],
                ["v2", 20],
            ],
        );
    });

    it("http-echo instead of the sample app", async () => {
        const { manifests } = await runProgram({
            config: { cluster, egov: { enabled: false }, sampleImage: { app: "http-echo" } },
        });
        const [container] = find(manifests, "Deployment", "order-api").spec.template.spec.containers;
        assert.equal(container.image, "hashicorp/http-echo:1.0.0");
        assert.deepEqual(container.args, ["-listen=:5678", "-text=Order Service Test Response"]);
        assert.deepEqual(names(manifests, "Namespace"), ["ecommerce", "istio-system"]);
    });

    it("P7 charts of a repository or mirror, pinned to the version", async () => {
        const { resources, manifests } = await runProgram({
            config: { cluster, mesh: { charts: { source: "repository", url: "https://charts.example.com" } } },
        });
        const charts = resources.filter(({ type }) => type === "kubernetes:helm.sh/v4:Chart");
        assert.deepEqual(
            charts.map(({ inputs }) => [inputs["chart"], inputs["version"], (inputs["repositoryOpts"] as any).repo]),
            [
                ["base", "1.29.1", "https://charts.example.com"],
                ["istiod", "1.29.1", "https://charts.example.com"],
            ],
        );
        assert.ok(!names(manifests, "Deployment").includes("istio-system/istiod"));
    });

    it("a wrong configuration registers nothing", async () => {
        let resources: unknown[] = [];
        await assert.rejects(
            runProgram({ config: { cluster: { kind: "minikube" } }, onResources: (list) => (resources = list) }),
            (error: Error) => {
                assert.equal(error.constructor.name, "RunError");
                assert.match(
                    error.message,
                    /^The stack's configuration has a problem:\n {2}istio-platform:cluster\.kind: /,
                );
                return true;
            },
        );
        assert.deepEqual(resources, []);
    });
});

describe("Program: provenance", () => {
    it("repeats what the starter of Pulumi says, a line each", () => {
        assert.deepEqual(toolProvenance({ ISTIO_PLATFORM_PROVENANCE: "stand-in provider\n\n  stand-in host \n" }), [
            "stand-in provider",
            "stand-in host",
        ]);
        assert.deepEqual(toolProvenance({}), []);
    });
});

describe("Program: the control plane rendered beforehand", function () {
    this.timeout(PATIENCE);
    const text = readFileSync(join(__dirname, "../../../components/mesh/rendered/control-plane.json"), "utf8");
    const rendered = JSON.parse(text) as Manifest[];

    it("is of the Istio version that is the default", () => {
        const istiod = find(rendered, "Deployment", "istiod");
        assert.equal(istiod.spec.template.spec.containers[0].image, "docker.io/istio/pilot:1.29.1");
    });

    it("is what istioctl renders (else: npx tsx components/mesh/rendered/update.ts)", async function () {
        const istioctl = await findIstioctl();
        if (!istioctl) return this.skip(); // Not built yet: the end-to-end tests build it.
        assert.deepEqual(rendered, await renderDefaults(istioctl));
    });
});
