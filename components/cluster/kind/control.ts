import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { stringify } from "yaml";
import { writeAtomically } from "../../../tools/cache";
import { UserError } from "../../../tools/errors";
import { withLock } from "../../../tools/lock";
import type { ToolchainImage } from "../../../tools/toolchain";
import type { KindClusterConfig } from "../../config/cluster";
import { adoptionProblems } from "./adoption";
import { hostsFile, kindConfigFile } from "./config-file";
import { meaningOf } from "./failures";
import { kubectl, nodesOf, zonesOf, type NodeContainer } from "./nodes";
import { kindPaths, type KindPaths } from "./paths";
import { checkKindMachine, checkPrograms } from "./preflight";
import { runProgram } from "./programs";
import { isAbout, isWhole, readRecord, writeRecord, type KindRecord } from "./record";
import { kindEnvironment, type Runtime } from "./runtime";

/** A kind cluster that is wanted. */
export type KindRequest = Omit<KindClusterConfig, "kind">;

/** An image archive for every node. */
export type KindImage = Pick<ToolchainImage, "name" | "archive" | "digest">;

/** Options of everything here. */
export interface KindOptions {
    /** Called with a line of progress at a time. */
    onProgress?(line: string): void;
    /** Stops the work. An interrupted start leaves nothing behind. */
    signal?: AbortSignal;
    /** The environment that kind and the runtime are looked for and run in. Default: this process's. */
    env?: NodeJS.ProcessEnv;
    /** Where the cluster's files are. Default: in this clone. */
    paths?: KindPaths;
    /** Checks whether this machine can run a new cluster. Default: {@link checkKindMachine}. */
    checkMachine?: typeof checkKindMachine;
}

/** A cluster that is there. */
export interface KindStatus {
    nodes: NodeContainer[];
    /** Where its administrator's kubeconfig is. */
    kubeconfigPath: string;
}

/** How long the nodes may take to be Ready once kind is done, or once they are started again, in seconds. */
const readyLimit = 180;

/** How often kind is asked to remove nodes that stay, and the time in between in milliseconds. */
const removalAttempts = 5;
const removalPause = 1000;

/**
 * Makes a kind cluster be as requested: makes it, starts it, takes it over, or brings what it lacks to the one that is there.
 *
 * @throws UserError saying what is wrong with the machine or the cluster, and what to do.
 */
export async function ensureKindCluster(
    request: KindRequest,
    images: readonly KindImage[],
    options: KindOptions = {},
): Promise<KindStatus> {
    const runtime = await checkPrograms(request.name, request.runtime, options.env);
    return await exclusively(request.name, options, async (paths) => {
        const cluster = new KindControl(request.name, runtime, paths, options);
        await cluster.removeUnfinished();
        const nodes = await cluster.nodes();
        const record = readRecord(paths.record);
        if (nodes.length === 0) await cluster.create(request);
        else if (record && isAbout(record, nodes)) await cluster.resume(request, record, nodes);
        else await cluster.adopt(request, nodes);
        cluster.writeRegistries(request.registryMirrors);
        await cluster.load(images);
        return { nodes: await cluster.nodes(), kubeconfigPath: paths.kubeconfig };
    });
}

/** What there is of the cluster with a name that this clone has made or taken over. */
export async function probeKindCluster(
    name: string,
    { env, paths = kindPaths(name) }: KindOptions = {},
): Promise<{ exists: boolean; running: boolean }> {
    const record = readRecord(paths.record);
    if (record?.phase !== "ready") return { exists: false, running: false };
    await checkPrograms(name, record.runtime, env);
    const nodes = await nodesOf(name, record.runtime, env);
    const exists = isWhole(record, nodes);
    return { exists, running: exists && nodes.every(({ running }) => running) };
}

/**
 * Removes the cluster with a name and all its files; of one that somebody else has made, the files alone. A cluster that
 * does not exist is no error.
 */
export async function removeKindCluster(name: string, options: KindOptions = {}): Promise<void> {
    const { paths = kindPaths(name) } = options;
    if (!existsSync(paths.directory)) return;
    await exclusively(name, options, async () => {
        const record = readRecord(paths.record);
        if (record && !record.adopted) {
            await checkPrograms(name, record.runtime, options.env);
            const cluster = new KindControl(name, record.runtime, paths, options);
            const nodes = await cluster.nodes();
            if (record.phase === "creating" || isAbout(record, nodes)) await cluster.removeNodes();
        }
        rmSync(paths.directory, { recursive: true, force: true });
        rmSync(paths.log, { force: true });
    });
}

/** One cluster under its lock. */
class KindControl {
    private readonly env: NodeJS.ProcessEnv;

    constructor(
        private readonly name: string,
        private readonly runtime: Runtime,
        private readonly paths: KindPaths,
        private readonly options: KindOptions,
    ) {
        this.env = kindEnvironment(runtime, options.env);
    }

    nodes(): Promise<NodeContainer[]> {
        return nodesOf(this.name, this.runtime, this.options.env);
    }

