import { strict as assert } from "node:assert";
import { platform } from "../../../components/config/platform";
import { controlPlaneValues, ISTIO_NAMESPACE } from "../../../components/mesh";
import { filterDeployment, filterPolicySpec, filterService } from "../../../components/security";

const configOf = (requestFilter: object) =>
    platform.parse({ cluster: { kind: "embedded" }, mesh: { ingressGateway: { requestFilter } } }).mesh;
const images = { hub: "docker.io/istio", tag: "1.29.1", proxyDistribution: "vanilla-envoy" } as const;

describe("Security: the request filter", () => {
    const mesh = configOf({});
    const config = mesh.ingressGateway.requestFilter!;

    it("C14 refuses with 400 what the rules of level 1 take for an attack", () => {
        const [container] = filterDeployment({ config, image: "filter:1" }).spec.template.spec.containers;
        assert.equal(container!.image, "filter:1");
        assert.deepEqual(container!.args, [
            "-listen=:9001",
            "-mode=on",
            "-status=400",
            "-paranoia-level=1",
            "-anomaly-threshold=5",
            "-max-body-bytes=16384",
        ]);
    });

    it("C14 is asked by the gateway about every path of the shop", () => {
        const spec = filterPolicySpec({ config, selector: { istio: "ingressgateway" } });
        assert.deepEqual(spec.selector, { matchLabels: { istio: "ingressgateway" } });
        assert.deepEqual([spec.action, spec.provider], ["CUSTOM", { name: "request-filter" }]);
        assert.deepEqual(spec.rules, [{ to: [{ operation: { paths: ["/api/v1*"] } }] }]);
    });

    it("C14 is found by the provider's name, gets whole bodies, and without its answer nothing passes", () => {
        const [provider] = controlPlaneValues(mesh, images).meshConfig.extensionProviders!;
        const { metadata, spec } = filterService();
        const { service, port, failOpen, statusOnError, includeRequestBodyInCheck, timeout } =
            provider!.envoyExtAuthzGrpc!;
        assert.equal(provider!.name, filterPolicySpec({ config, selector: {} }).provider.name);
        assert.equal(service, `${ISTIO_NAMESPACE}/${metadata.name}.${metadata.namespace}.svc.cluster.local`);
        assert.equal(port, spec.ports[0]!.port);
        assert.deepEqual([failOpen, statusOnError, timeout], [false, "503", "2s"]);
        assert.deepEqual(includeRequestBodyInCheck, {
            maxRequestBytes: 16384,
            allowPartialMessage: false,
            packAsBytes: true,
        });
        const open = controlPlaneValues(configOf({ whenUnavailable: "pass" }), images).meshConfig;
        assert.equal(open.extensionProviders![0]!.envoyExtAuthzGrpc!.failOpen, true);
    });

    it("is not there unless it is wanted", () => {
        const none = platform.parse({ cluster: { kind: "embedded" } }).mesh;
        assert.equal(none.ingressGateway.requestFilter, undefined);
        assert.ok(!("extensionProviders" in controlPlaneValues(none, images).meshConfig));
    });
});
