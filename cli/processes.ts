import { spawn, SpawnOptions } from "node:child_process";

/**
 * Runs a program with this terminal's input and output, and waits for its end.
 *
 * Ctrl-C reaches the program through the terminal; this process then waits for the program to finish its own clean-up.
 * A SIGTERM sent to this process alone is passed on as SIGINT, which every program run here takes as "stop tidily".
 *
 * @returns The exit code; 130 when the program ended by SIGINT, 128 + n for another signal.
 */
export async function run(command: string, args: readonly string[], options: SpawnOptions = {}): Promise<number> {
    const child = spawn(command, args, { stdio: "inherit", ...options });
    const ignore = () => undefined;
    const passOn = () => child.kill("SIGINT");
    process.on("SIGINT", ignore).on("SIGTERM", passOn);
    try {
        return await new Promise<number>((resolve, reject) => {
            child.on("error", reject);
            child.on("exit", (code, signal) => resolve(code ?? (signal === "SIGINT" ? 130 : 143)));
        });
    } finally {
        process.off("SIGINT", ignore).off("SIGTERM", passOn);
    }
}

/**
 * Does some work that a signal can stop: on Ctrl-C or SIGTERM the work is told so, and ends tidily by its own error. Later
 * signals change nothing: npm passes on the Ctrl-C that the terminal has already sent, and must not cut the tidying short.
 */
export async function interruptible<Result>(work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    const controller = new AbortController();
    const stop = () => controller.abort();
    process.on("SIGINT", stop).on("SIGTERM", stop);
    try {
        return await work(controller.signal);
    } finally {
        process.off("SIGINT", stop).off("SIGTERM", stop);
    }
}
