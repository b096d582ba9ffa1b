import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command, Option } from "commander";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { platform, type PlatformConfig } from "../components/config/platform";
import { cgroupsOfKind, timeKindParts } from "./bench/kind";
import { memoryOf } from "./bench/memory";
import {
    environmentSection,
    Measurement,
    Measurements,
    referenceStep,
    toolsSection,
    withSections,
} from "./bench/report";
import { toolBuildTimes } from "./bench/tools";
import { timeWatch } from "./bench/watch";
import { UserError } from "../tools/errors";
import { findStack, localDirectory, projectDirectory, Stack } from "./project";

/** Name of the stack and of the cluster that are measured; they exist only meanwhile. */
const stackName = "bench";

/** The environments that can be measured, and the kind of cluster that each has. */
const measured = { local: "embedded", dev: "kind" } as const;

interface BenchOptions {
    stack: keyof typeof measured;
    configFile?: string;
    runs: number;
    output: string;
}

/** `npm run bench`: measures an environment on a cluster of its own and writes its section of docs/benchmarks.md. */
export function benchCommand(): Command {
    return new Command("bench")
        .addOption(
            new Option("--stack <name>", "environment to measure").choices(Object.keys(measured)).default("local"),
        )
        .addOption(
            new Option(
                "--config-file <file>",
                "its configuration; a cluster name of its own and no host ports are set",
            ).default(undefined, "Pulumi.<stack>.yaml"),
        )
        .option("--runs <n>", "runs of each repeated step; the median counts", Number, 3)
        .option("--output <file>", "file to write", join(projectDirectory, "docs", "benchmarks.md"))
        .action(async (options: BenchOptions) => {
            const { stack, runs, output } = options;
            if (!Number.isInteger(runs) || runs < 1)
                throw new UserError(`--runs: a whole number from 1 on is needed, not ${runs}`, 2);
            const { configFile, config } = writeConfig(findStack(options));
            if (config.cluster.kind !== measured[stack])
                throw new UserError(
                    `--config-file: cluster.kind is ${config.cluster.kind}; the environment ${stack} has ${measured[stack]}.`,
                    2,
                );
            const section = environmentSection(await measureAll(configFile, config, runs));
            const tools = stack === "local" ? toolsSection(toolBuildTimes()) : undefined;
            const before = existsSync(output) ? readFileSync(output, "utf8") : "";
            writeFileSync(output, withSections(before, { [stack]: section, ...(tools !== undefined && { tools }) }));
            console.log(`written: ${output}`);
        });
}

async function measureAll(configFile: string, config: PlatformConfig, runs: number): Promise<Measurements> {
    const stack = ["--stack", stackName, "--config-file", configFile];
    const steps: Measurement[] = [];
    const measure = (name: string, args: readonly string[], times = 1, env: NodeJS.ProcessEnv = {}) => {
        const seconds = Array.from({ length: times }, () => timed(args, env));
        record({ name, seconds });
    };
    const record = (step: Measurement) => {
        steps.push(step);
        console.log(`${step.name}: ${step.seconds.map((value) => value.toFixed(2)).join(", ")} s`);
    };
    timed(["destroy", ...stack]);
    try {
        measure("start-up (`--help`)", ["--help"], runs);
        measure(referenceStep, ["preview", ...stack], runs);
        measure("preview, by ts-node with type check", ["preview", ...stack], runs, typeChecked());
        measure("first up, from no cluster to all pods Ready", ["start", ...stack]);
        measure("unchanged up", ["start", ...stack], runs);
        measure("unchanged up, by ts-node with type check", ["start", ...stack], runs, typeChecked());
        const target = join(localDirectory, "verification", `${stackName}.json`);
        measure("verification", ["verify", "--target", target, "--stack", stackName], runs);
        const { summary: suite } = suiteReport.parse(
            JSON.parse(readFileSync(join(projectDirectory, "reports", stackName, "report.json"), "utf8")),
        );
        const watched = await timeWatch(target, stackName, runs);
        record({ name: "verify --watch, from a saved VirtualService to the verdict", seconds: watched });
        const memory = memoryOf(await cgroupsOf(config.cluster));
        measure("destroy", ["destroy", ...stack]);
        if (config.cluster.kind === "kind")
            for (const step of await timeKindParts(config, config.cluster, runs)) record(step);
        return { cluster: descriptionOf(config.cluster), steps, suite, memory };
    } finally {
        timed(["destroy", ...stack]);
        rmSync(join(localDirectory, "bench"), { recursive: true, force: true });
    }
}

/** What the suite's report says of it as a whole. */
const suiteReport = z.object({ summary: z.object({ passed: z.int(), skipped: z.int() }) });

async function cgroupsOf(cluster: PlatformConfig["cluster"]): Promise<RegExp> {
    if (cluster.kind === "kind") return cgroupsOfKind(cluster);
    return new RegExp(`/kubenode/${stackName}-`);
}

function descriptionOf(cluster: PlatformConfig["cluster"]): string {
    if (cluster.kind === "eks") throw new UserError("an environment on AWS is not measured here", 2);
    const count = cluster.nodes.length;
    return `${cluster.kind === "kind" ? "a kind" : "an embedded"} cluster of its own, ${count} ${count === 1 ? "node" : "nodes"}`;
}

/** The environment under another cluster name, without ports on the host and without the suite in each up. */
function writeConfig({ configFile }: Stack): { configFile: string; config: PlatformConfig } {
    const directory = join(localDirectory, "bench");
    mkdirSync(directory, { recursive: true });
    const file = join(directory, `Pulumi.${stackName}.yaml`);
    const declared = parse(readFileSync(configFile, "utf8")) as { config: Record<string, object> };
    const config = {
        ...declared.config,
        "istio-platform:cluster": { ...declared.config["istio-platform:cluster"], name: stackName, hostPorts: [] },
        "istio-platform:verification": { enabled: false },
    };
    writeFileSync(file, stringify({ config }));
    const sections = Object.entries(config).map(([key, value]) => [key.replace(/^[\w-]+:/, ""), value]);
    return { configFile: file, config: platform.parse(Object.fromEntries(sections)) };
}

/** Makes Pulumi's ts-node check the types of the whole program each time, as it does without this project's settings. */
function typeChecked(): NodeJS.ProcessEnv {
    const file = join(localDirectory, "bench", "tsconfig.json");
    writeFileSync(file, JSON.stringify({ extends: "../../tsconfig.json", compilerOptions: { noCheck: false } }));
    return { PULUMI_NODEJS_TSCONFIG_PATH: file };
}

/** Seconds that a command of the project takes. A command that fails ends the measurement. */
function timed(args: readonly string[], env: NodeJS.ProcessEnv = {}): number {
    const begin = process.hrtime.bigint();
    const { status, stdout, stderr } = spawnSync(
        process.execPath,
        [join(projectDirectory, "bin", "run.mjs"), ...args],
        {
            env: { ...process.env, ...env },
            encoding: "utf8",
            maxBuffer: 64 * 1024 * 1024,
        },
    );
    if (status !== 0) throw new UserError(`${args.join(" ")} failed:\n${stdout}${stderr}`);
    return Number(process.hrtime.bigint() - begin) / 1e9;
}
