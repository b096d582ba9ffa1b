import assert from "node:assert/strict";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parse } from "yaml";
import {
    ensureKindCluster,
    probeKindCluster,
    removeKindCluster,
    stepOf,
    type KindOptions,
    type KindRequest,
} from "../../../../components/cluster/kind/control";
import { imagesOf, readRecord, writeRecord } from "../../../../components/cluster/kind/record";
import { UserError } from "../../../../tools/errors";
import { StandIns } from "./stand-ins";

const request: KindRequest = {
    name: "dev",
    nodes: [{ zone: "zone-a" }, { zone: "zone-b" }],
    hostPorts: [{ hostPort: 8000, nodePort: 30000 }],
    registryMirrors: {},
    adopt: false,
};
const images = [
    { name: "example/app:1", archive: "/images/app.tar", digest: "sha256:1" },
    { name: "example/proxy:1", archive: "/images/proxy.tar", digest: "sha256:2" },
];

describe("kind cluster, by stand-ins for kind, docker and podman", function () {
    this.timeout(20_000);
    let standIns: StandIns;
    let progress: string[];
    const options = (more: KindOptions = {}): KindOptions => ({
        env: standIns.env,
        paths: standIns.paths,
        onProgress: (line) => progress.push(line),
        checkMachine: () => Promise.resolve(),
        ...more,
    });
    const ensure = (wanted: Partial<KindRequest> = {}, more: KindOptions = {}) =>
        ensureKindCluster({ ...request, ...wanted }, images, options(more));
    const use = (programs?: string[]) => {
        standIns?.remove();
        standIns = new StandIns("dev", programs);
    };

    beforeEach(() => {
        progress = [];
        standIns = new StandIns("dev");
    });
    afterEach(() => standIns.remove());

    describe("that is not there yet", () => {
        it("P2 is made with a kubeconfig of its own, and gets its images", async () => {
            const { nodes, kubeconfigPath } = await ensure();
            assert.deepEqual(standIns.changes, [
                "kind create cluster --name dev --config DIR/clusters/dev/kind.yaml --wait 180s --kubeconfig DIR/clusters/dev/kubeconfig",
                "kind load image-archive /images/app.tar --name dev",
                "kind load image-archive /images/proxy.tar --name dev",
            ]);
            assert.equal(readFileSync(kubeconfigPath, "utf8"), "kubeconfig of dev\n");
            assert.deepEqual(
                nodes.map(({ name, address, running }) => [name, address, running]),
                [
                    ["dev-control-plane", "172.18.0.2", true],
                    ["dev-worker", "172.18.0.2", true],
                ],
            );
            assert.equal(parse(readFileSync(standIns.paths.config, "utf8")).name, "dev");
            assert.ok(progress.includes("kind cluster dev: Preparing nodes"), progress.join("\n"));
        });

        it("is made by podman where only that is there", async () => {
            use(["kind", "podman"]);
            await ensure();
            assert.equal(readRecord(standIns.paths.record)!.runtime, "podman");
        });

        const failures: [title: string, output: string, said: RegExp][] = [
            [
                "a port is in use",
                "docker: Error response from daemon: Bind for 127.0.0.1:8000 failed: port is already allocated.",
                /Port 8000 of this machine is in use.*hostPorts/s,
            ],
            [
                "the node image is to be had nowhere",
                'ERROR: failed to create cluster: failed to pull image "kindest/node:v1": no such host',
                /kindest\/node:v1 can be had from no registry.*cluster\.nodeImage/s,
            ],
            ["nobody knows why", "first\nERROR: something odd", /it says:\n.*first\n.*ERROR: something odd/s],
        ];
        for (const [title, output, said] of failures)
            it(`leaves nothing behind where ${title}, and says so`, async () => {
                standIns.fail("kind-create-cluster", output);
                await assert.rejects(ensure(), said);
                assert.deepEqual([standIns.nodes, standIns.hasFiles], [[], false]);
                assert.match(readFileSync(standIns.paths.log, "utf8"), /kind create cluster/);
                assert.deepEqual(await probeKindCluster("dev", options()), { exists: false, running: false });
            });

        it("leaves nothing behind on Ctrl-C", async () => {
            standIns.write("hang", "");
            const controller = new AbortController();
            const made = ensure({}, { signal: controller.signal });
            while (!standIns.has("hanging")) await delay(5);
            controller.abort();
            await assert.rejects(made, (error: UserError) => {
                assert.match(error.message, /interrupted; nothing is left/);
                assert.equal(error.exitCode, 130);
                return true;
            });
            assert.deepEqual([standIns.nodes, standIns.hasFiles], [[], false]);
        });

        it("is made anew where its making was killed with no time to tidy", async () => {
            await ensure();
            writeRecord(standIns.paths.record, { ...readRecord(standIns.paths.record)!, phase: "creating" });
            standIns.forgetCalls();
            await ensure();
            assert.match(standIns.changes[0]!, /^kind delete cluster --name dev/);
            assert.match(standIns.changes[1]!, /^kind create cluster --name dev/);
            assert.deepEqual(await probeKindCluster("dev", options()), { exists: true, running: true });
        });

        it("does not touch one of the same name that somebody makes at the same time", async () => {
            standIns.fail("kind-create-cluster", 'ERROR: node(s) already exist for a cluster with the name "dev"');
            await assert.rejects(ensure(), /made meanwhile by somebody else/);
            assert.ok(!standIns.changes.some((call) => call.startsWith("kind delete")), standIns.changes.join("\n"));
            assert.ok(!standIns.hasFiles);
        });
    });

    describe("that is there", () => {
        beforeEach(async () => {
            await ensure();
            standIns.forgetCalls();
        });

        it("stays as it is; only an image of another digest is loaded", async () => {
            await ensure();
            assert.deepEqual(standIns.changes, []);
            await ensureKindCluster(request, [images[0]!, { ...images[1]!, digest: "sha256:3" }], options());
            assert.deepEqual(standIns.changes, ["kind load image-archive /images/proxy.tar --name dev"]);
        });

        it("is told of mirrors in place, and of those that are gone", async () => {
            const mirrors = { "docker.io": ["https://mirror.example"] };
            await ensure({ registryMirrors: mirrors });
            const hosts = join(standIns.paths.registries, "docker.io", "hosts.toml");
            assert.match(readFileSync(hosts, "utf8"), /\[host\."https:\/\/mirror\.example"\]/);
            await ensure();
            assert.throws(() => readFileSync(hosts), /ENOENT/);
            assert.deepEqual(standIns.changes, []);
        });

        it("is started again where its nodes were stopped", async () => {
            standIns.addNode("dev-worker", readRecord(standIns.paths.record)!.containers[1]!, false);
            assert.deepEqual(await probeKindCluster("dev", options()), { exists: true, running: false });
            await ensure();
            assert.deepEqual(standIns.changes, ["docker start dev-worker"]);
        });

        it("is refused with other nodes, ports or another node image", async () => {
            for (const other of [{ nodes: [{ zone: "zone-a" }] }, { hostPorts: [] }, { nodeImage: "node:2" }])
                await assert.rejects(ensure(other), /exists with other nodes, ports or another node image.*destroy/s);
            assert.deepEqual(standIns.changes, []);
        });

        it("tries an image again where its loading failed", async () => {
            const changed = [{ ...images[0]!, digest: "sha256:3" }];
            standIns.fail("kind-load-image-archive", "ERROR: no space left on device");
            await assert.rejects(ensureKindCluster(request, changed, options()), /example\/app:1.*The disk is full/s);
            rmSync(join(standIns.directory, "fail.kind-load-image-archive"));
            standIns.forgetCalls();
            await ensureKindCluster(request, changed, options());
            assert.equal(standIns.changes.length, 1);
        });

        it("is known to run images that are built here, whether or not they have come to it yet", async () => {
            const names = images.map(({ name }) => name);
            assert.deepEqual(imagesOf("dev", standIns.paths), names);
            // Its making ended between the nodes and the images.
            const record = readRecord(standIns.paths.record)!;
            writeRecord(standIns.paths.record, { ...record, images: [], wanted: undefined });
            assert.equal(imagesOf("dev", standIns.paths), undefined);
            standIns.fail("kind-load-image-archive", "ERROR: no space left on device");
            await assert.rejects(ensure(), /example\/app:1/);
            assert.deepEqual(imagesOf("dev", standIns.paths), names);
        });

        it("P15 is removed with its files; removed once more is no error", async () => {
            await removeKindCluster("dev", options());
            assert.deepEqual([standIns.nodes, standIns.hasFiles], [[], false]);
            await removeKindCluster("dev", options());
        });

        it("P15 is removed where one of its nodes is gone already", async () => {
            rmSync(join(standIns.directory, "nodes", "dev-worker"));
            assert.deepEqual(await probeKindCluster("dev", options()), { exists: false, running: false });
            await assert.rejects(ensure(), /has lost nodes/);
            await removeKindCluster("dev", options());
            assert.deepEqual(standIns.nodes, []);
        });

        it("P15 is removed at the second try where the runtime was too busy for the first", async () => {
            standIns.fail("kind-delete-cluster", "Could not kill running container, just this once");
            await removeKindCluster("dev", options());
            assert.deepEqual([standIns.nodes, standIns.hasFiles], [[], false]);
        });

        it("says so where it could not be removed", async () => {
            standIns.fail("kind-delete-cluster", "ERROR: failed to delete nodes");
            await assert.rejects(
                removeKindCluster("dev", options()),
                /could not be removed.*dev-control-plane.*failed/s,
            );
            assert.ok(standIns.hasFiles);
        });

        it("is left alone by a removal where another one has its name by now", async () => {
            standIns.addNode("dev-control-plane", "other");
            rmSync(join(standIns.directory, "nodes", "dev-worker"));
            await removeKindCluster("dev", options());
            assert.deepEqual(standIns.nodes, ["dev-control-plane"]);
            assert.ok(!standIns.hasFiles);
        });
    });

    describe("that somebody else has made", () => {
        beforeEach(() => {
            standIns.addNode("dev-control-plane", "theirs-1");
            standIns.addNode("dev-worker", "theirs-2");
        });

        it("is not touched without cluster.adopt", async () => {
            await assert.rejects(ensure(), /already, which this copy.*cluster\.name.*cluster\.adopt.*kind delete/s);
            assert.deepEqual(standIns.changes, []);
        });

        it("is adopted: gets the images, and stays when it is removed", async () => {
            const { kubeconfigPath } = await ensure({ adopt: true });
            assert.deepEqual(standIns.changes, [
                "kind export kubeconfig --name dev --kubeconfig DIR/clusters/dev/kubeconfig",
                "kind load image-archive /images/app.tar --name dev",
                "kind load image-archive /images/proxy.tar --name dev",
            ]);
            assert.equal(readFileSync(kubeconfigPath, "utf8"), "kubeconfig of dev\n");
            await ensure({ adopt: true });
            await assert.rejects(ensure(), /cannot become this stack's/);
            await removeKindCluster("dev", options());
            assert.deepEqual([standIns.nodes.length, standIns.hasFiles], [2, false]);
        });

        it("is not adopted without the zones and ports that are declared", async () => {
            standIns.setZones("zone-a", "");
            const hostPorts = [...request.hostPorts, { hostPort: 8443, nodePort: 30005 }];
            await assert.rejects(
                ensure({ adopt: true, hostPorts }),
                /zones of its nodes are \(none\), zone-a, declared are zone-a, zone-b.*port 8443 .*NodePort 30005/s,
            );
            assert.deepEqual(standIns.changes, []);
        });

        it("must be there to be adopted", async () => {
            use();
            await assert.rejects(ensure({ adopt: true }), /no kind cluster dev that could be adopted/);
        });
    });

    describe("on a machine that lacks something", () => {
        const cases: [title: string, prepare: () => void, wanted: Partial<KindRequest>, said: RegExp][] = [
            ["both runtimes", () => use(["kind"]), {}, /Neither docker nor podman is on PATH.*Install Docker/s],
            [
                "the runtime that is named",
                () => undefined,
                { runtime: "podman" },
                /podman, which cluster\.runtime names/,
            ],
            ["kind", () => use(["docker"]), {}, /kind is not on PATH.*go install sigs\.k8s\.io\/kind/s],
            [
                "a running service",
                () =>
                    standIns.fail(
                        "docker-version",
                        "Cannot connect to the Docker daemon at unix:///var/run/docker.sock.",
                    ),
                {},
                /docker is installed, but its service does not answer: Cannot connect.*systemctl start docker/s,
            ],
            [
                "the right to use it",
                () => standIns.fail("docker-version", "permission denied while trying to connect"),
                {},
                /permission denied.*the group docker/s,
            ],
            [
                "a new kind",
                () => standIns.write("version", "kind v0.11.1 go1.16 linux/amd64\n"),
                {},
                /kind 0\.11\.1 is too old/,
            ],
        ];
        for (const [title, prepare, wanted, said] of cases)
            it(`names ${title}, and what to do`, async () => {
                prepare();
                await assert.rejects(ensure(wanted), (error: UserError) => {
                    assert.match(error.message, said);
                    assert.equal(error.exitCode, 2);
                    return true;
                });
                assert.deepEqual([standIns.changes, standIns.hasFiles], [[], false]);
            });

        it("takes the runtime that answers", async () => {
            use(["kind", "docker", "podman"]);
            standIns.fail("docker-version", "Cannot connect to the Docker daemon");
            await ensure();
            assert.equal(readRecord(standIns.paths.record)!.runtime, "podman");
        });
    });

    it("shows kind's steps without its signs", () => {
        assert.equal(stepOf(" ✓ Preparing nodes 📦 📦 "), "Preparing nodes");
        assert.equal(stepOf(" • Starting control-plane 🕹️  ..."), "Starting control-plane   ...");
    });
});
