import { strict as assert } from "node:assert";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mesh } from "../../../components/config/mesh";
import { gatewayDeployment, gatewayServices, INGRESS_GATEWAY_SELECTOR } from "../../../components/mesh/ingress-gateway";
import { renderControlPlane } from "../../../components/mesh/render";
import { compact } from "../../../components/mesh/rendered/compact";
import { controlPlaneValues, istioOperator } from "../../../components/mesh/values";

const config = mesh.parse({});
const images = { hub: "docker.io/istio", tag: "1.29.1", proxyDistribution: "istio" } as const;

describe("Mesh: values of Istio's charts", () => {
    it("P7 P8 take images and sizes from the configuration", () => {
        const { global, pilot } = controlPlaneValues(config, images);
        assert.deepEqual([global.hub, global.tag], ["docker.io/istio", "1.29.1"]);
        assert.deepEqual(global.proxy.resources.limits, { cpu: "2", memory: "1Gi" });
        assert.deepEqual(pilot.resources, { requests: { cpu: "50m", memory: "128Mi" }, limits: { memory: "1Gi" } });
    });

    it("P14 write an access log, as the configuration says", () => {
        const log = (accessLog: object) => {
            const own = mesh.parse({ accessLog });
            const { accessLogFile, accessLogEncoding } = controlPlaneValues(own, images).meshConfig;
            return [accessLogFile, accessLogEncoding];
        };
        assert.deepEqual(log({}), ["/dev/stdout", "JSON"]);
        assert.deepEqual(log({ encoding: "TEXT" }), ["/dev/stdout", "TEXT"]);
        assert.deepEqual(log({ enabled: false })[0], "");
    });

    it("P11 T7 let pods reach what the configuration says", () => {
        const closed = { ...config, outboundTrafficPolicy: "REGISTRY_ONLY" } as const;
        assert.equal(controlPlaneValues(config, images).meshConfig.outboundTrafficPolicy.mode, "ALLOW_ANY");
        assert.equal(controlPlaneValues(closed, images).meshConfig.outboundTrafficPolicy.mode, "REGISTRY_ONLY");
    });

    it("C14 give a path one meaning, however it is written", () => {
        const { pathNormalization } = controlPlaneValues(config, images).meshConfig;
        assert.deepEqual(pathNormalization, { normalization: "DECODE_AND_MERGE_SLASHES" });
    });

    it("leave Istio's own filters on for Istio's own proxy", () => {
        const { pilot, telemetry, meshConfig } = controlPlaneValues(config, images);
        assert.ok(!("PILOT_ENABLE_ALPN_FILTER" in pilot.env || "PILOT_ENABLE_METADATA_EXCHANGE" in pilot.env));
        assert.deepEqual([telemetry.enabled, meshConfig.enablePrometheusMerge], [true, true]);
    });

    it("T6 mark mirrored copies by their Host", () => {
        assert.equal(controlPlaneValues(config, images).pilot.env.DISABLE_SHADOW_HOST_SUFFIX, "false");
    });

    it("leave out what vanilla Envoy does not have", () => {
        const vanilla = controlPlaneValues(config, { ...images, proxyDistribution: "vanilla-envoy" });
        assert.deepEqual(vanilla.pilot.env, {
            DISABLE_SHADOW_HOST_SUFFIX: "false",
            PILOT_ENABLE_ALPN_FILTER: "false",
            PILOT_ENABLE_METADATA_EXCHANGE: "false",
        });
        assert.deepEqual([vanilla.telemetry.enabled, vanilla.meshConfig.enablePrometheusMerge], [false, true]);
    });

    it("give every sidecar a CPU limit, of which the injection template makes the number of threads", () => {
        const sidecar = { requests: { cpu: "10m", memory: "64Mi" }, limits: { memory: "1Gi" } };
        assert.equal(controlPlaneValues({ ...config, sidecar }, images).global.proxy.resources.limits.cpu, "2");
    });
});

