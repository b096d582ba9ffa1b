/** Ends the process with the error's exit code, its message on standard error. `DEBUG=1` adds the stack trace. */
export function reportAndExit(error: unknown): never {
    const debug = process.env.DEBUG !== undefined && process.env.DEBUG !== "";
    if (error instanceof Error) console.error(debug ? error.stack : error.message);
    else console.error(String(error));
    const code = (error as { exitCode?: unknown } | undefined)?.exitCode;
    process.exit(typeof code === "number" && code > 0 ? code : 1);
}
