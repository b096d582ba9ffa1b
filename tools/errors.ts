/** A tool that is missing and could not be found, downloaded or built. The message says what is wrong and what to do. */
export class ToolError extends Error {
    /**
     * @param message What is wrong, where, and what to do.
     * @param exitCode Exit code for the process. Default: 1. 130: stopped by the user.
     */
    constructor(
        message: string,
        readonly exitCode: number = 1,
    ) {
        super(message);
        this.name = "ToolError";
    }
}

/** The work was stopped on purpose: by Ctrl-C or by the caller. */
export class Interrupted extends ToolError {
    constructor() {
        super("Stopped. What was built so far is kept: the next run continues from there.", 130);
        this.name = "Interrupted";
    }
}

/** Throws {@link Interrupted} once the signal has been given. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
    if (signal?.aborted) throw new Interrupted();
}