describe("Mesh: ingress gateway", () => {
    const gateway = config.ingressGateway;

    it("P10 Service 80 -> 8080 `http2` at NodePort 32314", () => {
        const [service] = gatewayServices(gateway);
        assert.equal(service!.metadata.name, "istio-ingressgateway");
        assert.equal(service!.spec.type, "NodePort");
        assert.deepEqual(
            service!.spec.ports.find(({ name }) => name === "http2"),
            { name: "http2", port: 80, targetPort: 8080, nodePort: 32314 },
        );
    });

    it("P2 a second Service for the NodePorts 30000 and 30005", () => {
        const [, second] = gatewayServices(gateway);
        assert.equal(second!.metadata.name, "istio-ingressgateway-http");
        assert.deepEqual(second!.spec.ports, [
            { name: "http2", port: 80, targetPort: 8080, nodePort: 30000 },
            { name: "https", port: 443, targetPort: 8443, nodePort: 30005 },
        ]);
    });

    it("P3 one load balancer where there is one, without fixed NodePorts", () => {
        const services = gatewayServices({ ...gateway, serviceType: "LoadBalancer" });
        assert.equal(services.length, 1);
        assert.ok(services[0]!.spec.ports.every((port) => !("nodePort" in port)));
    });

    it("P10 the proxies carry the label that Gateways select, and istiod makes them out of their container", () => {
        const { template, selector } = gatewayDeployment(gateway).spec;
        assert.deepEqual(INGRESS_GATEWAY_SELECTOR, { istio: "ingressgateway" });
        assert.deepEqual(selector.matchLabels, INGRESS_GATEWAY_SELECTOR);
        const labels: Record<string, string> = template.metadata.labels;
        assert.equal(labels["istio"], "ingressgateway");
        assert.equal(labels["sidecar.istio.io/inject"], "true");
        assert.equal(template.metadata.annotations["inject.istio.io/templates"], "gateway");
        assert.equal(template.spec.containers[0]!.image, "auto");
        assert.equal(template.spec.containers[0]!.imagePullPolicy, "IfNotPresent");
    });

    it("P10 leaves the number of proxies to the autoscaler where there is one", () => {
        const autoscaling = { minReplicas: 2, maxReplicas: 4, cpuUtilization: 80 };
        assert.equal(gatewayDeployment(gateway).spec.replicas, 1);
        assert.ok(!("replicas" in gatewayDeployment({ ...gateway, autoscaling }).spec));
    });
});

describe("Mesh: rendering of the charts", () => {
    const operator = istioOperator(controlPlaneValues(config, images));
    let directory: string;
    beforeEach(() => (directory = mkdtempSync(join(tmpdir(), "render-test-"))));
    afterEach(() => rmSync(directory, { recursive: true }));

    /** A stand-in for istioctl: a script that counts its calls. */
    function istioctl(generate: string, version = "1.29.1"): string {
        const file = join(directory, "istioctl");
        writeFileSync(
            file,
            `#!/bin/sh\nif [ "$1" = version ]; then echo '{"clientVersion":{"version":"${version}"}}'; exit; fi\necho x >> ${directory}/calls\n${generate}\n`,
        );
        chmodSync(file, 0o755);
        return file;
    }
    const render = (file: string) =>
        renderControlPlane(operator, { istioctl: file, version: "1.29.1", cacheDirectory: join(directory, "cache") });
    const calls = () => readFileSync(join(directory, "calls"), "utf8").trim().split("\n").length;
    const document = "printf 'kind: A\\nmetadata: {name: a}\\n---\\n---\\nkind: B\\nmetadata: {name: b}\\n'";

    it("gives every object, and runs istioctl once for equal values", async () => {
        const file = istioctl(document);
        const first = await render(file);
        assert.deepEqual(
            first.map(({ kind }) => kind),
            ["A", "B"],
        );
        assert.deepEqual(await render(file), first);
        assert.equal(calls(), 1);
    });

    it("renders again when what it kept was cut off", async () => {
        const file = istioctl(document);
        await render(file);
        const [kept] = readdirSync(join(directory, "cache"));
        writeFileSync(join(directory, "cache", kept!), '[{"kind"');
        assert.equal((await render(file)).length, 2);
    });

    it("refuses an istioctl of another version, and says what to do", async () => {
        await assert.rejects(
            render(istioctl(document, "1.28.0")),
            /has the charts of Istio 1\.28\.0, but istio-platform:mesh\.version is 1\.29\.1\. Set mesh\.version/,
        );
    });

    it("repeats what istioctl says when it fails, and keeps nothing", async () => {
        await assert.rejects(
            render(istioctl("echo 'unknown field \"foo\"' >&2; exit 1")),
            /could not render the control plane: unknown field "foo"/,
        );
        assert.throws(() => readdirSync(join(directory, "cache")));
    });

    it("drops descriptions of definitions only, not properties of that name", () => {
        const definition = {
            apiVersion: "v1",
            kind: "CustomResourceDefinition",
            metadata: { name: "x" },
            schema: { description: "text", properties: { description: { type: "string", description: "text" } } },
        };
        assert.deepEqual(compact(definition)["schema"], { properties: { description: { type: "string" } } });
    });
});
