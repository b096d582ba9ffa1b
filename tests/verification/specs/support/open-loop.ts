import { setTimeout as pause } from "node:timers/promises";
import type { Answer, Request, Target } from "../../target/target";

/**
 * Requests at fixed moments, whether those before them are answered or not, as they come from many clients that know
 * nothing of each other. A client that waits for its answer instead sends less the slower the answers are, and hides it.
 */
export interface OpenLoop {
    /** Requests a second. */
    rate: number;
    /** Number of requests. */
    count: number;
}

/** Sends the requests; `ms` of each answer counts from the moment at which it was to be sent. */
export async function openLoop(
    target: Target,
    request: Request,
    { rate, count }: OpenLoop,
    signal: AbortSignal,
): Promise<Answer[]> {
    const start = performance.now();
    const answers: Promise<Answer>[] = [];
    for (let index = 0; index < count; index++) {
        const due = start + (index * 1000) / rate;
        const early = due - performance.now();
        if (early > 0) await pause(early, undefined, { signal });
        answers.push(sendAt(target, request, due));
    }
    return Promise.all(answers);
}

async function sendAt(target: Target, request: Request, due: number): Promise<Answer> {
    const late = performance.now() - due;
    const [answer] = await target.request(request);
    return { ...answer!, ms: answer!.ms + late };
}
