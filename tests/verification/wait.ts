/** Waiting by condition: never a fixed sleep, always a deadline. */

/** The condition did not come true in time. */
export class DeadlineExceeded extends Error {
    override readonly name = "DeadlineExceeded";
}

export interface UntilOptions {
    /** Milliseconds after which the wait fails. */
    deadline: number;
    /** Milliseconds between two looks at the condition. Default 100. */
    interval?: number;
    signal?: AbortSignal;
}

/** Looks at a condition until it holds. Answers with the probe's first value that is neither undefined nor false. */
export async function until<T>(
    what: string,
    probe: () => Promise<T | undefined | false> | T | undefined | false,
    { deadline, interval = 100, signal }: UntilOptions,
): Promise<T> {
    const end = performance.now() + deadline;
    for (;;) {
        signal?.throwIfAborted();
        const value = await probe();
        if (value !== undefined && value !== false) return value;
        if (performance.now() >= end) throw new DeadlineExceeded(`waited ${seconds(deadline)} for: ${what}`);
        await pause(Math.min(interval, Math.max(0, end - performance.now())), signal);
    }
}

/** Bounds a promise that has no time limit of its own. */
export async function within<T>(what: string, limit: number, promise: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new DeadlineExceeded(`${what}: no answer within ${seconds(limit)}`)), limit);
    });
    try {
        return await Promise.race([promise, late]);
    } finally {
        clearTimeout(timer);
    }
}

/** Milliseconds as a reader likes them: `30.9 s`. */
export function seconds(milliseconds: number): string {
    return `${(milliseconds / 1000).toFixed(milliseconds < 10_000 && milliseconds % 1000 !== 0 ? 2 : 1)} s`;
}

function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const abort = () => {
            clearTimeout(timer);
            reject(signal?.reason);
        };
        const timer = setTimeout(() => {
            signal?.removeEventListener("abort", abort);
            resolve();
        }, milliseconds);
        signal?.addEventListener("abort", abort, { once: true });
    });
}
