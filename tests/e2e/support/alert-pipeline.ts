import { spawn, type ChildProcess } from "node:child_process";
import { setMaxListeners } from "node:events";
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { ALERTMANAGER } from "../../../components/config/monitoring/prometheus";
import type { PlatformConfig } from "../../../components/config/platform";
import { alertmanagerConfig } from "../../../components/monitoring/alertmanager-config";
import { ruleFiles } from "../../../components/monitoring/rule-files";
import { MessageRecorder } from "../../../services/sample-app/message-recorder";
import type { Outcome } from "../../verification/runner/outcome";
import { startRun } from "../../verification/runner/run";
import type { Spec } from "../../verification/spec";
import { until } from "../../verification/wait";
import { SimulatedMesh } from "./simulated-mesh";

/** The real Prometheus and Alertmanager with the generated files, the recorder of messages, and a simulated mesh: no cluster. */

/** Milliseconds for a tool to be ready. */
const startLimit = 60_000;

/** The files by what they are for, as the mutations know them. */
export type PipelineFiles = Record<"rules" | "settings" | "receivers", Record<string, string>>;

export class AlertPipeline {
    private readonly directory = mkdtempSync(join(tmpdir(), "alert-pipeline-"));
    private readonly processes: ChildProcess[] = [];
    private readonly recorder = new MessageRecorder({ host: "127.0.0.1", port: 0, smtpPort: 0 });
    private mesh?: SimulatedMesh;

    private constructor(
        private readonly config: PlatformConfig,
        private readonly bin: string,
    ) {}

    /**
     * Starts everything and waits until it is ready.
     *
     * @param bin Folder of the programs.
     * @param change Changes the generated files first.
     */
    static async start(
        config: PlatformConfig,
        bin: string,
        change: (files: PipelineFiles) => void = () => {},
    ): Promise<AlertPipeline> {
        const pipeline = new AlertPipeline(config, bin);
        try {
            await pipeline.begin(change);
            return pipeline;
        } catch (error) {
            await pipeline.stop();
            throw error;
        }
    }

    /** Runs specs to their end, whatever comes of them. */
    async run(specs: readonly Spec[], limit: number): Promise<Outcome[]> {
        const signal = AbortSignal.timeout(limit);
        // Every waiting spec listens to it.
        setMaxListeners(0, signal);
        const outcomes = startRun({ target: this.mesh!.target(), specs, selected: () => true, signal });
        return Promise.all(outcomes.values());
    }

    async stop(): Promise<void> {
        this.mesh?.stop();
        for (const child of this.processes) {
            if (child.exitCode !== null || child.signalCode !== null) continue;
            const ended = new Promise((resolve) => child.once("exit", resolve));
            child.kill("SIGTERM");
            await ended;
        }
        await this.recorder.stop();
        rmSync(this.directory, { recursive: true, force: true });
    }

    private async begin(change: (files: PipelineFiles) => void): Promise<void> {
        const { port, smtpPort } = await this.recorder.listen();
        const [prometheus, alertmanager] = (await freePorts(2)).map((free) => `127.0.0.1:${free}`) as [string, string];
        const tools = { prometheus, alertmanager, "message-recorder": `127.0.0.1:${port}` };
        const rules = join(this.directory, "rules");
        this.mesh = new SimulatedMesh(this.config, tools, (body) =>
            body
                .replaceAll(`${rules}/`, "/etc/prometheus/rules/")
                .replaceAll(`http://${alertmanager}/`, `http://${ALERTMANAGER.name}:${ALERTMANAGER.port}/`),
        );
        const addresses = {
            slack: `http://127.0.0.1:${port}/slack`,
            pagerduty: `http://127.0.0.1:${port}/pagerduty`,
            smtp: `127.0.0.1:${smtpPort}`,
        };
        const settings = this.settings(rules, await this.mesh.listen(), alertmanager);
        const files: PipelineFiles = {
            rules: { ...ruleFiles(this.config) },
            settings: { "prometheus.yml": stringify(settings) },
            receivers: {
                "alertmanager.yaml": stringify(alertmanagerConfig(this.config.monitoring.receivers, addresses)),
            },
        };
        change(files);
        mkdirSync(rules);
        for (const [file, text] of Object.entries(files.rules)) writeFileSync(join(rules, file), text);
        for (const [file, text] of Object.entries({ ...files.settings, ...files.receivers }))
            writeFileSync(join(this.directory, file), text);
        this.launch("alertmanager", [
            ...["--config.file=alertmanager.yaml", "--storage.path=alertmanager", "--cluster.listen-address="],
            `--web.listen-address=${alertmanager}`,
        ]);
        this.launch("prometheus", [
            ...["--config.file=prometheus.yml", "--storage.tsdb.path=prometheus"],
            `--web.listen-address=${prometheus}`,
        ]);
        await this.ready(alertmanager);
        await this.ready(prometheus);
    }

    private settings(rules: string, scraped: string, alertmanager: string) {
        const { scrapeInterval, evaluationInterval } = this.config.monitoring.prometheus;
        return {
            global: {
                scrape_interval: scrapeInterval,
                scrape_timeout: scrapeInterval,
                evaluation_interval: evaluationInterval,
            },
            rule_files: [join(rules, "*.yaml")],
            alerting: { alertmanagers: [{ static_configs: [{ targets: [alertmanager] }] }] },
            scrape_configs: [{ job_name: "mesh", honor_labels: true, static_configs: [{ targets: [scraped] }] }],
        };
    }

    private launch(program: string, args: readonly string[]): void {
        const log = openSync(join(this.directory, "log"), "a");
        const child = spawn(join(this.bin, program), args, { stdio: ["ignore", log, log], cwd: this.directory });
        this.processes.push(child);
    }

    private async ready(address: string): Promise<void> {
        await until(
            `${address} is ready`,
            async () => (await fetch(`http://${address}/-/ready`).catch(() => undefined))?.ok,
            { deadline: startLimit },
        ).catch((error: Error) => {
            throw new Error(`${error.message}\n${readFileSync(join(this.directory, "log"), "utf8").slice(-3000)}`);
        });
    }
}

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
