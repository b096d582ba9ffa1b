import { strict as assert } from "node:assert";
import { execFile, spawn } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import {
    ClusterRequest,
    destroyCluster,
    ensureCluster,
    loadImage,
    restartCluster,
    stopCluster,
} from "../../components/cluster/embedded/control";
import { clusterPaths, projectDirectory } from "../../components/cluster/embedded/paths";
import type { SupervisorConfig } from "../../components/cluster/embedded/supervisor-config";
import { nodeAddress, readStatus } from "../../components/cluster/embedded/status";
import { pauseImage } from "../../tools/image-specs";
import { sampleAppImage } from "../../tools/sample-app";
import { ensureToolchain } from "../../tools/toolchain";
import { versions } from "../../tools/versions";
import { hostSettings, processesOfCluster, pollUntil } from "./cluster-support";
import { leftovers } from "./leftovers";

/** Nothing here needs the mesh's images: importing those would be most of the time. */
const images = [pauseImage, `registry.k8s.io/coredns/coredns:v${versions().coredns}`, sampleAppImage()];

/** Names and ports of their own: these tests never touch a cluster that somebody uses. */
const single: ClusterRequest = {
    name: "e2e-single",
    nodes: [{ zone: "zone-a" }],
    hostPorts: [{ hostPort: 42380, nodePort: 30080 }],
    networkPolicies: false,
    images,
};
const double: ClusterRequest = {
    name: "e2e-double",
    nodes: [{ zone: "zone-a" }, { zone: "zone-b" }],
    hostPorts: [],
    networkPolicies: true,
    images,
};

