import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { parse, stringify } from "yaml";
import { kindPaths } from "../../components/cluster/kind/paths";
import { programProblems } from "../../components/cluster/kind/preflight";
import { findPrograms, kindEnvironment, type Runtime } from "../../components/cluster/kind/runtime";
import { kindCluster } from "../../components/config/cluster";
import { pollUntil } from "./cluster-support";
import { runCommand, RunningCommand } from "./command";
import { forgetReport, readReport, unproved } from "./report";

/** The stack's configuration; another file where a machine needs a node image or a mirror of its own. */
const configFile = process.env.ISTIO_PLATFORM_KIND_CONFIG ?? join(__dirname, "Pulumi.kind.yaml");
const document = parse(readFileSync(configFile, "utf8")) as { config: Record<string, object> };
const cluster = kindCluster.parse(document.config["istio-platform:cluster"]);
const name = "e2e-kind";
const stack = ["--stack", name, "--config-file", configFile];

/** The tests of this file follow each other on one environment: from nothing to nothing. */
describe("the dev environment, on a kind cluster", () => {
    let runtime: Runtime;
    let volumesBefore: string[];

    /** What a command of the runtime prints, line by line. */
    const ask = async (...args: string[]): Promise<string[]> => {
        const { stdout } = await promisify(execFile)(runtime, args, { env: kindEnvironment(runtime) });
        return stdout.split("\n").filter(Boolean).sort();
    };
    const containers = () =>
        ask("ps", "-a", "--filter", `label=io.x-k8s.kind.cluster=${cluster.name}`, "--format", "{{.Names}}");
    const volumes = () => ask("volume", "ls", "-q");

    before(async function () {
        const facts = await findPrograms(cluster.runtime);
        const missing = programProblems(facts, cluster.runtime);
        if (missing.length > 0) {
            console.log(`    skipped: ${missing.map(({ problem }) => problem).join(" ")}`);
            return this.skip();
        }
        runtime = facts.runtime!.name;
        const { code, output } = await runCommand(["destroy", ...stack]);
        assert.equal(code, 0, output);
        forgetReport(name);
        volumesBefore = await volumes();
    });

    after(async () => {
        if (runtime !== undefined) await runCommand(["destroy", ...stack]);
    });

    it("P15: Ctrl-C while the nodes are made leaves nothing that npm run destroy does not know", async () => {
        const start = new RunningCommand(["start", ...stack]);
        await start.waitForOutput(/kind:Nodes cluster creating/);
        await pollUntil("a node is there", 60_000, async () => (await containers()).length > 0);
        start.interrupt();
        const { code, output } = await start.wait();
        assert.notEqual(code, 0, output);
        const destroy = await runCommand(["destroy", ...stack]);
        assert.equal(destroy.code, 0, destroy.output);
        assert.deepEqual([await containers(), await volumes()], [[], volumesBefore]);
        assert.ok(!existsSync(kindPaths(cluster.name).directory));
    });

    it("P2, C5: npm start makes the nodes, deploys everything on them and verifies it", async () => {
        const { code, output } = await runCommand(["start", ...stack]);
        assert.equal(code, 0, output);
        const report = readReport(name);
        assert.equal(report.summary.failed, 0);
        assert.deepEqual(unproved(report, ["C1", "C2", "C3", "C4", "C5", "C6", "E3", "E4", "E5", "E7"]), []);
        assert.equal((await containers()).length, cluster.nodes.length);
    });

    it("P2: the nodes are in their zones, and the gateway answers on the ports of 127.0.0.1", async () => {
        const zones = await ask(
            ...["exec", `${cluster.name}-control-plane`, "kubectl", "--kubeconfig", "/etc/kubernetes/admin.conf"],
            ...[
                "get",
                "nodes",
                "-o",
                'jsonpath={range .items[*]}{.metadata.labels.topology\\.kubernetes\\.io/zone}{"\\n"}{end}',
            ],
        );
        assert.deepEqual(zones, cluster.nodes.map(({ zone }) => zone).sort());
        const http = cluster.hostPorts.find(({ nodePort }) => nodePort === 30000)!;
        const answer = await fetch(`http://127.0.0.1:${http.hostPort}/api/v1/orders`);
        assert.equal((await answer.text()).trim(), "Order Service Test Response");
    });

    it("a second npm start changes nothing and verifies again", async () => {
        forgetReport(name);
        const { code, output } = await runCommand(["start", ...stack]);
        assert.equal(code, 0, output);
        assert.match(output, /Resources:\s+\d+ unchanged/);
        assert.equal(readReport(name).summary.failed, 0);
    });

    it("E8: a changed weight is rolled out alone, and verified", async () => {
        const directory = mkdtempSync(join(tmpdir(), "istio-platform-"));
        const changed = join(directory, "Pulumi.changed.yaml");
        const egov = document.config["istio-platform:egov"] as { hello?: object };
        const hello = { ...egov.hello, weights: { v1: 70, v2: 30 } };
        writeFileSync(
            changed,
            stringify({ config: { ...document.config, "istio-platform:egov": { ...egov, hello } } }),
        );
        forgetReport(name);
        const { code, output } = await runCommand(["start", "--stack", name, "--config-file", changed]);
        rmSync(directory, { recursive: true });
        assert.equal(code, 0, output);
        assert.match(output, /~ 1 updated/);
        const report = readReport(name);
        assert.deepEqual([report.summary.failed, unproved(report, ["E8"])], [0, []]);
    });

    it("P15: npm run destroy leaves nothing behind", async () => {
        const { code, output } = await runCommand(["destroy", ...stack]);
        assert.equal(code, 0, output);
        assert.deepEqual([await containers(), await volumes()], [[], volumesBefore]);
        const { directory, log } = kindPaths(cluster.name);
        assert.deepEqual([existsSync(directory), existsSync(log)], [false, false]);
    });
});
