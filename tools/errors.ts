/** An error that its message explains wholly: shown without a stack trace. */
export class UserError extends Error {
    /**
     * @param message What is wrong, where, and what to do.
     * @param exitCode Exit code for the process. Default: 1. 2: it could not run at all. 130: interrupted.
     */
    constructor(
        message: string,
        readonly exitCode: number = 1,
    ) {
        super(message);
        this.name = "UserError";
    }
}

/** The work was stopped on purpose: by Ctrl-C or by the caller. */
export class Interrupted extends UserError {
    constructor() {
        super("Stopped. What was built so far is kept: the next run continues from there.", 130);
        this.name = "Interrupted";
    }
}

/** Throws {@link Interrupted} once the signal has been given. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
    if (signal?.aborted) throw new Interrupted();
}
