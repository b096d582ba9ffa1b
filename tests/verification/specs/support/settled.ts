import { DeadlineExceeded, until } from "../../wait";

/** Milliseconds in which a push of the control plane that is under way is acknowledged. */
const pushTime = 3_000;

/** The problems that remain when pushes under way have had the time to arrive. */
export async function settled(problems: () => Promise<string[]>, signal: AbortSignal): Promise<string[]> {
    let last: string[] = [];
    try {
        await until("no problem is left", async () => (last = await problems()).length === 0, {
            deadline: pushTime,
            interval: 300,
            signal,
        });
    } catch (error) {
        if (!(error instanceof DeadlineExceeded)) throw error;
    }
    return last;
}
