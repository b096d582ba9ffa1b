import { spawn } from "node:child_process";
import { appendFileSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { createInterface } from "node:readline";

/** Options of {@link runProgram}. */
export interface ProgramOptions {
    env?: NodeJS.ProcessEnv;
    /** Called with each line of standard error, where kind tells what it does. */
    onLine?(line: string): void;
    /** File that gets everything the program prints. */
    log?: string;
    /** Ends the program and all that it started. */
    signal?: AbortSignal;
    /** Ends it after so many milliseconds. Default: never. */
    timeout?: number;
}

/** How a program ended. */
export interface ProgramResult {
    /** Exit code; undefined where it could not be started or a signal ended it. */
    code: number | undefined;
    stdout: string;
    stderr: string;
}

/**
 * Runs a program to its end, whatever end that is. It has a process group of its own: Ctrl-C is for this process, which
 * then decides by `signal` whether the program ends or finishes what it has begun.
 */
export async function runProgram(
    command: string,
    args: readonly string[],
    { env = process.env, onLine, log, signal, timeout }: ProgramOptions = {},
): Promise<ProgramResult> {
    const child = spawn(command, args, { env, stdio: ["ignore", "pipe", "pipe"], detached: true });
    const end = (how: NodeJS.Signals) => {
        try {
            if (child.pid !== undefined) process.kill(-child.pid, how);
        } catch {
            // It has ended already.
        }
    };
    const stop = () => end("SIGTERM");
    if (signal?.aborted) stop();
    signal?.addEventListener("abort", stop, { once: true });
    const timer = timeout === undefined ? undefined : setTimeout(() => end("SIGKILL"), timeout);
    if (log !== undefined) mkdirSync(dirname(log), { recursive: true });
    const keep = (text: string) => {
        if (log !== undefined) appendFileSync(log, text);
    };
    keep(`$ ${[command, ...args].join(" ")}\n`);
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (data: Buffer) => {
        stdout += data.toString();
        keep(data.toString());
    });
    child.stderr.on("data", (data: Buffer) => {
        stderr += data.toString();
        keep(data.toString());
    });
    if (onLine) createInterface({ input: child.stderr }).on("line", onLine);
    try {
        const code = await new Promise<number | undefined>((resolve) => {
            child.on("error", (error) => {
                stderr += error.message;
                resolve(undefined);
            });
            child.on("close", (code) => resolve(code ?? undefined));
        });
        return { code, stdout, stderr };
    } finally {
        clearTimeout(timer);
        signal?.removeEventListener("abort", stop);
    }
}