    /** What an interrupted start has left when not even its tidying could run. */
    async removeUnfinished(): Promise<void> {
        if (readRecord(this.paths.record)?.phase !== "creating") return;
        this.say("its making was cut off: removing what there is");
        await this.removeNodes();
        rmSync(this.paths.directory, { recursive: true, force: true });
    }

    async create(request: KindRequest): Promise<void> {
        const { paths } = this;
        if (request.adopt)
            throw new UserError(
                `There is no kind cluster ${this.name} that could be adopted. Make it (kind create cluster --name ${this.name}), ` +
                    "or leave out cluster.adopt.",
            );
        await (this.options.checkMachine ?? checkKindMachine)(request, this.options.env);
        rmSync(paths.directory, { recursive: true, force: true });
        rmSync(paths.log, { force: true });
        mkdirSync(paths.registries, { recursive: true });
        this.writeRegistries(request.registryMirrors);
        writeAtomically(paths.config, stringify(kindConfigFile(request, paths.registries)));
        const { name, nodes, hostPorts, nodeImage } = request;
        const record: KindRecord = {
            phase: "creating",
            adopted: false,
            runtime: this.runtime,
            request: { name, nodes, hostPorts, nodeImage },
            containers: [],
            images: [],
        };
        writeRecord(paths.record, record);
        let isOurs = true;
        try {
            await this.kind(
                ["create", "cluster", "--name", name, "--config", paths.config, "--wait", `${readyLimit}s`],
                {
                    kubeconfig: true,
                    failed: (output) => {
                        isOurs = !/already exist for a cluster/.test(output);
                        return `The kind cluster ${name} could not be made; nothing is left of it. ${meaningOf(output)}`;
                    },
                    interrupted: `The making of the kind cluster ${name} was interrupted; nothing is left of it.`,
                },
            );
            const made = await this.nodes();
            await this.waitUntilReady(made);
            writeRecord(paths.record, { ...record, phase: "ready", containers: made.map(({ id }) => id) });
        } catch (error) {
            if (isOurs) await this.removeNodes();
            rmSync(paths.directory, { recursive: true, force: true });
            throw error;
        }
    }

    /** Goes on with a cluster that this clone knows. */
    async resume(request: KindRequest, record: KindRecord, nodes: readonly NodeContainer[]): Promise<void> {
        if (record.adopted && !request.adopt)
            throw new UserError(
                `Somebody else has made the kind cluster ${this.name}, so that it cannot become this stack's. ` +
                    "Set cluster.adopt, or choose another cluster.name.",
            );
        const { name, nodes: wanted, hostPorts, nodeImage } = request;
        const made = JSON.stringify({ name, nodes: wanted, hostPorts, nodeImage });
        if (JSON.stringify(record.request) !== made && !record.adopted)
            throw new UserError(
                `The kind cluster ${name} exists with other nodes, ports or another node image. ` +
                    "Remove the stack's resources (npm run destroy), then start again.",
            );
        if (!isWhole(record, nodes))
            throw new UserError(
                `The kind cluster ${name} has lost nodes; there still are ${nodes.map((node) => node.name).join(", ")}. ` +
                    "Remove the stack's resources (npm run destroy), then start again.",
            );
        if (record.adopted) await this.checkAdoption(request, nodes);
        const stopped = nodes.filter(({ running }) => !running).map((node) => node.name);
        if (stopped.length === 0) return;
        this.say(`starting ${stopped.join(", ")} again`);
        const { code, stderr } = await runProgram(this.runtime, ["start", ...stopped], { env: this.env });
        if (code !== 0) throw new UserError(`The kind cluster ${name} could not be started: ${meaningOf(stderr)}`);
        await this.waitUntilReady(nodes);
    }

    /** Takes over a cluster that somebody else has made. */
    async adopt(request: KindRequest, nodes: readonly NodeContainer[]): Promise<void> {
        const { name, nodes: wanted, hostPorts } = request;
        if (!request.adopt)
            throw new UserError(
                `There is a kind cluster ${name} already, which this copy of the project has not made. Choose another ` +
                    `cluster.name, set cluster.adopt to use that one, or remove it: kind delete cluster --name ${name}`,
            );
        await this.checkAdoption(request, nodes);
        mkdirSync(this.paths.directory, { recursive: true });
        await this.kind(["export", "kubeconfig", "--name", name], {
            kubeconfig: true,
            failed: (output) => `The kubeconfig of the kind cluster ${name} cannot be had: ${meaningOf(output)}`,
        });
        writeRecord(this.paths.record, {
            phase: "ready",
            adopted: true,
            runtime: this.runtime,
            request: { name, nodes: wanted, hostPorts },
            containers: nodes.map(({ id }) => id),
            images: [],
        });
        this.say("adopted as it is");
    }

    /** Writes which mirrors containerd asks; what is no longer declared goes. Nodes see it at once. */
    writeRegistries(mirrors: Readonly<Record<string, readonly string[]>>): void {
        if (!existsSync(this.paths.registries)) return; // of a cluster made by somebody else
        // The folder itself stays: it is what the nodes have mounted.
        for (const registry of readdirSync(this.paths.registries))
            if (!(registry in mirrors)) rmSync(join(this.paths.registries, registry), { recursive: true });
        for (const [registry, urls] of Object.entries(mirrors))
            writeAtomically(join(this.paths.registries, registry, "hosts.toml"), hostsFile(registry, urls));
    }

