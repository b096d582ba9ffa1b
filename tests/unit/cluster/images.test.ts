import assert from "node:assert/strict";
import { resolveImages } from "../../../components/cluster/images";
import { platform, PlatformInput } from "../../../components/config/platform";
import { stackFileConfig } from "../../support/program";

const stack = (input: Omit<PlatformInput, "cluster"> & { cluster?: PlatformInput["cluster"] } = {}) =>
    platform.parse({ cluster: { kind: "embedded", name: "unit-no-such" }, ...input });
const reachable = () => Promise.resolve(true);
const closed = () => Promise.resolve(false);
const unasked = () => Promise.reject(new Error("the registry was asked"));

describe("images of a stack", () => {
    it("are built where no registry can be reached, and every report says so", async () => {
        const images = await resolveImages(stack(), closed);
        assert.equal(images.proxyDistribution, "vanilla-envoy");
        assert.match(images.sampleApp, /^docker.io\/library\/istio-platform-sample-app:[0-9a-f]{12}$/);
        const names = images.bundled.map(({ name }) => name);
        for (const name of ["docker.io/istio/pilot:1.29.1", "docker.io/istio/proxyv2:1.29.1", images.sampleApp])
            assert.ok(names.includes(name), `${name} is not among ${names.join(", ")}`);
        for (const name of names)
            assert.ok(
                images.provenance.some((line) => line.includes(name) && /built here/.test(line)),
                name,
            );
    });

    it("are the official ones where the registry answers; only the project's own are built", async () => {
        const images = await resolveImages(stack(), reachable);
        assert.equal(images.proxyDistribution, "istio");
        assert.ok(!images.bundled.some(({ name }) => name.includes("istio/")), "an Istio image is built");
        assert.ok(images.provenance.some((line) => /istio\/pilot.*pulled/.test(line)));
    });

    it("are the configured ones", async () => {
        const sampleImage = { app: "sample-app" as const, image: "registry.example/app:1" };
        const images = await resolveImages(
            stack({ sampleImage, mesh: { imageHub: "mirror.example/istio" } }),
            reachable,
        );
        assert.equal(images.hub, "mirror.example/istio");
        assert.equal(images.sampleApp, "registry.example/app:1");
        assert.ok(!images.bundled.some(({ name }) => name.includes("sample-app")));
    });

    it("C14 have the request filter where one is wanted, built here unless another is named", async () => {
        const filtered = (requestFilter?: { image?: string }) =>
            resolveImages(stack({ mesh: { ingressGateway: { requestFilter } } }), reachable);
        const isFilter = ({ name }: { name: string }) => name.includes("request-filter");
        const built = await filtered({});
        assert.match(built.requestFilter, /^docker.io\/library\/istio-platform-request-filter:[0-9a-f]{12}$/);
        assert.deepEqual(
            built.bundled.filter(isFilter).map(({ name }) => name),
            [built.requestFilter],
        );
        assert.ok(
            built.provenance.some((line) => line === `${built.requestFilter}: built here from services/request-filter`),
        );
        assert.ok(!(await filtered()).bundled.some(isFilter));
        const named = await filtered({ image: "registry.example/filter:1" });
        assert.deepEqual([named.requestFilter, named.bundled.filter(isFilter)], ["registry.example/filter:1", []]);
    });

    it("of a kind cluster are those of the mesh; its nodes have Kubernetes' own", async () => {
        const kind = { kind: "kind" as const, name: "unit-no-such" };
        const built = await resolveImages(stack({ cluster: { ...kind, nodeImage: "example/node:1" } }), closed);
        assert.equal(built.proxyDistribution, "vanilla-envoy");
        assert.deepEqual(
            built.bundled.map(({ name }) => name.replace(/:.*/, "")),
            ["docker.io/istio/pilot", "docker.io/istio/proxyv2", built.sampleApp.replace(/:.*/, "")],
        );
        assert.match(built.provenance[0]!, /^example\/node:1: image of the nodes/);
        const pulled = await resolveImages(stack({ cluster: kind }), reachable);
        assert.deepEqual(
            pulled.bundled.map(({ name }) => name),
            [pulled.sampleApp],
        );
        const registryMirrors = { "docker.io": ["https://mirror.example"] };
        const mirrored = await resolveImages(stack({ cluster: { ...kind, registryMirrors } }), unasked);
        assert.deepEqual(
            mirrored.bundled.map(({ name }) => name),
            [mirrored.sampleApp],
        );
    });

    it("S7 have the rate limit service and Redis where a global limit is wanted, built here unless others are named", async () => {
        const limited = (globalRateLimit?: { image?: string; redisImage?: string }) =>
            resolveImages(stack({ ecommerce: { globalRateLimit } }), reachable);
        const own = ({ name }: { name: string }) => /istio-platform-(rate-limit|redis):/.test(name);
        const built = await limited({});
        assert.match(built.rateLimit, /^docker.io\/library\/istio-platform-rate-limit:[0-9a-f]{12}$/);
        assert.match(built.redis, /^docker.io\/library\/istio-platform-redis:[0-9a-f]{12}$/);
        assert.deepEqual(
            built.bundled.filter(own).map(({ name }) => name),
            [built.rateLimit, built.redis],
        );
        assert.ok(!(await limited()).bundled.some(own));
        const named = await limited({ image: "registry.example/service:1", redisImage: "registry.example/redis:1" });
        assert.deepEqual(
            [named.rateLimit, named.redis, named.bundled.filter(own)],
            ["registry.example/service:1", "registry.example/redis:1", []],
        );
    });

    it("ask no registry on EKS, whose nodes pull every image", async () => {
        const images = await resolveImages(platform.parse(stackFileConfig("prod")), unasked);
        assert.deepEqual([images.bundled, images.proxyDistribution], [[], "istio"]);
    });
});
