import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand, RunningCommand } from "./command";
import { leftovers } from "./leftovers";
import { forgetReport, readReport, reportDirectory, unproved } from "./report";

const stack = ["--stack", "e2e", "--config-file", join(__dirname, "Pulumi.e2e.yaml")];

/** The tests of this file follow each other on one environment: from nothing to nothing. */
describe("the local environment, by the commands that users run", () => {
    before(async () => {
        await runCommand(["destroy", ...stack]);
        forgetReport();
    });

    after(async () => {
        await runCommand(["destroy", ...stack]);
    });

    it("fails before any resource is registered when the configuration is wrong, naming every problem", async () => {
        const directory = mkdtempSync(join(tmpdir(), "istio-platform-"));
        const configFile = join(directory, "Pulumi.wrong.yaml");
        writeFileSync(
            configFile,
            [
                "config:",
                "  istio-platform:cluster: { kind: embedded, name: e2e, hostPorts: [] }",
                "  istio-platform:egov: { hello: { weights: { v1: 80, v3: 10 } } }",
                "  istio-platform:ecommerce: { replicas: -1 }",
                "  istio-platform:mash: {}",
            ].join("\n"),
        );
        const { code, output } = await runCommand(["preview", "--stack", "e2e", "--config-file", configFile]);
        rmSync(directory, { recursive: true });
        assert.notEqual(code, 0, output);
        for (const path of ["egov.hello.weights", "ecommerce.replicas", "mash"])
            assert.ok(output.includes(`istio-platform:${path}`), `${path} is not named in:\n${output}`);
        assert.match(output, /add up to 90/);
        assert.doesNotMatch(output, /kubernetes:core/, "a resource was registered");
    });

    it("survives Ctrl-C during the deployment: the state stays valid and nothing is half-done", async () => {
        const start = new RunningCommand(["start", ...stack]);
        await start.waitForOutput(/Deployment istiod creating/);
        start.interrupt();
        const { code, output } = await start.wait();
        assert.notEqual(code, 0, output);
        const preview = await runCommand(["preview", ...stack]);
        assert.equal(preview.code, 0, preview.output);
    });

    it("C5, E15: npm start deploys everything, verifies it and says so", async () => {
        const { code, output } = await runCommand(["start", ...stack]);
        assert.equal(code, 0, output);
        const report = readReport();
        assert.equal(report.summary.failed, 0);
        assert.ok(report.summary.passed >= 8, `only ${report.summary.passed} checks ran`);
        assert.deepEqual(unproved(report, ["C1", "C2", "C3", "C4", "C5", "C6", "E3", "E4", "E5", "E7"]), []);
        assert.ok(existsSync(join(reportDirectory, "index.html")));
        assert.ok(existsSync(join(reportDirectory, "junit.xml")));
        assert.match(output, /stand-in|official/i, "the output does not say what Pulumi ran with");
    });

    it("a second npm start reuses the running cluster, changes nothing and verifies again", async () => {
        forgetReport();
        const { code, output } = await runCommand(["start", ...stack]);
        assert.equal(code, 0, output);
        assert.match(output, /Resources:\s+\d+ unchanged/);
        assert.equal(readReport().summary.failed, 0);
    });

    it("the healthy mesh turns no check red in ten runs in a row", async () => {
        const { code, output } = await runCommand(["mutate", "--stack", "e2e", "--healthy", "10"]);
        assert.equal(code, 0, output);
    });

    it("every way of breaking the mesh turns exactly the right checks red", async () => {
        const { code, output } = await runCommand(["mutate", "--stack", "e2e", "--cover", "--together"]);
        assert.equal(code, 0, output);
        const [, killed, all] = /mutations: (\d+) killed of (\d+)\s*$/.exec(output) ?? [];
        assert.equal(killed, all, output);
        assert.ok(Number(all) >= 15, `only ${all} mutations`);
    });

    it("P15: npm run destroy leaves nothing behind", async () => {
        const { code, output } = await runCommand(["destroy", ...stack]);
        assert.equal(code, 0, output);
        assert.deepEqual(await leftovers("e2e"), []);
    });
});
