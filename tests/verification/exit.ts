import { isGreen, verify, type VerifyOptions } from "./verify";
import { TargetError } from "./target/file";

/** Runs the suite as a program does: prints, reacts to Ctrl-C, and ends the process with the run's exit code. */

export const exitCodes = { passed: 0, failed: 1, couldNotRun: 2, interrupted: 130 } as const;

/**
 * Does what `run` does with the prepared options, by default one run of the suite.
 *
 * @param run Answers whether the mesh is proved, or with undefined where it was interrupted before a verdict.
 */
export async function runAndExit(
    prepare: () => Omit<VerifyOptions, "output" | "signal">,
    run: (options: VerifyOptions & { signal: AbortSignal }) => Promise<boolean | undefined> = verifyOnce,
): Promise<never> {
    const interruption = new AbortController();
    const interrupt = (): void => {
        interruption.abort(new Error("interrupted"));
        // A second Ctrl-C does not wait.
        process.once("SIGINT", () => process.exit(exitCodes.interrupted));
    };
    process.once("SIGINT", interrupt);
    process.once("SIGTERM", interrupt);
    process.on("unhandledRejection", (error) => {
        console.error(error);
        process.exit(exitCodes.couldNotRun);
    });
    try {
        const { signal } = interruption;
        const green = await run({ ...prepare(), signal, output: process.stdout });
        if (green === undefined) return await leave(exitCodes.interrupted);
        return await leave(green ? exitCodes.passed : exitCodes.failed);
    } catch (error) {
        if (interruption.signal.aborted) {
            console.error("\ninterrupted: no report was written");
            return await leave(exitCodes.interrupted);
        }
        console.error(error instanceof TargetError ? error.message : error);
        return await leave(exitCodes.couldNotRun);
    }
}

const verifyOnce = async (options: VerifyOptions): Promise<boolean> => isGreen(await verify(options));

/** Ends the process once everything that was printed has left it: open connections to the cluster do not matter. */
async function leave(code: number): Promise<never> {
    for (const stream of [process.stdout, process.stderr])
        await new Promise<void>((resolve) => stream.write("", () => resolve()));
    process.exit(code);
}
