import { ChildProcess, spawn } from "node:child_process";
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PulumiInstallation } from "../../../tools/pulumi";

/** A Kubernetes object to register, and how. */
export interface Entry {
    /** The resource's name in Pulumi. */
    name: string;
    object: Record<string, unknown>;
    /** Names of entries that come before. */
    dependsOn?: string[];
    /** Keys of `data` whose values are secret. */
    secrets?: string[];
    /** Limit for creating, changing and deleting it, such as "5s". */
    timeout?: string;
}

/** What a run of Pulumi's program gave. */
export interface EngineResult {
    code: number | null;
    /** Standard output and standard error. */
    output: string;
    seconds: number;
}

/** A run under way. */
export interface EngineRun {
    child: ChildProcess;
    result: Promise<EngineResult>;
    /** Resolves when the output so far matches. */
    saw(pattern: RegExp): Promise<void>;
}

/** A resource in Pulumi's state. */
export interface StateResource {
    urn: string;
    type: string;
    id?: string;
    inputs: Record<string, unknown>;
    outputs: Record<string, unknown>;
    initErrors?: string[];
}

/** Pulumi's engine on a program of its own that registers the objects it is told, with a state of its own. */
export class Engine {
    private readonly program: string;
    private readonly env: NodeJS.ProcessEnv;

    constructor(
        private readonly installation: PulumiInstallation,
        {
            directory,
            kubeconfig,
            projectDirectory,
        }: { directory: string; kubeconfig: string; projectDirectory: string },
    ) {
        this.program = join(directory, "program");
        cpSync(join(projectDirectory, "tests", "e2e", "stand-in", "program"), this.program, { recursive: true });
        symlinkSync(join(projectDirectory, "node_modules"), join(this.program, "node_modules"));
        const state = join(directory, "state");
        mkdirSync(state);
        this.env = {
            ...process.env,
            ...installation.env,
            PULUMI_BACKEND_URL: `file://${state}`,
            PULUMI_CONFIG_PASSPHRASE: "test",
            TEST_KUBECONFIG: kubeconfig,
        };
    }

    /** Says which objects the program registers. */
    declare(entries: readonly Entry[]): void {
        writeFileSync(join(this.program, "objects.json"), JSON.stringify(entries));
    }

    /** Adds environment variables for the runs to come. */
    set(variables: Record<string, string>): void {
        Object.assign(this.env, variables);
    }

    /** Runs `pulumi <args>` to its end. */
    run(...args: string[]): Promise<EngineResult> {
        return this.start(...args).result;
    }

    /** Starts `pulumi <args>`. */
    start(...args: string[]): EngineRun {
        const began = Date.now();
        const child = spawn(this.installation.command, [...args, "--non-interactive"], {
            cwd: this.program,
            env: this.env,
            stdio: ["ignore", "pipe", "pipe"],
        });
        let output = "";
        const watchers = new Set<() => void>();
        for (const stream of [child.stdout, child.stderr])
            stream?.on("data", (chunk: Buffer) => {
                output += chunk.toString();
                watchers.forEach((watcher) => watcher());
            });
        const result = new Promise<EngineResult>((resolve, reject) => {
            child.on("error", reject);
            child.on("close", (code) => {
                resolve({ code, output, seconds: (Date.now() - began) / 1000 });
                watchers.forEach((watcher) => watcher());
            });
        });
        const saw = (pattern: RegExp) =>
            new Promise<void>((resolve, reject) => {
                const look = () => {
                    if (pattern.test(output)) resolve();
                    else if (child.exitCode !== null) reject(new Error(`ended without ${String(pattern)}:\n${output}`));
                    else return;
                    watchers.delete(look);
                };
                watchers.add(look);
                look();
            });
        return { child, result, saw };
    }

    /** The resources in the state, secrets encrypted. Fails when the state is not valid JSON. */
    async state(): Promise<StateResource[]> {
        const { output } = await this.run("stack", "export", "--stack", "test");
        const { deployment } = JSON.parse(output) as {
            deployment: { resources?: StateResource[]; pending_operations?: unknown[] };
        };
        if (deployment.pending_operations?.length)
            throw new Error(`pending operations: ${JSON.stringify(deployment.pending_operations)}`);
        return deployment.resources ?? [];
    }
}
