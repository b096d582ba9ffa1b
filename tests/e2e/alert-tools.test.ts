import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { parse, stringify } from "yaml";
import { recordsMessages } from "../../components/config/monitoring/secrets";
import { platform, type PlatformConfig } from "../../components/config/platform";
import { alertmanagerConfig } from "../../components/monitoring/alertmanager-config";
import { recorderAddresses } from "../../components/monitoring/message-recorder";
import { prometheusSettings } from "../../components/monitoring/prometheus-settings";
import { scrapeJobs } from "../../components/monitoring/scrape-jobs";
import { ruleFiles, rulesOf } from "../../components/monitoring/rule-files";
import { ensureToolchain } from "../../tools/toolchain";
import { promtoolFile } from "../alerts/promtool";
import { routeCases } from "../alerts/route-cases";
import { ruleCases } from "../alerts/rule-cases";

const execute = promisify(execFile);

const mail = {
    to: ["ops@example.com"],
    from: "alerts@example.com",
    smarthost: { host: "mail.example.com" },
    username: "a",
};

/** Configurations whose rules and routes differ: the documents' own numbers, the production profile, and what the tests deploy. */
const configurations: Record<string, PlatformConfig> = {
    "the documents' numbers": platform.parse({ cluster: { kind: "embedded" }, study: { enabled: true } }),
    "every receiver, the production profile": platform.parse({
        cluster: { kind: "embedded" },
        egov: { outlierDetection: "production" },
        monitoring: {
            receivers: { pagerduty: {}, email: mail, recorder: false },
            rules: { highErrorRate: { above: 5 } },
        },
    }),
    "short windows and the recorder, as in tests": platform.parse({
        cluster: { kind: "embedded" },
        monitoring: {
            receivers: { recorder: true, pagerduty: {}, email: mail, groupWait: "1s", groupInterval: "1s" },
            rules: {
                interval: "1s",
                circuitBreaker: { window: "20s", for: "4s" },
                highErrorRate: { window: "20s", for: "4s" },
                highLatency: { window: "20s", for: "4s" },
                podDown: { for: "4s" },
                overflow: { window: "20s", for: "4s" },
                goldenSignals: { latency: "20s", traffic: "20s", errors: "20s", saturation: "20s" },
            },
        },
    }),
};

/** The real promtool and amtool judge what is generated; neither needs a cluster. */
for (const [title, config] of Object.entries(configurations))
    describe(`Rules and routes by promtool and amtool: ${title}`, () => {
        const directory = mkdtempSync(join(tmpdir(), "alert-tools-"));
        const rules = join(directory, "rules");
        const { receivers, prometheus } = config.monitoring;
        let bin: string;

        /** Runs a tool; what it prints is the reason of a failure. */
        async function run(tool: string, ...args: string[]): Promise<string> {
            try {
                const { stdout } = await execute(join(bin, tool), args, { cwd: directory });
                return stdout;
            } catch (error) {
                const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
                assert.fail(`${tool} ${args.join(" ")}\n${stdout}${stderr}`);
            }
        }

        before(async () => {
            ({ bin } = await ensureToolchain(["monitoring"]));
            mkdirSync(rules);
            for (const [file, text] of Object.entries(ruleFiles(config))) writeFileSync(join(rules, file), text);
            const addresses = recordsMessages(config) ? recorderAddresses("monitoring") : undefined;
            writeFileSync(join(directory, "alertmanager.yaml"), stringify(alertmanagerConfig(receivers, addresses)));
        });

        after(() => rmSync(directory, { recursive: true, force: true }));

        it("C15 C16 E12 promtool accepts every rule, its style included", async () => {
            const files = Object.keys(ruleFiles(config)).map((file) => join(rules, file));
            const output = await run("promtool", "check", "rules", "--lint=all", "--lint-fatal", ...files);
            const count = Object.values(rulesOf(config))
                .flat()
                .reduce((sum, group) => sum + group.rules.length, 0);
            const accepted = [...output.matchAll(/SUCCESS: (\d+) rules found/g)].reduce(
                (sum, [, n]) => sum + Number(n),
                0,
            );
            assert.equal(accepted, count, output);
        });

        it("E11 promtool accepts the settings that name the rule files and Alertmanager", async () => {
            const settings = prometheusSettings(
                prometheus,
                scrapeJobs({ namespace: "egov-monitoring", proxies: "vanilla-envoy" }),
            );
            writeFileSync(
                join(directory, "prometheus.yml"),
                stringify({ ...settings, rule_files: [join(rules, "*.yaml")] }),
            );
            await run("promtool", "check", "config", "--syntax-only", "prometheus.yml");
        });

        for (const [index, one] of ruleCases(config, config.monitoring.rules).entries())
            it(`${one.rule} ${one.kind} (case ${index + 1})`, async () => {
                const files = Object.keys(ruleFiles(config)).map((file) => join(rules, file));
                const groups = Object.values(rulesOf(config))
                    .flat()
                    .map(({ name }) => name)
                    // What is recorded comes before the alerts that read it.
                    .sort((a, b) => Number(a === "error-budget") - Number(b === "error-budget"));
                const file = join(directory, `case-${index + 1}.yaml`);
                writeFileSync(file, promtoolFile(one, files, groups));
                await run("promtool", "test", "rules", file);
            });

        it("E13 C16 amtool accepts Alertmanager's configuration", async () => {
            const output = await run("amtool", "check-config", "alertmanager.yaml");
            const { receivers: list } = parse(stringify(alertmanagerConfig(receivers))) as { receivers: unknown[] };
            assert.match(output, /SUCCESS/);
            assert.match(output, new RegExp(`${list.length} receivers`));
        });

        for (const { title: what, labels, receivers: wanted } of routeCases(receivers))
            it(`${what} reaches ${wanted.join(" and ")}`, async () => {
                await run(
                    "amtool",
                    ...["config", "routes", "test", "--config.file=alertmanager.yaml"],
                    `--verify.receivers=${wanted.join(",")}`,
                    ...Object.entries(labels).map(([name, value]) => `${name}=${value}`),
                );
            });
    });
