import { setTimeout as sleep } from "node:timers/promises";
import { ApiError, CancelledError, UnknownKindError, UnreachableError } from "./errors";

/** A failure that is expected to pass by itself. */
export interface PassingCondition {
    /** What the user sees while it lasts. */
    message: string;
    /** How long to go on trying, in seconds from the first failure. */
    patience: number;
}

/** Says whether a failed request is worth trying again, and for how long; undefined: it is not. */
export function passingCondition(error: unknown): PassingCondition | undefined {
    if (error instanceof UnreachableError)
        return { message: `${error.server} does not answer, trying again`, patience: 10 };
    if (error instanceof UnknownKindError)
        return { message: `waiting until the cluster serves ${error.kind} (${error.apiVersion})`, patience: 30 };
    if (!(error instanceof ApiError)) return undefined;
    const { status, message } = error;
    if (status === 429 || status === 503 || status === 504)
        return { message: `the API server is busy (${status}), trying again`, patience: 60 };
    if (status === 409 && !/already exists/.test(message))
        return { message: "somebody else changed the object, trying again", patience: 10 };
    if (status === 404 && /^namespaces "[^"]*" not found/.test(message))
        return { message: `waiting: ${message}`, patience: 30 };
    if (status === 500 && /failed calling webhook/.test(message) && isStarting(message))
        return {
            message: `waiting for an admission webhook: ${message.replace(/^.*failed calling webhook /, "")}`,
            patience: 60,
        };
    if (status === 403 && /serviceaccount "?[^"]*"? not found|error looking up service account/i.test(message))
        return { message: `waiting: ${message}`, patience: 30 };
    return undefined;
}

/** True when the webhook's server is not there yet or has just gone, rather than answering with an error. */
function isStarting(message: string): boolean {
    return /connection refused|no endpoints available|connection reset|i\/o timeout|EOF|no route to host|deadline exceeded|service ".*" not found|certificate signed by unknown authority/.test(
        message,
    );
}

/** How to try again. */
export interface RetryOptions {
    /** Ends the attempts. */
    signal: AbortSignal;
    /** Called with a text for the user when a passing condition is waited for; once for each text. */
    onWait: (message: string) => void;
    /** Milliseconds between attempts. Default: 250 at first, growing to 2,000. */
    delay?: number;
}

/**
 * Does `attempt` until it succeeds, fails for good, or a passing condition outlasts its patience.
 * @throws The last error; CancelledError when the signal is aborted.
 */
export async function retry<T>(attempt: () => Promise<T>, { signal, onWait, delay = 250 }: RetryOptions): Promise<T> {
    const began = Date.now();
    let said: string | undefined;
    for (let pause = delay; ; pause = Math.min(pause * 1.5, 2000)) {
        if (signal.aborted) throw new CancelledError();
        try {
            return await attempt();
        } catch (error) {
            const passing = passingCondition(error);
            if (!passing || Date.now() - began > passing.patience * 1000) throw error;
            if (passing.message !== said) onWait((said = passing.message));
            const wanted =
                error instanceof ApiError && error.retryAfter !== undefined
                    ? Math.min(error.retryAfter * 1000, 10_000)
                    : pause;
            await sleep(wanted, undefined, { signal }).catch(() => undefined);
        }
    }
}
