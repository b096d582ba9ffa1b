/** An error that its message explains wholly: shown without a stack trace. */
export class UserError extends Error {
    /**
     * @param message What is wrong, where, and what to do.
     * @param exitCode Exit code of the process. Default: 1. 2: the command could not run at all.
     */
    constructor(
        message: string,
        readonly exitCode: number = 1,
    ) {
        super(message);
        this.name = "UserError";
    }
}

/** Ends the process with the error's exit code, its message on standard error. `DEBUG=1` adds the stack trace. */
export function reportAndExit(error: unknown): never {
    const debug = process.env.DEBUG !== undefined && process.env.DEBUG !== "";
    if (error instanceof Error) console.error(debug ? error.stack : error.message);
    else console.error(String(error));
    const code = (error as { exitCode?: unknown } | undefined)?.exitCode;
    process.exit(typeof code === "number" && code > 0 ? code : 1);
}