describe("embedded cluster", function () {
    this.timeout(120_000);
    this.slow(20_000);
    let kubectlProgram = "";
    let settingsBefore: Map<string, string>;

    const kubectl = async (name: string, ...args: string[]): Promise<string> => {
        const kubeconfig = clusterPaths(name).kubeconfig;
        const { stdout } = await promisify(execFile)(kubectlProgram, ["--kubeconfig", kubeconfig, ...args], {
            timeout: 30_000,
        });
        return stdout.trim();
    };

    /** Sends a manifest to the API server. */
    const apply = async (name: string, ...objects: object[]): Promise<void> => {
        const list = JSON.stringify({ apiVersion: "v1", kind: "List", items: objects });
        const run = promisify(execFile)(kubectlProgram, [
            ...["--kubeconfig", clusterPaths(name).kubeconfig],
            ...["apply", "-f", "-"],
        ]);
        run.child.stdin?.end(list);
        await run;
    };

    const answer = async (url: string): Promise<string> => {
        // A connection of its own for each request: one that is kept would lead to the same pod for ever.
        const response = await fetch(url, { signal: AbortSignal.timeout(1000), headers: { connection: "close" } });
        return await response.text();
    };

    before(async function () {
        if (process.platform !== "linux" || process.geteuid?.() !== 0) return this.skip();
        const { bin } = await ensureToolchain(["cluster", "mesh"]);
        kubectlProgram = join(bin, "kubectl");
        await Promise.all([destroyCluster(single.name), destroyCluster(double.name)]);
        settingsBefore = await hostSettings();
    });

    after(async () => {
        await Promise.all([destroyCluster(single.name), destroyCluster(double.name)]);
    });

    it("starts, and a Deployment of a user's own answers on a NodePort and on a host port", async function () {
        const begin = Date.now();
        const status = await ensureCluster(single);
        await apply(single.name, deployment("hello", 2), service("hello", 30080));
        const port = "http://127.0.0.1:42380/";
        const text = await pollUntil("the host port answers", 30_000, async () => {
            const text = await answer(port);
            return text.startsWith("hello from hello-") ? text : undefined;
        });
        const seconds = ((Date.now() - begin) / 1000).toFixed(1);
        const { [`api ${single.name}`]: api, [`node ${single.name}`]: node, ready } = status.milestones;
        this.test!.title += ` (API ${api} s, node ${node} s, images ${ready} s, answer ${seconds} s)`;
        assert.ok(node! < 20, `the node was Ready only after ${node} s`);
        assert.match(text, /^hello from hello-/);
        await pollUntil("both pods answer on the node's address", 20_000, async () => {
            const pods = await Promise.all(
                [...Array(20).keys()].map(() => answer(`http://${nodeAddress(status)}:30080/`)),
            );
            return new Set(pods).size === 2;
        });
    });

    it("resolves short and full names in pods", async () => {
        const address = await kubectl(single.name, "get", "service", "hello", "-o", "jsonpath={.spec.clusterIP}");
        const pod = await podOf(single.name, "hello");
        await kubectl(single.name, "-n", "kube-system", "rollout", "status", "deployment/coredns", "--timeout=25s");
        for (const name of ["hello", "hello.default", "hello.default.svc", "hello.default.svc.cluster.local"]) {
            const code = `require("dns").lookup("${name}", (error, address) => console.log(error ? error.code : address))`;
            const found = await kubectl(single.name, "exec", pod, "--", "/nodejs/node", "-e", code);
            assert.equal(found, address, `${name} resolves to ${found}`);
        }
    });

    it("gives logs, exec and port-forward", async () => {
        const pod = await podOf(single.name, "hello");
        assert.equal(await kubectl(single.name, "exec", pod, "--", "/nodejs/node", "-p", "6 * 7"), "42");
        assert.match(await kubectl(single.name, "logs", pod), /listen/i);
        const forward = spawn(kubectlProgram, [
            ...["--kubeconfig", clusterPaths(single.name).kubeconfig],
            ...["port-forward", `pod/${pod}`, ":8080"],
        ]);
        try {
            const line = await new Promise<string>((resolve) =>
                forward.stdout.once("data", (data) => resolve(String(data))),
            );
            const port = /127\.0\.0\.1:(\d+)/.exec(line)?.[1];
            assert.match(await answer(`http://127.0.0.1:${port}/`), new RegExp(pod));
        } finally {
            forward.kill();
        }
    });

    it("is reused by a second up", async () => {
        const { pid } = readStatus(single.name);
        const begin = Date.now();
        const again = await ensureCluster(single);
        assert.equal(again.pid, pid);
        assert.ok(Date.now() - begin < 2000, `took ${Date.now() - begin} ms`);
    });

    it("takes a new image although the archive of an older one is gone", async () => {
        const { images } = JSON.parse(readFileSync(clusterPaths(single.name).config, "utf8")) as SupervisorConfig;
        const [image] = images;
        const directory = mkdtempSync(join(tmpdir(), "istio-platform-"));
        const archive = join(directory, "old.tar");
        copyFileSync(image!.archive, archive);
        await loadImage(single.name, { name: "example.com/image:old", archive, digest: "old" });
        rmSync(directory, { recursive: true });
        await loadImage(single.name, { ...image!, name: "example.com/image:new", digest: "new" });
    });

    it("refuses other nodes under the same name", async () => {
        await assert.rejects(
            ensureCluster({ ...single, nodes: [...single.nodes, { zone: "zone-b" }] }),
            /destroy --name e2e-single/,
        );
    });

    it("starts every killed component again, and reports it", async () => {
        const names = readStatus(single.name).nodes[0]!.components.map(({ name }) => name);
        assert.equal(names.length, 7);
        for (const name of names) {
            const [pid] = await processesOfCluster(single.name, name);
            assert.ok(pid, `no process of ${name}`);
            process.kill(pid, "SIGKILL");
        }
        await pollUntil("every component runs again", 30_000, async () => {
            const { components } = readStatus(single.name).nodes[0]!;
            return components.every(({ state, restarts, lastExit }) => state === "running" && restarts > 0 && lastExit);
        });
        await pollUntil("the API server is ready", 30_000, () => kubectl(single.name, "get", "--raw", "/readyz"));
        assert.ok(
            readStatus(single.name).events.some(({ message }) => /kubelet restarting: killed by SIGKILL/.test(message)),
        );
        assert.match(await answer("http://127.0.0.1:42380/"), /^hello from hello-/);
        const restarts = "jsonpath={.items[*].status.containerStatuses[*].restartCount}";
        assert.equal(await kubectl(single.name, "get", "pods", "-o", restarts), "0 0");
        await apply(single.name, deployment("afterwards", 1));
        await kubectl(single.name, "rollout", "status", "deployment/afterwards", "--timeout=25s");
    });

    it("names a port that is in use, and leaves nothing", async () => {
        const server = createServer().listen(42381, "127.0.0.1");
        try {
            const request = { ...single, name: "e2e-port", hostPorts: [{ hostPort: 42381, nodePort: 30080 }] };
            await assert.rejects(
                ensureCluster(request),
                /Port 42381 of 127.0.0.1 is in use by \S+ \(process \d+\)[^]*hostPorts/,
            );
        } finally {
            server.close();
        }
        assert.deepEqual(await leftovers("e2e-port"), []);
    });

    it("lives beside another cluster, whose two nodes in two zones reach each other", async () => {
        const status = await ensureCluster(double);
        assert.notEqual(nodeAddress(status), nodeAddress(readStatus(single.name)));
        const zones = "jsonpath={.items[*].metadata.labels.topology\\.kubernetes\\.io/zone}";
        assert.equal(await kubectl(double.name, "get", "nodes", "-o", zones), "zone-a zone-b");
        await apply(double.name, deployment("a", 1, "e2e-double"), deployment("b", 1, "e2e-double-2"), service("b"));
        for (const name of ["a", "b"])
            await kubectl(double.name, "rollout", "status", `deployment/${name}`, "--timeout=25s");
        const [from, to] = [await podOf(double.name, "a"), await podOf(double.name, "b")];
        const address = await kubectl(double.name, "get", "pod", to, "-o", "jsonpath={.status.podIP}");
        for (const host of [`${address}:8080`, "b.default"]) {
            const code = `fetch("http://${host}/").then((r) => r.text()).then(console.log)`;
            const text = await pollUntil(`${host} answers`, 20_000, () =>
                kubectl(double.name, "exec", from, "--", "/nodejs/node", "-e", code),
            );
            assert.equal(text, `hello from ${to}`);
        }
        assert.equal(await kubectl(single.name, "get", "nodes", "-o", "name"), "node/e2e-single");
    });

    it("enforces NetworkPolicies between nodes", async () => {
        const [from, to] = [await podOf(double.name, "a"), await podOf(double.name, "b")];
        const address = await kubectl(double.name, "get", "pod", to, "-o", "jsonpath={.status.podIP}");
        const code = `fetch("http://${address}:8080/").then((r) => r.text(), (e) => e.cause.code).then(console.log)`;
        const seen = () => kubectl(double.name, "exec", from, "--", "/nodejs/node", "-e", code);
        const admit = (peers: object[]) =>
            apply(double.name, {
                apiVersion: "networking.k8s.io/v1",
                kind: "NetworkPolicy",
                metadata: { name: "b" },
                spec: { podSelector: { matchLabels: { app: "b" } }, policyTypes: ["Ingress"], ingress: peers },
            });
        await admit([]);
        await pollUntil("the connection is refused", 20_000, async () =>
            (await seen()) === "ECONNREFUSED" ? true : undefined,
        );
        await admit([{ from: [{ podSelector: { matchLabels: { app: "a" } } }] }]);
        await pollUntil("the pod answers again", 20_000, async () =>
            (await seen()).startsWith("hello") ? true : undefined,
        );
    });

    it("leaves nothing when the supervisor is killed, and starts again on its data", async () => {
        const { pid } = readStatus(double.name);
        process.kill(pid, "SIGKILL");
        const folder = (line: string) => !line.startsWith("folder ");
        await pollUntil(
            "nothing is left",
            15_000,
            async () => (await leftovers(double.name)).filter(folder).length === 0,
        );
        assert.equal(readStatus(double.name).phase, "killed");
        const again = await restartCluster(double.name);
        assert.notEqual(again.pid, pid);
        await kubectl(double.name, "rollout", "status", "deployment/a", "--timeout=25s");
        process.kill(again.pid, "SIGKILL"); // and at once again: the start itself removes what is left
        await restartCluster(double.name);
        await destroyCluster(double.name);
        assert.deepEqual(await leftovers(double.name), []);
    });

    it("stops in seconds and leaves nothing but its data", async function () {
        const begin = Date.now();
        await stopCluster(single.name);
        const seconds = (Date.now() - begin) / 1000;
        this.test!.title += ` (${seconds.toFixed(1)} s)`;
        assert.ok(seconds < 10, `took ${seconds} s`);
        assert.deepEqual(
            (await leftovers(single.name)).filter((line) => !line.startsWith("folder ")),
            [],
        );
        assert.equal(readStatus(single.name).phase, "stopped");
    });

    it("leaves nothing when the start is interrupted", async () => {
        const command = spawn(process.execPath, ["bin/run.mjs", "cluster", "up", "--name", "e2e-ctrl-c"], {
            cwd: projectDirectory,
            stdio: "ignore",
        });
        await pollUntil("the start is under way", 20_000, async () => readStatus("e2e-ctrl-c").nodes.length > 0);
        await delay(500);
        command.kill("SIGINT");
        const code = await new Promise((resolve) => command.once("exit", resolve));
        assert.equal(code, 130);
        assert.deepEqual(await leftovers("e2e-ctrl-c"), []);
    });

    it("changes no setting of the machine's kernel", async () => {
        await destroyCluster(single.name);
        assert.deepEqual(await leftovers(single.name), []);
        const changed = [...(await hostSettings())].filter(([name, value]) => settingsBefore.get(name) !== value);
        assert.deepEqual(changed, []);
    });

    async function podOf(name: string, app: string): Promise<string> {
        await kubectl(name, "rollout", "status", `deployment/${app}`, "--timeout=25s");
        return await kubectl(name, "get", "pods", "-l", `app=${app}`, "-o", "jsonpath={.items[0].metadata.name}");
    }
});

function deployment(name: string, replicas: number, nodeName?: string): object {
    const container = {
        name,
        image: sampleAppImage(),
        args: ["-listen=:8080", "-text=hello from {pod}"],
        ports: [{ containerPort: 8080 }],
        readinessProbe: { httpGet: { path: "/health", port: 8080 }, periodSeconds: 1 },
    };
    return {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name },
        spec: {
            replicas,
            selector: { matchLabels: { app: name } },
            template: {
                metadata: { labels: { app: name } },
                spec: { containers: [container], nodeName, terminationGracePeriodSeconds: 1 },
            },
        },
    };
}

function service(name: string, nodePort?: number): object {
    return {
        apiVersion: "v1",
        kind: "Service",
        metadata: { name },
        spec: {
            type: nodePort === undefined ? "ClusterIP" : "NodePort",
            selector: { app: name },
            ports: [{ port: 80, targetPort: 8080, nodePort }],
        },
    };
}
