import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { setMaxListeners } from "node:events";
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { platform } from "../../components/config/platform";
import { alertmanagerConfig } from "../../components/monitoring/alertmanager-config";
import { ruleFiles } from "../../components/monitoring/rule-files";
import { MessageRecorder } from "../../services/sample-app/message-recorder";
import { ensureToolchain } from "../../tools/toolchain";
import { configOf } from "../support/program";
import { startRun } from "../verification/runner/run";
import { suites } from "../verification/specs";
import { alertDelivery } from "../verification/specs/alerts/delivery";
import { until } from "../verification/wait";
import { SimulatedMesh } from "./support/simulated-mesh";

/** Milliseconds for a tool to be ready. */
const startLimit = 60_000;
/** Milliseconds for all alerts to fire and to end. */
const suiteLimit = 300_000;

/** The generated files in the real Prometheus and Alertmanager, the suite of the alerts, and a mesh that is simulated: no cluster. */
describe("from a rule to a message, without a cluster", () => {
    const directory = mkdtempSync(join(tmpdir(), "alert-pipeline-"));
    const config = platform.parse(configOf("tests/e2e/Pulumi.monitoring.yaml"));
    const processes: ChildProcess[] = [];
    let recorder: MessageRecorder;
    let mesh: SimulatedMesh;

    function start(program: string, args: readonly string[]): void {
        const log = openSync(join(directory, "log"), "a");
        processes.push(spawn(program, args, { stdio: ["ignore", log, log], cwd: directory }));
    }

    async function ready(address: string): Promise<void> {
        await until(
            `${address} is ready`,
            async () => (await fetch(`http://${address}/-/ready`).catch(() => undefined))?.ok,
            { deadline: startLimit },
        ).catch((error: Error) => {
            throw new Error(`${error.message}\n${readFileSync(join(directory, "log"), "utf8").slice(-3000)}`);
        });
    }

    before(async () => {
        const { bin } = await ensureToolchain(["monitoring"]);
        recorder = new MessageRecorder({ host: "127.0.0.1", port: 0, smtpPort: 0 });
        const { port, smtpPort } = await recorder.listen();
        const [prometheus, alertmanager] = (await freePorts(2)).map((free) => `127.0.0.1:${free}`) as [string, string];
        const tools = { prometheus, alertmanager, "message-recorder": `127.0.0.1:${port}` };
        mesh = new SimulatedMesh(config, tools);
        const scraped = await mesh.listen();

        mkdirSync(join(directory, "rules"));
        for (const [file, text] of Object.entries(ruleFiles(config)))
            writeFileSync(join(directory, "rules", file), text);
        const { scrapeInterval, evaluationInterval } = config.monitoring.prometheus;
        const settings = {
            global: {
                scrape_interval: scrapeInterval,
                scrape_timeout: scrapeInterval,
                evaluation_interval: evaluationInterval,
            },
            rule_files: ["rules/*.yaml"],
            alerting: { alertmanagers: [{ static_configs: [{ targets: [alertmanager] }] }] },
            scrape_configs: [{ job_name: "mesh", honor_labels: true, static_configs: [{ targets: [scraped] }] }],
        };
        const addresses = {
            slack: `http://127.0.0.1:${port}/slack`,
            pagerduty: `http://127.0.0.1:${port}/pagerduty`,
            smtp: `127.0.0.1:${smtpPort}`,
        };
        writeFileSync(join(directory, "prometheus.yml"), stringify(settings));
        writeFileSync(
            join(directory, "alertmanager.yaml"),
            stringify(alertmanagerConfig(config.monitoring.receivers, addresses)),
        );
        start(join(bin, "alertmanager"), [
            ...["--config.file=alertmanager.yaml", "--storage.path=alertmanager", "--cluster.listen-address="],
            `--web.listen-address=${alertmanager}`,
        ]);
        start(join(bin, "prometheus"), [
            ...["--config.file=prometheus.yml", "--storage.tsdb.path=prometheus"],
            `--web.listen-address=${prometheus}`,
        ]);
        await ready(alertmanager);
        await ready(prometheus);
    });

    after(async () => {
        mesh?.stop();
        for (const child of processes) {
            const ended = new Promise((resolve) => child.once("exit", resolve));
            if (child.exitCode !== null || child.signalCode !== null) continue;
            child.kill("SIGTERM");
            await ended;
        }
        await recorder?.stop();
        rmSync(directory, { recursive: true, force: true });
    });

    it("E12 E13 E14 C15 C16: every alert fires, tells whom it must tell, and ends", async () => {
        const signal = AbortSignal.timeout(suiteLimit);
        // Every waiting spec listens to it.
        setMaxListeners(0, signal);
        const specs = [...suites.alerts, alertDelivery];
        const outcomes = startRun({ target: mesh.target(), specs, selected: () => true, signal });
        const results = await Promise.all(outcomes.values());
        const others = results.filter(({ status }) => status !== "passed");
        const reasons = others.map(({ check, failure }) => `${check.title}: ${failure?.seen}`);
        assert.deepEqual(reasons, []);
    });
});

/** Free TCP ports of the loopback interface, all different. */
async function freePorts(count: number): Promise<number[]> {
    const servers = Array.from({ length: count }, () => createServer());
    const ports = await Promise.all(
        servers.map(
            (server) =>
                new Promise<number>((resolve) =>
                    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port)),
                ),
        ),
    );
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    return ports;
}
