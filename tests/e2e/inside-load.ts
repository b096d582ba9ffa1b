import { setTimeout as pause } from "node:timers/promises";
import { gatewayServer } from "../verification/specs/support/names";
import type { Load } from "../verification/specs/chaos/load";
import type { Answer, Pod, Target } from "../verification/target/target";

/** Milliseconds between two requests. */
const thinkTime = 50;

/**
 * Requests inside the mesh that go on while their caller is replaced: gateway-server, whichever pod of it is there at the moment, is
 * asked past its own sidecar, and calls egov-hello through it. A pod that is on its way out is asked nothing new.
 */
export function insideLoad(target: Target): Load {
    const { egov } = target.config;
    const path = egov.hello.path;
    const current = async (): Promise<Pod | undefined> => {
        const pods = await target.kubernetes.pods(egov.namespaces.infra, { app: gatewayServer });
        return pods.find(({ readySince }) => readySince);
    };
    /** Nothing where the caller itself has ended: then nobody has lost an answer. */
    const ask = async (pod: Pod): Promise<Answer | undefined> => {
        try {
            return await target.local(pod, egov.gatewayServer.port, { path });
        } catch (error) {
            const reference = { apiVersion: "v1", kind: "Pod", namespace: pod.namespace, name: pod.name };
            const found = await target.kubernetes.object(reference);
            const ends = found === undefined || "deletionTimestamp" in found.metadata;
            if (ends) return undefined;
            throw error;
        }
    };
    return {
        during: async (disturbance) => {
            const answers: Answer[] = [];
            let over = false;
            const client = async () => {
                while (!over) {
                    const pod = await current();
                    if (!pod) throw new Error(`no pod of ${gatewayServer} is ready: the requests have no caller`);
                    const answer = await ask(pod);
                    if (answer) answers.push({ ...answer, ...(answer.upstreamPod && { pod: answer.upstreamPod }) });
                    await pause(thinkTime);
                }
            };
            const done = client();
            done.catch(() => undefined);
            try {
                await disturbance();
            } finally {
                over = true;
            }
            await done;
            return answers;
        },
    };
}
