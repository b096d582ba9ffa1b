import { DeadlineExceeded, until } from "../../wait";

/** Milliseconds in which a push of the control plane that is under way is acknowledged. */
const pushTime = 3_000;

/**
 * The problems that remain when what is under way has had the time to arrive.
 *
 * @param time Milliseconds that it has. Default: those of a push of the control plane.
 */
export async function settled<Problem>(
    problems: () => Promise<Problem[]>,
    signal: AbortSignal,
    time = pushTime,
): Promise<Problem[]> {
    let last: Problem[] = [];
    try {
        await until("no problem is left", async () => (last = await problems()).length === 0, {
            deadline: time,
            interval: 300,
            signal,
        });
    } catch (error) {
        if (!(error instanceof DeadlineExceeded)) throw error;
    }
    return last;
}
