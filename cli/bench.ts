import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { parse, stringify } from "yaml";
import { memoryOfCluster } from "./bench/memory";
import { Measurement, report } from "./bench/report";
import { toolBuildTimes } from "./bench/tools";
import { timeWatch } from "./bench/watch";
import { UserError } from "../tools/errors";
import { localDirectory, projectDirectory } from "./project";

/** Name of the stack and of the embedded cluster that are measured; they exist only meanwhile. */
const stackName = "bench";

/** `npm run bench`: measures the program on an embedded cluster of its own and writes docs/benchmarks.md. */
export function benchCommand(): Command {
    return new Command("bench")
        .option("--runs <n>", "runs of each repeated step; the median counts", Number, 3)
        .option("--output <file>", "file to write", join(projectDirectory, "docs", "benchmarks.md"))
        .action(async (options: { runs: number; output: string }) => {
            if (!Number.isInteger(options.runs) || options.runs < 1)
                throw new UserError(`--runs: a whole number from 1 on is needed, not ${options.runs}`, 2);
            writeFileSync(options.output, report(await measureAll(options.runs)));
            console.log(`written: ${options.output}`);
        });
}

async function measureAll(runs: number) {
    const stack = ["--stack", stackName, "--config-file", writeConfig()];
    const steps: Measurement[] = [];
    const measure = (name: string, args: readonly string[], times = 1, env: NodeJS.ProcessEnv = {}) => {
        const seconds = Array.from({ length: times }, () => timed(args, env));
        record(name, seconds);
    };
    const record = (name: string, seconds: readonly number[]) => {
        steps.push({ name, seconds });
        console.log(`${name}: ${seconds.map((value) => value.toFixed(2)).join(", ")} s`);
    };
    timed(["destroy", ...stack]);
    try {
        measure("start-up (`--help`)", ["--help"], runs);
        measure("preview, nothing deployed", ["preview", ...stack], runs);
        measure("preview, by ts-node with type check", ["preview", ...stack], runs, typeChecked());
        measure("first up, from no cluster to all pods Ready", ["start", ...stack]);
        measure("unchanged up", ["start", ...stack], runs);
        measure("unchanged up, by ts-node with type check", ["start", ...stack], runs, typeChecked());
        const target = join(localDirectory, "verification", `${stackName}.json`);
        measure("verification", ["verify", "--target", target, "--stack", stackName], runs);
        record("verify --watch, from a saved VirtualService to the verdict", await timeWatch(target, stackName, runs));
        const memory = memoryOfCluster(stackName);
        measure("destroy", ["destroy", ...stack]);
        return { steps, memory, tools: toolBuildTimes() };
    } finally {
        timed(["destroy", ...stack]);
        rmSync(join(localDirectory, "bench"), { recursive: true, force: true });
    }
}

/** The local environment under another cluster name, without ports on the host and without the suite in each up. */
function writeConfig(): string {
    const directory = join(localDirectory, "bench");
    mkdirSync(directory, { recursive: true });
    const file = join(directory, `Pulumi.${stackName}.yaml`);
    const local = parse(readFileSync(join(projectDirectory, "Pulumi.local.yaml"), "utf8")) as { config: object };
    const config = {
        ...local.config,
        "istio-platform:cluster": { kind: "embedded", name: stackName, hostPorts: [], networkPolicies: true },
        "istio-platform:verification": { enabled: false },
    };
    writeFileSync(file, stringify({ config }));
    return file;
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
