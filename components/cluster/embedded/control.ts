import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, openSync, closeSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { writeAtomically } from "../../../tools/cache";
import { withLock } from "../../../tools/lock";
import { furtherGroups } from "../../../tools/inventory";
import { ensureToolchain } from "../../../tools/toolchain";
import type { EmbeddedClusterConfig } from "../../config/cluster";
import { UserError } from "../../../tools/errors";
import { clusterPaths, type ClusterPaths } from "./paths";
import { checkMachine } from "./preflight";
import { ClusterStatus, isRunning, readStatus } from "./status";
import { changeBetween, missingImages, SupervisorConfig, supervisorConfig, SupervisorImage } from "./supervisor-config";

/** What to run. */
export interface ClusterRequest extends Pick<
    EmbeddedClusterConfig,
    "name" | "nodes" | "hostPorts" | "networkPolicies"
> {
    /** Names of the toolchain's images to import. Default: all of the cluster and the mesh. */
    images?: readonly string[];
}

/** Options of everything that takes a while. */
export interface ControlOptions {
    /** Called with a line of progress at a time. */
    onProgress?(line: string): void;
    /** Stops the work. An interrupted start leaves nothing behind. */
    signal?: AbortSignal;
}

/** A cluster that does not get ready in this time is given up, in milliseconds. Usual: 5 s. */
const startLimit = 180_000;

/**
 * Makes a cluster run as requested: starts it, or changes the one that runs already.
 *
 * @returns The status of the ready cluster.
 * @throws UserError saying what is wrong with the machine or the cluster, and what to do.
 */
export async function ensureCluster(request: ClusterRequest, options: ControlOptions = {}): Promise<ClusterStatus> {
    const before = readStatus(request.name);
    if (!isRunning(before)) await checkMachine(request);
    const toolchain = await ensureToolchain(["cluster", "mesh", ...furtherGroups(request.images ?? [])], options);
    const images = toolchain.images.filter(({ name }) => request.images?.includes(name) ?? true);
    const wanted = supervisorConfig(request, toolchain, images);
    return await exclusively(request.name, options, async () => {
        const paths = clusterPaths(request.name);
        const existing = readConfig(request.name);
        let status = readStatus(request.name);
        let change = existing ? changeBetween(existing, wanted) : "restart";
        if (status.phase === "degraded" && change !== "replace") change = "restart"; // another try for what was given up
        if (change === "replace")
            throw new UserError(
                `The cluster ${request.name} exists with other nodes (${existing!.nodes.map(({ zone }) => zone).join(", ")}). ` +
                    `Remove it first: npm run cluster -- destroy --name ${request.name}`,
            );
        if (isRunning(status) && change === "restart") {
            options.onProgress?.(`cluster ${request.name}: its programs, ports or duties have changed, starting again`);
            await kubenode(existing ?? wanted, "stop");
            status = readStatus(request.name);
        }
        if (isRunning(status)) {
            const missing = missingImages(existing!, wanted);
            if (missing.length > 0) await importImages(existing!, missing, options);
            writeAtomically(paths.config, asText(wanted));
            return readStatus(request.name);
        }
        if (status.pid === 0) writeAtomically(paths.config, asText(wanted));
        return await start(wanted, existing === undefined, options);
    });
}

/** Starts a stopped cluster again as it was. */
export async function restartCluster(name: string, options: ControlOptions = {}): Promise<ClusterStatus> {
    const config = existingConfig(name);
    return await exclusively(name, options, () => start(config, false, options));
}

/** Imports an image archive into every node of a running cluster. */
export async function loadImage(name: string, image: SupervisorImage, options: ControlOptions = {}): Promise<void> {
    const config = existingConfig(name);
    await exclusively(name, options, async () => {
        if (!isRunning(readStatus(name))) throw new UserError(`The cluster ${name} does not run.`);
        await importImages(config, [image], options);
        const others = config.images.filter((other) => other.name !== image.name);
        writeAtomically(clusterPaths(name).config, asText({ ...config, images: [...others, image] }));
    });
}

/** Stops a cluster; its data stay. */
export async function stopCluster(name: string, options: ControlOptions = {}): Promise<void> {
    const config = readConfig(name);
    if (config) await exclusively(name, options, () => kubenode(config, "stop").then(() => undefined));
}

/** Stops a cluster and removes all of it. A cluster that does not exist is no error. */
export async function destroyCluster(name: string, options: ControlOptions = {}): Promise<void> {
    const paths = clusterPaths(name);
    if (!existsSync(paths.directory) && !existsSync(paths.removed)) return;
    await exclusively(name, options, async () => {
        const config = readConfig(name);
        if (config) await kubenode(config, "stop");
        removeFiles(paths);
    });
}

/**
 * Removes the files of a stopped cluster. They get another name first: a process of the cluster that ends late finds
 * nothing to write into, and after an interruption no half of a cluster is taken for a whole one.
 */
