import { randomUUID } from "node:crypto";
import type { Pod, Target } from "../../target/target";

/** What pods of the sample app have received: requests with the header `x-test-key` are remembered by them. */

export interface Recording {
    /** Name of the pod that received the request. */
    pod: string;
    /** Its Host header. */
    host: string;
    /** Address that it came from: the last proxy's, where the pod has no sidecar. */
    from: string;
    /** What was answered; null while it is under way. */
    status: number | null;
}

/** A key that no other request has, and the header that says it. */
export function newKey(): { key: string; headers: Readonly<Record<string, string>> } {
    const key = randomUUID();
    return { key, headers: { "x-test-key": key } };
}

/** The requests with a key that pods have received, read past their proxies. */
export async function recordings(target: Target, pods: readonly Pod[], key: string): Promise<Recording[]> {
    const lists = await Promise.all(
        pods.map(async (pod) => {
            const answer = await target.local(pod, applicationPort(pod), { path: `/__test/requests?key=${key}` });
            if (answer.status !== 200) throw new Error(`${pod.name} does not tell its requests: ${answer.status}`);
            return (JSON.parse(answer.body) as Omit<Recording, "pod">[]).map((one) => ({ ...one, pod: pod.name }));
        }),
    );
    return lists.flat();
}

/** Whether a request was a mirrored copy: the proxy that makes it says so in Host. */
export const isCopy = ({ host }: Recording): boolean => /-shadow(:\d+)?$/.test(host);

/** Counts of equal recordings: `135 from client to egov-hello-v1-abc, 135 copies to egov-hello-v2-def`. */
export function describeRecordings(list: readonly Recording[]): string {
    const counts = new Map<string, number>();
    for (const one of list) {
        const what = `${isCopy(one) ? "copies" : "requests"} to ${one.pod} (Host ${one.host})`;
        counts.set(what, (counts.get(what) ?? 0) + 1);
    }
    return [...counts].map(([what, count]) => `${count} ${what}`).join(", ") || "nothing";
}

function applicationPort(pod: Pod): number {
    const port = pod.containers.find(({ name }) => name !== pod.sidecar?.name)?.ports[0];
    if (port === undefined) throw new Error(`no container of ${pod.name} declares a port`);
    return port;
}
