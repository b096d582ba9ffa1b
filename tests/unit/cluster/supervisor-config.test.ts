import assert from "node:assert/strict";
import {
    changeBetween,
    missingImages,
    supervisorConfig,
    SupervisorConfig,
} from "../../../components/cluster/embedded/supervisor-config";

const cluster = {
    name: "local",
    nodes: [{ zone: "zone-a" }],
    hostPorts: [{ hostPort: 30000, nodePort: 30000 }],
    networkPolicies: false,
};
const tools = { bin: "/tools/bin", system: "/tools/system" };
const image = (name: string, digest = "sha256:1") => ({ name, archive: `/images/${name}.tar`, digest });
const base = supervisorConfig(cluster, tools, [image("istio/pilot:1"), image("registry.k8s.io/pause:3.10")]);

describe("configuration of the supervisor", () => {
    it("imports first what every pod needs", () => {
        const names = ["docker.io/istio/pilot:1", "registry.k8s.io/coredns/coredns:v1", "registry.k8s.io/pause:3.10"];
        const { images } = supervisorConfig(
            cluster,
            tools,
            names.map((name) => image(name)),
        );
        assert.deepEqual(
            images.map(({ name }) => name),
            [names[2], names[1], names[0]],
        );
    });

    it("passes on nothing but what the supervisor knows", () => {
        const rich = { ...image("a:1"), provenance: "built here" };
        assert.deepEqual(supervisorConfig({ ...cluster, ...{ kind: "embedded" } }, tools, [rich]), {
            ...cluster,
            ...tools,
            images: [image("a:1")],
        });
    });

    const changes: [string, Partial<SupervisorConfig>, string][] = [
        ["nothing", {}, "none"],
        ["fewer images", { images: [] }, "none"],
        ["another image", { images: [image("istio/pilot:2")] }, "import"],
        ["another build of an image", { images: [image("istio/pilot:1", "sha256:2")] }, "import"],
        ["other ports", { hostPorts: [] }, "restart"],
        ["another duty", { networkPolicies: true }, "restart"],
        ["other programs", { bin: "/new/bin" }, "restart"],
        ["another zone", { nodes: [{ zone: "zone-b" }] }, "replace"],
        ["more nodes", { nodes: [{ zone: "zone-a" }, { zone: "zone-b" }] }, "replace"],
        ["more nodes and other programs", { nodes: [], bin: "/new/bin" }, "replace"],
    ];
    for (const [title, change, expected] of changes)
        it(`${title}: ${expected}`, () => assert.equal(changeBetween(base, { ...base, ...change }), expected));

    it("names the images that are missing", () => {
        const wanted = { ...base, images: [...base.images, image("app:1")] };
        assert.deepEqual(missingImages(base, wanted), [image("app:1")]);
    });
});
