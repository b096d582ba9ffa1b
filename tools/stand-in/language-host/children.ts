import { ChildProcess, spawn, SpawnOptions } from "node:child_process";

/** How long a program may take to end after each signal, in milliseconds, before the next stronger one is sent. */
const GRACE_MS = 5000;

/** How a child process ended. */
export type ExitStatus = { code: number } | { signal: NodeJS.Signals };

/** The processes that this plugin has started and that still run. */
export class Children {
    private readonly running = new Set<ChildProcess>();

    /** Starts `command`; rejects when it cannot be started. */
    spawn(
        command: string,
        args: readonly string[],
        options: SpawnOptions,
    ): { child: ChildProcess; exit: Promise<ExitStatus> } {
        const child = spawn(command, args, options);
        this.running.add(child);
        const exit = new Promise<ExitStatus>((resolve, reject) => {
            child.on("error", reject);
            child.on("close", (code, signal) => resolve(signal ? { signal } : { code: code ?? 1 }));
        }).finally(() => this.running.delete(child));
        return { child, exit };
    }

    /** Passes a signal on to all. */
    signal(signal: NodeJS.Signals): void {
        for (const child of this.running) child.kill(signal);
    }

    /** Asks all to end: SIGINT, later SIGTERM, at last SIGKILL. */
    cancel(): void {
        const waiting = [...this.running];
        this.signal("SIGINT");
        const stronger = (signal: NodeJS.Signals, delay: number) =>
            setTimeout(
                () => waiting.filter((child) => this.running.has(child)).forEach((child) => child.kill(signal)),
                delay,
            ).unref();
        stronger("SIGTERM", GRACE_MS);
        stronger("SIGKILL", 2 * GRACE_MS);
    }
}
