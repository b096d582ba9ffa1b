import { DeadlineExceeded, seconds, until } from "../../verification/wait";

/** Milliseconds within which a change must show in the proxies, or be gone from them. */
const limit = 120_000;

/**
 * Waits until a change shows everywhere, or nowhere any more.
 *
 * @throws Error saying at how many places it was last seen.
 */
export async function awaitTraces(
    name: string,
    look: () => Promise<boolean[]>,
    present: boolean,
    signal: AbortSignal,
): Promise<void> {
    let last = "nothing was looked at";
    const probe = async () => {
        try {
            const traces = await look();
            last = `${traces.filter(Boolean).length} of ${traces.length} places show it`;
            return traces.length > 0 && traces.every((trace) => trace === present);
        } catch (error) {
            // A pod that was looked at may be gone a moment later.
            last = (error as Error).message;
            return false;
        }
    };
    try {
        await until(`${name} shows`, probe, { deadline: limit, interval: 200, signal });
    } catch (error) {
        if (!(error instanceof DeadlineExceeded)) throw error;
        throw new Error(`${name} ${present ? "is not in force" : "is not gone"} after ${seconds(limit)}: ${last}`);
    }
}
