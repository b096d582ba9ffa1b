import { ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";

const projectDirectory = join(__dirname, "..", "..");

/** How a command of the project ended. */
export interface CommandResult {
    code: number | null;
    signal: NodeJS.Signals | null;
    /** Standard output and standard error, in the order in which they came. */
    output: string;
    seconds: number;
}

/** A command of the project under way: `npm run <name> -- <args>` without npm in between. */
export class RunningCommand {
    readonly child: ChildProcess;
    private text = "";
    private readonly begin = Date.now();
    private readonly ended: Promise<CommandResult>;
    private readonly watchers = new Set<() => void>();

    constructor(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
        this.child = spawn(process.execPath, [join(projectDirectory, "bin", "run.mjs"), ...args], {
            cwd: projectDirectory,
            env: { ...process.env, ...env },
            stdio: ["ignore", "pipe", "pipe"],
            detached: true,
        });
        for (const stream of [this.child.stdout, this.child.stderr])
            stream?.on("data", (chunk: Buffer) => {
                this.text += chunk.toString();
                for (const watcher of this.watchers) watcher();
            });
        this.ended = new Promise((resolve, reject) => {
            this.child.on("error", reject);
            this.child.on("close", (code, signal) => {
                resolve({ code, signal, output: this.text, seconds: (Date.now() - this.begin) / 1000 });
                for (const watcher of this.watchers) watcher();
            });
        });
    }

    /** The command's end. */
    wait(): Promise<CommandResult> {
        return this.ended;
    }

    /** Waits until the output holds a text. Fails when the command ends before that. */
    async waitForOutput(pattern: RegExp): Promise<void> {
        await new Promise<void>((resolve, reject) => {
            const look = () => {
                const seen = pattern.test(this.text);
                const over = this.child.exitCode !== null || this.child.signalCode !== null;
                if (!seen && !over) return;
                this.watchers.delete(look);
                if (seen) resolve();
                else reject(new Error(`the command ended before it printed ${pattern}:\n${this.text}`));
            };
            this.watchers.add(look);
            look();
        });
    }

    /** Sends a signal to the command's whole process group, as a terminal does on Ctrl-C. */
    interrupt(signal: NodeJS.Signals = "SIGINT"): void {
        if (this.child.pid !== undefined) process.kill(-this.child.pid, signal);
    }
}

/** Runs a command of the project to its end. */
export function runCommand(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<CommandResult> {
    return new RunningCommand(args, env).wait();
}
