import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connectTarget } from "../../../tests/verification/target/connect";
import { readTargetFile } from "../../../tests/verification/target/file";
import type { KubernetesObject, Target } from "../../../tests/verification/target/target";
import { ensureToolchain } from "../../../tools/toolchain";
import { interruptible } from "../../processes";
import { localDirectory } from "../../project";
import { StackRunner } from "../../stack";
import { writeWorkingConfig } from "../../stack-config";
import { git, givePackages, removeTree, snapshotCommit } from "../base";
import { compareBehaviour } from "./compare";
import { declaredRoutes, measure } from "./measure";
import { probesOf, unite, type Probe } from "./probes";
import type { BehaviourComparison } from "./report";
import { clusterName, onEmbeddedCluster } from "./stack";

/** The two sides, and how much is asked of them. */
export interface BehaviourOptions {
    /** Name of the stack that is reviewed. */
    readonly stack: string;
    readonly baseCommit: string;
    /** Texts of the stack's configuration. */
    readonly config: { readonly base: string; readonly change: string };
    /** VirtualServices in the plan of the change: what only it routes is asked before, too. */
    readonly announced: readonly KubernetesObject[];
    /** Requests of each kind. */
    readonly requests: number;
    /** Whether held requests are timed. */
    readonly held: boolean;
    readonly onProgress: (line: string) => void;
}

/** Folder in which first the base lies and then the change: what depends on the program's folder stays the same. */
const tree = join(localDirectory, "review", "tree");

/**
 * Deploys the base on an embedded cluster, measures it, updates it to the change with `pulumi up`, and measures again.
 * Nothing is left afterwards, whatever happens.
 */
export async function measureBehaviour(options: BehaviourOptions): Promise<BehaviourComparison> {
    try {
        return await interruptible((signal) => onBoth(options, signal));
    } catch (error) {
        const problem = (error as Error).message;
        return { lines: [], unchanged: [], proxies: [], how: "", problem };
    }
}

async function onBoth(options: BehaviourOptions, signal: AbortSignal): Promise<BehaviourComparison> {
    const { stack, baseCommit, config, requests, held, onProgress } = options;
    await ensureToolchain(["cluster", "mesh"], { onProgress, signal });
    const changeCommit = await snapshotCommit();
    const folder = join(localDirectory, "review");
    const name = `${stack}-review`;
    const file = join(folder, `Pulumi.${name}.yaml`);
    const write = (text: string) => writeFileSync(file, onEmbeddedCluster(text), { mode: 0o600 });
    mkdirSync(folder, { recursive: true });
    write(config.base);
    const runner = await StackRunner.open({ name, configFile: file }, onProgress);
    const working = () => writeWorkingConfig({ name, configFile: file });
    const deploy = async (side: string) => {
        signal.throwIfAborted();
        onProgress(`Deploying ${side} on the embedded cluster ${clusterName}`);
        const args = ["up", "--yes", "--skip-preview", ...runner.argumentsWith(working())];
        const { code, stdout, stderr } = await runner.capture(args, { cwd: tree });
        signal.throwIfAborted();
        if (code !== 0) throw new Error(`${side} cannot be deployed:\n${lastLines(`${stdout}\n${stderr}`)}`);
        return connect(name);
    };
    try {
        await destroy(runner, working());
        await layOut(baseCommit);
        const base = await deploy("the base");
        const ownProbes = probesOf(await declaredRoutes(base));
        const probes = unite([...ownProbes, ...probesOf(options.announced)]);
        onProgress(`Measuring the base: ${probes.length} kinds of requests`);
        const before = await measure(base, { probes, requests, held, signal });
        await base.close();
        await layOut(changeCommit);
        write(config.change);
        const change = await deploy("the change");
        const more = probesOf(await declaredRoutes(change)).filter((probe) => !probes.some((one) => same(one, probe)));
        onProgress(`Measuring the change: ${probes.length} kinds of requests`);
        const after = await measure(change, { probes, requests, held, signal });
        await change.close();
        const comparison = compareBehaviour(before, after);
        return more.length === 0
            ? comparison
            : {
                  ...comparison,
                  how: `${comparison.how} Not asked before, since no plan told of them: ${more.length} kinds of requests.`,
              };
    } finally {
        onProgress("Removing the embedded cluster");
        await destroy(runner, working());
        await removeTree(tree);
        rmSync(file, { force: true });
    }
}

const same = (a: Probe, b: Probe): boolean => JSON.stringify(a) === JSON.stringify(b);

async function layOut(commit: string): Promise<void> {
    if (!existsSync(join(tree, ".git"))) await git("worktree", "add", "--detach", "--force", tree, commit);
    else {
        rmSync(join(tree, "node_modules"), { recursive: true, force: true });
        await git("-C", tree, "checkout", "--quiet", "--detach", "--force", commit);
    }
    await givePackages(tree);
}

/** Removes what the stack has deployed and its cluster, also what an earlier run left. */
async function destroy(runner: StackRunner, configFile: string): Promise<void> {
    if (!existsSync(join(tree, ".git"))) return;
    const args = ["destroy", "--yes", ...runner.argumentsWith(configFile)];
    const { code, stdout, stderr } = await runner.capture(args, { cwd: tree });
    if (code !== 0) throw new Error(`The cluster ${clusterName} is not removed:\n${lastLines(`${stdout}\n${stderr}`)}`);
}

async function connect(stack: string): Promise<Target> {
    return connectTarget(readTargetFile(join(tree, ".local", "verification", `${stack}.json`)));
}

function lastLines(text: string): string {
    return text
        .split("\n")
        .filter((line) => line.trim() !== "")
        .slice(-25)
        .join("\n");
}