function removeFiles({ directory, removed }: ClusterPaths): void {
    rmSync(removed, { recursive: true, force: true });
    if (existsSync(directory)) renameSync(directory, removed);
    rmSync(removed, { recursive: true, force: true });
}

/** Start to end: the supervisor is a process of its own session and outlives this one. */
async function start(config: SupervisorConfig, isNew: boolean, options: ControlOptions): Promise<ClusterStatus> {
    const paths = clusterPaths(config.name);
    mkdirSync(paths.directory, { recursive: true });
    rmSync(paths.status, { force: true });
    const log = openSync(paths.log, "a");
    const child = spawn(join(config.bin, "kubenode"), ["up", "--data", paths.directory], {
        detached: true,
        stdio: ["ignore", log, log],
        cwd: "/",
    });
    closeSync(log);
    let ended: string | undefined;
    child.on("error", (error) => (ended = error.message));
    child.on("exit", (code, signal) => (ended ??= `ended with ${signal ?? `exit code ${code}`}`));
    const reached = new Set<string>();
    for (const begin = Date.now(); ; await delay(30)) {
        const status = readStatus(config.name);
        for (const [what, seconds] of Object.entries(status.milestones))
            if (!reached.has(what)) {
                reached.add(what);
                options.onProgress?.(`cluster ${config.name}: ${what} after ${seconds.toFixed(1)} s`);
            }
        if (isRunning(status)) {
            child.unref();
            return status;
        }
        if (options.signal?.aborted) {
            await stopStarted(config, child.pid);
            if (isNew) removeFiles(paths);
            throw new UserError(`The start of the cluster ${config.name} was interrupted; nothing is left of it.`, 130);
        }
        if (ended !== undefined || Date.now() - begin > startLimit) {
            const reason = status.reason ?? ended ?? `it is not ready after ${startLimit / 1000} s`;
            await stopStarted(config, child.pid);
            throw new UserError(
                `The cluster ${config.name} could not be started: ${reason}\n` +
                    `The end of ${paths.log}:\n${tail(paths.log, 8)}`,
            );
        }
    }
}

async function stopStarted(config: SupervisorConfig, pid: number | undefined): Promise<void> {
    try {
        if (pid !== undefined) process.kill(pid, "SIGTERM"); // it may not have taken its lock yet
    } catch {
        // It has ended already.
    }
    await kubenode(config, "stop");
}

async function importImages(
    config: SupervisorConfig,
    images: SupervisorImage[],
    options: ControlOptions,
): Promise<void> {
    options.onProgress?.(`cluster ${config.name}: importing ${images.map(({ name }) => name).join(", ")}`);
    await kubenode(config, "import", JSON.stringify(images));
}

/** Runs a command of the cluster's own supervisor program, or of the toolchain's when that one is gone. */
async function kubenode(config: SupervisorConfig, command: string, input = ""): Promise<string> {
    let program = join(config.bin, "kubenode");
    if (!existsSync(program)) program = join((await ensureToolchain(["cluster"])).bin, "kubenode");
    const child = spawn(program, [command, "--data", clusterPaths(config.name).directory], {
        detached: true, // Ctrl-C is for this process: what was begun is finished
        stdio: ["pipe", "pipe", "pipe"],
    });
    let output = "";
    let errors = "";
    child.stdout.on("data", (data: Buffer) => (output += data.toString()));
    child.stderr.on("data", (data: Buffer) => (errors += data.toString()));
    child.stdin.on("error", () => undefined).end(input);
    const code = await new Promise<number | null>((resolve, reject) => child.on("error", reject).on("close", resolve));
    if (code !== 0) throw new UserError(`Cluster ${config.name}: ${errors.trim() || `${command} failed`}`);
    return output;
}

function exclusively<T>(name: string, options: ControlOptions, action: () => Promise<T>): Promise<T> {
    return withLock(
        clusterPaths(name).lock,
        {
            purpose: `changing the cluster ${name}`,
            signal: options.signal,
            interval: 50,
            onWait: (owner) => options.onProgress?.(`process ${owner.pid} is ${owner.purpose}: waiting for it`),
        },
        action,
    );
}

function readConfig(name: string): SupervisorConfig | undefined {
    const file = clusterPaths(name).config;
    return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as SupervisorConfig) : undefined;
}

function existingConfig(name: string): SupervisorConfig {
    const config = readConfig(name);
    if (!config) throw new UserError(`There is no cluster ${name}. See: npm run cluster -- list`);
    return config;
}

const asText = (config: SupervisorConfig) => `${JSON.stringify(config, null, 2)}\n`;

/** The last lines of a log. */
export function tail(file: string, lines: number): string {
    if (!existsSync(file)) return "";
    const { stdout } = spawnSync("tail", ["-n", String(lines), file], { encoding: "utf8" });
    return stdout.trimEnd();
}
