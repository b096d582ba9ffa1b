import { setTimeout as sleep } from "node:timers/promises";
import { KubernetesObject, ObjectReference, textField } from "../objects";
import { ObjectClient } from "./client";
import { ApiError, isGone, UnreachableError } from "./errors";

/** How long the API server may be away during a wait, in milliseconds. */
export const OUTAGE_TOLERANCE_MS = 10_000;

/** Pause before the API server is asked again after a failure, in milliseconds. */
const RECONNECT_DELAY_MS = 500;

/**
 * An object as it is now and after each change, by watch; undefined while it does not exist. Survives the end of a watch and
 * outages of the API server up to {@link OUTAGE_TOLERANCE_MS}.
 *
 * @param start The object as just received, which saves the first look-up.
 * @throws The signal's reason when it is aborted.
 */
export async function* follow(
    client: ObjectClient,
    reference: ObjectReference,
    signal: AbortSignal,
    start?: KubernetesObject,
): AsyncGenerator<KubernetesObject | undefined> {
    let current = start;
    let awaySince: number | undefined;
    for (;;) {
        try {
            current ??= await client.get(reference, signal);
            awaySince = undefined;
            yield current;
            const version = current && textField(current["metadata"], "resourceVersion");
            for await (const change of client.watch(reference, version, signal)) yield change;
        } catch (error) {
            signal.throwIfAborted();
            if (error instanceof UnreachableError) {
                awaySince ??= Date.now();
                if (Date.now() - awaySince > OUTAGE_TOLERANCE_MS) throw error;
            } else if (!(error instanceof ApiError && (error.status >= 500 || error.status === 429)) && !isGone(error))
                throw error;
            await sleep(RECONNECT_DELAY_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
        }
        current = undefined;
    }
}
