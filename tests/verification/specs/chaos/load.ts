import { setTimeout as pause } from "node:timers/promises";
import type { Answer, Request, Target } from "../../target/target";
import { fail, listing, tally } from "../support/answers";

/** Requests that go on while something is killed. */

/** Clients that send at the same time, each on its own connections, where nothing else is said. */
const usualClients = 4;
/** Milliseconds between two requests of a client: a load that leaves the machine time for what is being tested. */
const thinkTime = 15;

export interface Load {
    /** Sends until `disturbance` has ended and a little longer; answers with everything that came back. */
    during(disturbance: () => Promise<void>): Promise<Answer[]>;
}

/** A steady load of requests from outside. */
export function load(target: Target, request: Request, signal: AbortSignal, clients = usualClients): Load {
    return {
        during: async (disturbance) => {
            const answers: Answer[] = [];
            let over = false;
            const client = async () => {
                const connection = await target.connect();
                try {
                    while (!over) {
                        signal.throwIfAborted();
                        answers.push(await connection.send(request));
                        await pause(thinkTime);
                    }
                } finally {
                    await connection.close();
                }
            };
            const clientsDone = Promise.all(Array.from({ length: clients }, client));
            clientsDone.catch(() => undefined);
            try {
                await disturbance();
            } finally {
                over = true;
            }
            await clientsDone;
            return answers;
        },
    };
}

/** Every request was answered with 200 by a pod. */
export function requireNoLoss(answers: readonly Answer[], what: string, cause: string, action: string): void {
    const lost = answers.filter(({ status, pod }) => status !== 200 || pod === undefined);
    if (lost.length === 0 && answers.length > 0) return;
    fail({
        expected: `every request is answered with 200 ${what}`,
        seen: `${lost.length} of ${answers.length} requests lost: ${tally(lost)}`,
        cause,
        action,
        evidence: { "answers.txt": listing(answers) },
    });
}
