import { spawn } from "node:child_process";
import { createWriteStream, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { Interrupted } from "./errors";

/** How to run a program. */
export interface RunOptions {
    cwd?: string;
    env?: NodeJS.ProcessEnv;
    /** File that gets everything the program prints. Default: kept nowhere. */
    log?: string;
    /** Called with each line that the program prints. */
    onLine?(line: string): void;
    /** Stops the program and everything it started. */
    signal?: AbortSignal;
    /** Text for the program's standard input. */
    input?: string;
    /** Stop the program after so many milliseconds. Default: never. */
    timeout?: number;
}

/** A program that could not be started or that ended with an error. */
export class ProcessFailure extends Error {
    constructor(
        readonly command: string,
        /** Exit code; undefined when it could not be started or ended by a signal. */
        readonly code: number | undefined,
        /** The last lines that it printed. */
        readonly tail: string[],
        reason: string,
    ) {
        super(`${command}: ${reason}${tail.length ? `\n${tail.map((line) => `    ${line}`).join("\n")}` : ""}`);
        this.name = "ProcessFailure";
    }
}

const tailLength = 25;

/**
 * Runs a program to its end and returns what it wrote to standard output.
 *
 * The program gets a process group of its own, so that stopping it also stops the compilers that it started; when this
 * process ends by Ctrl-C, so does the group.
 *
 * @throws ProcessFailure when it fails, {@link Interrupted} when the signal was given.
 */
export async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
    if (options.signal?.aborted) throw new Interrupted();
    const child = spawn(command, args, {
        cwd: options.cwd,
        env: options.env ?? process.env,
        stdio: [options.input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
        detached: true,
    });
    const stopGroup = (signal: NodeJS.Signals) => {
        try {
            if (child.pid !== undefined) process.kill(-child.pid, signal);
        } catch {
            // The group has ended already.
        }
    };
    const stop = () => stopGroup("SIGTERM");
    const handlers = forwardSignals(stop);
    options.signal?.addEventListener("abort", stop, { once: true });
    const timer = options.timeout === undefined ? undefined : setTimeout(() => stopGroup("SIGKILL"), options.timeout);

    const log = options.log === undefined ? undefined : openLog(options.log);
    const tail: string[] = [];
    const onLine = (line: string) => {
        log?.write(`${line}\n`);
        tail.push(line);
        if (tail.length > tailLength) tail.shift();
        options.onLine?.(line);
    };
    const output: Buffer[] = [];
    child.stdout!.on("data", (chunk: Buffer) => output.push(chunk));
    createInterface({ input: child.stdout! }).on("line", onLine);
    createInterface({ input: child.stderr! }).on("line", onLine);
    if (options.input !== undefined) child.stdin!.on("error", () => undefined).end(options.input);
    try {
        const reason = await new Promise<string | undefined>((resolve) => {
            child.on("error", (error) => resolve(error.message));
            child.on("close", (code, signal) =>
                resolve(code === 0 ? undefined : code === null ? `ended by ${signal}` : `exit code ${code}`),
            );
        });
        if (options.signal?.aborted) throw new Interrupted();
        if (reason !== undefined) throw new ProcessFailure(command, child.exitCode ?? undefined, tail, reason);
        return Buffer.concat(output).toString();
    } finally {
        clearTimeout(timer);
        options.signal?.removeEventListener("abort", stop);
        handlers.remove();
        // Whoever is told of the failure may read the log at once.
        await new Promise<void>((written) => (log ? log.end(written) : written()));
    }
}

function openLog(file: string) {
    mkdirSync(dirname(file), { recursive: true });
    return createWriteStream(file, { flags: "a" });
}

/** Calls `stop` when this process is told to end, and then lets it end as it would have. */
function forwardSignals(stop: () => void): { remove(): void } {
    const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
    const handlers = signals.map((signal) => {
        const handler = () => {
            stop();
            remove();
            // With no listener of somebody else's left the default applies: the process ends.
            if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
        };
        process.on(signal, handler);
        return [signal, handler] as const;
    });
    process.on("exit", stop);
    function remove() {
        for (const [signal, handler] of handlers) process.off(signal, handler);
        process.off("exit", stop);
    }
    return { remove };
}
