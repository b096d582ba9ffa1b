import type { Pod, Target } from "../../target/target";
import { DeadlineExceeded, seconds, until } from "../../wait";
import { fail, names } from "../support/answers";

/** Milliseconds for a pod to be replaced: scheduling, sidecar, readiness. */
export const replacementLimit = 40_000;

/**
 * Waits until as many pods as before are ready, none of them the killed one.
 *
 * @param list The pods that are there now.
 * @returns Milliseconds that it took.
 */
export async function awaitReplacement(
    list: () => Promise<readonly Pod[]>,
    killed: Pod,
    before: number,
    signal: AbortSignal,
): Promise<number> {
    const start = performance.now();
    let now: readonly Pod[] = [];
    try {
        await until(
            `a new pod instead of ${killed.name}`,
            async () => {
                now = await list();
                const ready = now.filter(({ name, readySince }) => readySince && name !== killed.name);
                return ready.length >= before;
            },
            { deadline: replacementLimit, interval: 200, signal },
        );
        return performance.now() - start;
    } catch (error) {
        if (!(error instanceof DeadlineExceeded)) throw error;
        const ready = now.filter(({ readySince }) => readySince);
        return fail({
            expected: `${before} ready pods again within ${seconds(replacementLimit)} after ${killed.name} was killed`,
            seen: `${ready.length} ready: ${names(ready)}; not ready: ${names(now.filter((pod) => !ready.includes(pod)))}`,
            cause: "its Deployment does not make a new one, no node takes it, or it does not become ready",
            action: `kubectl -n ${killed.namespace} get deployments,pods -o wide; kubectl -n ${killed.namespace} get events; kubectl get nodes`,
        });
    }
}

/** One ready pod of several, the oldest. */
export function victimOf(pods: readonly Pod[], what: string, target: Target): Pod {
    const ready = pods
        .filter(({ readySince }) => readySince)
        .sort((a, b) => a.readySince!.getTime() - b.readySince!.getTime());
    const [victim] = ready;
    if (victim) return victim;
    return fail({
        expected: `a ready pod of ${what}`,
        seen: names(pods),
        cause: "it is not deployed or does not become ready",
        action: `npm run verify -- --stack ${target.stack} shows what is wrong before anything is killed`,
    });
}
