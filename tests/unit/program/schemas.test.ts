import { strict as assert } from "node:assert";
import type { Manifest } from "../../../components/mesh/manifest";
import { schemaProblems } from "../../schemas/validate";
import { configOf, previewStack, runProgram } from "../../support/program";

describe("Every object that the program registers is valid", function () {
    // A run takes half a second; a machine that is busy with other things may take far longer.
    this.timeout(60_000);

    for (const stack of ["local", "dev", "prod"])
        it(`in the stack ${stack}: by the schemas of Kubernetes and of Istio's custom resource definitions`, async () => {
            const { manifests } = await previewStack(stack);
            const problems = manifests.flatMap((manifest) => schemaProblems(manifest, manifests));
            assert.deepEqual(problems, []);
            assert.ok(manifests.length > 80, `only ${manifests.length} objects were registered`);
        });

    it("with weights and an autoscaler", async () => {
        const { manifests } = await runProgram({
            config: {
                cluster: { kind: "embedded" },
                egov: { hello: { weights: { v1: 90, v2: 10 } } },
                mesh: { ingressGateway: { autoscaling: { minReplicas: 2, maxReplicas: 4 } } },
            },
        });
        assert.deepEqual(
            manifests.flatMap((manifest) => schemaProblems(manifest, manifests)),
            [],
        );
    });

    it("S7 with a global rate limit", async () => {
        const { manifests } = await runProgram({
            config: { cluster: { kind: "embedded" }, ecommerce: { globalRateLimit: {} } },
        });
        assert.deepEqual(
            manifests.flatMap((manifest) => schemaProblems(manifest, manifests)),
            [],
        );
        const own = manifests.filter(({ metadata }) => /rate-limit/.test(metadata.name)).map(({ kind }) => kind);
        assert.deepEqual(own.sort(), [
            ...["AuthorizationPolicy", "AuthorizationPolicy", "ConfigMap", "Deployment", "Deployment", "EnvoyFilter"],
            ...["Service", "Service", "ServiceAccount", "ServiceAccount"],
        ]);
    });

    it("P12 with routes in the Gateway API", async () => {
        const { manifests } = await runProgram({ config: configOf("tests/e2e/Pulumi.gateway-api.yaml") });
        assert.deepEqual(
            manifests.flatMap((manifest) => schemaProblems(manifest, manifests)),
            [],
        );
        const kinds = manifests.map(({ apiVersion, kind }) => `${apiVersion}/${kind}`);
        const count = (kind: string) => kinds.filter((one) => one === kind).length;
        assert.equal(count("gateway.networking.k8s.io/v1/Gateway"), 2);
        assert.equal(count("gateway.networking.k8s.io/v1/HTTPRoute"), 7);
        assert.equal(count("networking.istio.io/v1/VirtualService") + count("networking.istio.io/v1/Gateway"), 0);
    });

    describe("and the check notices", () => {
        let manifests: Manifest[];
        before(async () => ({ manifests } = await previewStack("local")));
        // eslint-disable-next-line @typescript-eslint/no-explicit-any -- made wrong on purpose
        const broken = (kind: string, change: (manifest: any) => void) => {
            const manifest = structuredClone(manifests.find((candidate) => candidate.kind === kind)!);
            change(manifest);
            return schemaProblems(manifest, manifests);
        };

        it("an unknown field of a Deployment", () => {
            assert.match(
                broken("Deployment", ({ spec }) => (spec.replica = 1)).join(),
                /additional properties.*replica/,
            );
        });
        it("a wrong type in a pod", () => {
            assert.match(
                broken(
                    "Deployment",
                    ({ spec }) => (spec.template.spec.containers[0].ports[0].containerPort = "80"),
                ).join(),
                /must be integer/,
            );
        });
        it("a field of a route that Istio does not know", () => {
            assert.match(
                broken("VirtualService", ({ spec }) => (spec.http[0].route[0].percent = 10)).join(),
                /additional properties.*percent/,
            );
        });
        it("a load balancer that Istio does not have", () => {
            assert.match(
                broken("DestinationRule", ({ spec }) => (spec.trafficPolicy.loadBalancer.simple = "FASTEST")).join(),
                /allowed values/,
            );
        });
    });
});