    /** Brings every node the images that it does not have in this version. */
    async load(images: readonly KindImage[]): Promise<void> {
        const wanted = images.map(({ name }) => name);
        writeRecord(this.paths.record, { ...readRecord(this.paths.record)!, wanted });
        for (const image of images) {
            const record = readRecord(this.paths.record)!;
            if (record.images.some(({ name, digest }) => name === image.name && digest === image.digest)) continue;
            this.say(`loading ${image.name}`);
            await this.kind(["load", "image-archive", image.archive, "--name", this.name], {
                failed: (output) =>
                    `The image ${image.name} could not be loaded into the nodes of ${this.name}: ${meaningOf(output)}`,
                interrupted: `Stopped. The kind cluster ${this.name} stays; the next run continues from there.`,
            });
            const others = record.images.filter(({ name }) => name !== image.name);
            writeRecord(this.paths.record, {
                ...record,
                images: [...others, { name: image.name, digest: image.digest }],
            });
        }
    }

    /**
     * Nobody interrupts this: what was begun is finished. A busy runtime may give up on a container that ends a moment later,
     * and may still make one that an interrupted kind had asked for: kind is asked more than once where there are any.
     */
    async removeNodes(): Promise<void> {
        const args = ["delete", "cluster", "--name", this.name, "--kubeconfig", this.paths.kubeconfig];
        const rounds = this.options.signal?.aborted ? 2 : 1;
        let output = "";
        for (let attempt = 1, clean = 0; attempt <= removalAttempts; attempt++) {
            ({ stderr: output } = await runProgram("kind", args, { env: this.env, log: this.paths.log }));
            clean = (await this.nodes()).length === 0 ? clean + 1 : 0;
            if (clean === rounds) return;
            await delay(removalPause);
        }
        const left = await this.nodes();
        throw new UserError(
            `The kind cluster ${this.name} could not be removed, there still are ${left.map(({ name }) => name).join(", ")}: ` +
                `${meaningOf(output)}\nThen: kind delete cluster --name ${this.name}`,
        );
    }

    private async checkAdoption(request: KindRequest, nodes: readonly NodeContainer[]): Promise<void> {
        const problems = adoptionProblems(request, nodes, await zonesOf(nodes, this.runtime, this.env));
        if (problems.length > 0)
            throw new UserError(
                `The kind cluster ${this.name} is not as declared, and cannot be adopted:\n` +
                    problems.map((problem) => `  - ${problem}`).join("\n"),
            );
    }

    private async waitUntilReady(nodes: readonly NodeContainer[]): Promise<void> {
        const { signal } = this.options;
        const deadline = Date.now() + readyLimit * 1000;
        const args = ["wait", "nodes", "--all", "--for=condition=Ready", `--timeout=${readyLimit}s`];
        for (;;) {
            const { code, stderr } = await kubectl(nodes, this.runtime, args, { env: this.env, signal });
            if (code === 0) return;
            if (signal?.aborted)
                throw new UserError(`Stopped while the kind cluster ${this.name} was getting ready.`, 130);
            // An API server that is not there yet is waited for as well.
            if (Date.now() > deadline)
                throw new UserError(
                    `The nodes of the kind cluster ${this.name} are not ready after ${readyLimit} s: ${meaningOf(stderr)}`,
                );
            await delay(500);
        }
    }

    /** Runs kind where it changes something; its steps are shown. */
    private async kind(
        args: readonly string[],
        how: { failed: (output: string) => string; interrupted?: string; kubeconfig?: boolean },
    ): Promise<void> {
        const { signal } = this.options;
        if (signal?.aborted && how.interrupted) throw new UserError(how.interrupted, 130);
        const { code, stderr } = await runProgram(
            "kind",
            how.kubeconfig ? [...args, "--kubeconfig", this.paths.kubeconfig] : args,
            { env: this.env, log: this.paths.log, signal, onLine: (line) => this.say(stepOf(line)) },
        );
        if (code === 0) return;
        if (signal?.aborted && how.interrupted) throw new UserError(how.interrupted, 130);
        throw new UserError(`${how.failed(stderr)}\nThe whole output is in ${this.paths.log}.`);
    }

    private say(line: string): void {
        if (line !== "") this.options.onProgress?.(`kind cluster ${this.name}: ${line}`);
    }
}

/** A line of kind's without its signs: `✓ Preparing nodes 📦 📦` becomes `Preparing nodes`. */
export function stepOf(line: string): string {
    return line.replace(/[^\x20-\x7e]/g, "").trim();
}

function exclusively<T>(
    name: string,
    { signal, onProgress, paths = kindPaths(name) }: KindOptions,
    action: (paths: KindPaths) => Promise<T>,
): Promise<T> {
    return withLock(
        paths.lock,
        {
            purpose: `changing the kind cluster ${name}`,
            signal,
            onWait: (owner) => onProgress?.(`process ${owner.pid} is ${owner.purpose}: waiting for it`),
        },
        () => action(paths),
    );
}
