import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Entrance } from "../../../../components/cluster/cluster";
import { KindCluster } from "../../../../components/cluster/kind/kind-cluster";
import { KindNodes, kindNodesProvider } from "../../../../components/cluster/kind/resource";
import { kindCluster } from "../../../../components/config/cluster";

/** The command line that the provider calls: a stand-in that writes down its input and answers as the file says. */
const commandLine = `
import { appendFileSync, readFileSync } from "node:fs";
const [, , , , command] = process.argv;
appendFileSync("calls", command + " " + readFileSync(0, "utf8") + "\\n");
console.log(readFileSync("answer", "utf8"));
`;

describe("kind cluster: its resource", () => {
    const directory = mkdtempSync(join(tmpdir(), "kind-resource-"));
    const inputs = {
        projectDirectory: directory,
        name: "dev",
        nodes: [{ zone: "zone-a" }],
        hostPorts: [],
        registryMirrors: {},
        adopt: false,
        images: [{ name: "app", digest: "1" }],
    };
    const outputs = { kubeconfig: "KUBECONFIG", kubeconfigPath: "/kubeconfig", address: "172.18.0.2" };
    const answer = (value: object) => writeFileSync(join(directory, "answer"), JSON.stringify(value));
    const diff = (news: Partial<typeof inputs> & { nodeImage?: string }) =>
        kindNodesProvider.diff!("dev", { ...inputs, ...outputs }, { ...inputs, ...news });

    before(() => {
        mkdirSync(join(directory, "bin"));
        writeFileSync(join(directory, "bin", "run.mjs"), commandLine);
    });
    after(() => rmSync(directory, { recursive: true }));

    it("is made and removed by the command line", async () => {
        answer(outputs);
        const { id, outs } = await kindNodesProvider.create(inputs);
        assert.deepEqual([id, outs], ["dev", { ...inputs, ...outputs }]);
        await kindNodesProvider.delete!(id, outs!);
        const calls = readFileSync(join(directory, "calls"), "utf8").trim().split("\n");
        assert.deepEqual(calls, [`apply ${JSON.stringify(inputs)}`, 'remove {"name":"dev"}']);
    });

    it("is unchanged where it runs as declared, and updated where it does not run", async () => {
        answer({ exists: true, running: true });
        assert.equal((await diff({})).changes, false);
        answer({ exists: true, running: false });
        assert.deepEqual(await diff({}), {
            changes: true,
            replaces: [],
            deleteBeforeReplace: true,
            stables: ["kubeconfigPath"],
        });
    });

    it("is updated for images and mirrors, and made anew for what kind can only set when it makes one", async () => {
        answer({ exists: true, running: true });
        assert.deepEqual((await diff({ images: [{ name: "app", digest: "2" }] })).replaces, []);
        assert.deepEqual((await diff({ registryMirrors: { "docker.io": ["https://mirror.example"] } })).replaces, []);
        assert.deepEqual((await diff({ nodes: [{ zone: "zone-b" }], nodeImage: "node:2" })).replaces, [
            "nodes",
            "nodeImage",
        ]);
    });

    it("says what to do where somebody has removed the cluster", async () => {
        answer({ exists: false, running: false });
        await assert.rejects(diff({}), /has been removed, but this stack still has resources on it.*npm run destroy/);
    });
});

describe("kind cluster: its component", () => {
    /** The component's outputs, and the resources that it registers. */
    async function deploy(settings: object) {
        const resources: pulumi.runtime.MockResourceArgs[] = [];
        await pulumi.runtime.setMocks({
            newResource(args) {
                resources.push(args);
                const told = { kubeconfig: "KUBECONFIG", kubeconfigPath: "/kubeconfig", address: "172.18.0.2" };
                return { id: args.name, state: { ...(args.inputs as object), ...told } };
            },
            call: ({ inputs }) => inputs as object,
        });
        const config = kindCluster.parse({ kind: "kind", ...settings });
        const told: Promise<[Entrance, Entrance, boolean]>[] = [];
        const goesWith: unknown[] = [];
        await pulumi.runtime.runInPulumiStack(() => {
            const images = [{ name: "app", digest: "1" }];
            const ports = { gatewayNodePort: 32314, secureNodePort: 30005 };
            const { gateway, secureGateway, kubeconfig } = new KindCluster("cluster", { config, images, ...ports });
            const all = pulumi.all([gateway, secureGateway, pulumi.isSecret(kubeconfig)]);
            told.push(new Promise((resolve) => all.apply(resolve)));
            pulumi.runtime.registerStackTransformation(({ type, props, opts }) => {
                if (type.startsWith("kubernetes:core")) goesWith.push(opts.deletedWith);
                return { props, opts };
            });
            new k8s.core.v1.Namespace("namespace", {});
            return Promise.resolve({});
        });
        const [http, https, secret] = await told[0]!;
        return { http, https, secret, resources, namespaceGoesWith: goesWith[0] };
    }

    it("P2 tells the rest of the program where the gateway answers; the kubeconfig is a secret", async () => {
        const { http, https, secret, resources } = await deploy({});
        assert.deepEqual(
            [http, https, secret],
            [{ address: "127.0.0.1", port: 32314 }, { address: "127.0.0.1", port: 30005 }, true],
        );
        const nodes = resources.find(({ type }) => type === "pulumi-nodejs:dynamic/kind:Nodes")!;
        const { name, adopt, images } = nodes.inputs as Record<string, unknown>;
        assert.deepEqual([name, adopt, images], ["c4ang-dev", false, [{ name: "app", digest: "1" }]]);
    });

    it("without host ports the gateway is reached at the node", async () => {
        const { http } = await deploy({ hostPorts: [] });
        assert.deepEqual(http, { address: "172.18.0.2", port: 32314 });
    });

    it("P15 what is on it goes with it, unless it is somebody else's and stays", async () => {
        assert.ok((await deploy({})).namespaceGoesWith instanceof KindNodes);
        assert.equal((await deploy({ adopt: true })).namespaceGoesWith, undefined);
    });
});
