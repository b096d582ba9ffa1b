import { strict as assert } from "node:assert";
import { controlPlaneValues } from "../../../components/mesh";
import { tracingSpec } from "../../../components/mesh/tracing";
import { JAEGER, jaegerUrl, spanCollector } from "../../../components/config/monitoring/tracing";
import { resolveImages } from "../../../components/cluster/images";
import { platform, type PlatformConfig } from "../../../components/config/platform";
import { jaegerDeployment, jaegerService, jaegerSettings } from "../../../components/monitoring/jaeger";
import { declaredPolicies } from "../../../components/security/network-policies";
import { jaegerImage } from "../../../tools/jaeger";
import { callChain } from "../../verification/specs/support/callers";
import { rowOf, type Span } from "../../verification/specs/support/traces";

const configOf = (tracing?: object, enabled = true) =>
    platform.parse({
        cluster: { kind: "embedded", networkPolicies: true },
        mesh: { networkPolicies: {}, outboundTrafficPolicy: "REGISTRY_ONLY" },
        monitoring: { enabled, ...(tracing && { tracing }) },
    });
const images = { hub: "docker.io/istio", tag: "1.29.1", proxyDistribution: "vanilla-envoy" } as const;

describe("Monitoring: traces", () => {
    it("P14 the mesh knows the collector where traces are wanted, and else none", () => {
        const collector = spanCollector(configOf({}));
        const [provider] = controlPlaneValues(configOf().mesh, images, undefined, collector).meshConfig
            .extensionProviders!;
        assert.deepEqual(provider, {
            name: "jaeger",
            opentelemetry: { service: "jaeger.egov-monitoring.svc.cluster.local", port: 4317 },
        });
        for (const config of [configOf(), configOf({}, false)]) {
            assert.equal(spanCollector(config), undefined);
            assert.ok(!("extensionProviders" in controlPlaneValues(config.mesh, images).meshConfig));
        }
    });

    it("P14 all requests are traced, as in the study, unless another share is declared", () => {
        assert.equal(configOf({}).monitoring.tracing!.samplingPercent, 100);
        const { customTags, ...settings } = tracingSpec(0.5).tracing[0]!;
        assert.deepEqual(settings, { providers: [{ name: "jaeger" }], randomSamplingPercentage: 0.5 });
        assert.equal(customTags.upstream_address.formatter.value, "%UPSTREAM_HOST%");
        assert.throws(() => configOf({ samplingPercent: 101 }));
    });

    it("P7 Jaeger's image is the one that can be built, and is brought to a cluster where traces are wanted", async () => {
        const bundled = async (config: PlatformConfig) => {
            const { bundled: images } = await resolveImages(config, () => Promise.resolve(false));
            return images.some(({ name }) => name === jaegerImage());
        };
        assert.equal(configOf({}).monitoring.tracing!.image, jaegerImage());
        assert.deepEqual(
            [await bundled(configOf({})), await bundled(configOf()), await bundled(configOf({}, false))],
            [true, false, false],
        );
    }).timeout(60_000);

    it("E16 Jaeger keeps the declared number of traces and answers below its path", () => {
        const settings = jaegerSettings(configOf({ maxTraces: 7 }).monitoring.tracing!);
        assert.equal(settings.extensions.jaeger_storage.backends.traces.memory.max_traces, 7);
        assert.equal(settings.extensions.jaeger_query.base_path, "/jaeger");
        assert.equal(settings.receivers.otlp.protocols.grpc.endpoint, "0.0.0.0:4317");
        assert.equal(jaegerUrl("m"), "http://jaeger.m.svc.cluster.local:16686/jaeger");
    });

    it("E16 other settings make another pod; Service and pod agree on labels and ports", () => {
        const of = (tracing: object) =>
            jaegerDeployment({ config: configOf(tracing).monitoring.tracing!, namespace: "m" });
        const annotations = (tracing: object) => of(tracing).spec.template.metadata.annotations;
        assert.notDeepEqual(annotations({ maxTraces: 7 }), annotations({}));
        const { metadata, spec } = of({}).spec.template;
        const { selector, ports } = jaegerService({ namespace: "m" }).spec;
        assert.deepEqual(metadata.labels, selector);
        const named = spec.containers[0]!.ports.map(({ name }) => name);
        assert.ok(ports.every(({ targetPort }) => named.includes(targetPort)));
    });

    it("S6 spans come from the mesh alone, and the systems reach nothing else of the monitoring", () => {
        const policies = declaredPolicies(configOf({}));
        const own = policies.find(({ name }) => name === "egov-monitoring-jaeger")!;
        const [spans] = own.from;
        assert.deepEqual(
            spans!.ports!.map(({ port }) => port),
            [JAEGER.spans, JAEGER.spansHttp],
        );
        assert.deepEqual(
            spans!.peers!.map((peer) => "namespace" in peer && peer.namespace),
            ["egov-app", "egov-infra", "ecommerce", "istio-system"],
        );
        const shop = policies.find(({ name }) => name === "ecommerce-declared-only")!;
        const toJaeger = shop.to!.filter(({ peers = [] }) =>
            peers.some((peer) => "namespace" in peer && peer.namespace === "egov-monitoring"),
        );
        assert.deepEqual(
            toJaeger.map(({ ports }) => ports),
            [[{ port: 4317 }]],
        );
        assert.ok(!declaredPolicies(configOf()).some(({ name }) => name.endsWith("-jaeger")));
    });
});

describe("Suite: traces", () => {
    const span = (id: string, parent?: string): Span => ({ id, parent: parent!, pod: id, kind: "server", status: 200 });

    it("are a row where every span is the only part of another one", () => {
        const row = rowOf([span("c", "b"), span("a", "root"), span("b", "a")], "root");
        assert.deepEqual(
            row?.map(({ id }) => id),
            ["a", "b", "c"],
        );
        assert.deepEqual(rowOf([], "root"), []);
        assert.equal(rowOf([span("a", "root"), span("b", "a"), span("c", "a")], "root"), undefined);
        assert.equal(rowOf([span("a", "root"), span("b", "other")], "root"), undefined);
    });

    it("C7 follow the longest row of declared calls", () => {
        const config = (ecommerce: object) => platform.parse({ cluster: { kind: "embedded" }, ecommerce });
        assert.deepEqual(callChain(config({ authorization: {} })), [
            ...["saga-tracker", "payment-api", "order-api", "customer-api"],
        ]);
        assert.equal(callChain(config({})).length, 4);
        assert.equal(callChain(config({ authorization: { calls: {} } })).length, 1);
    });
});
