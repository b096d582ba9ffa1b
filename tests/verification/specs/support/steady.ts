import { upperLimit } from "../../statistics/binomial";
import { falseAlarm, power, requestsToSee } from "../../statistics/sample-size";
import type { Answer, Pod, Request, Target } from "../../target/target";
import { seconds } from "../../wait";
import { countByPod, fail, listing, names, tally } from "./answers";
import { applicationPods } from "./names";

/** Streams of equal requests of which none may fail, be held up, be copied or go astray. */

/** A share of failing or copied requests this large is noticed with the probability {@link power}. */
const noticedShare = 0.02;

/** Number of requests of one stream: the least that notices {@link noticedShare}. */
export const steadyCount = requestsToSee(noticedShare, { missed: 1 - power });

/** Milliseconds that a request may spend outside the answering application before it counts as held up. */
const heldUpAfter = 3_000;
/**
 * Share of held-up requests that a busy machine may cause by itself. More of them than {@link upperLimit} says are no
 * chance; a delay of one request in ten is noticed with the probability 0.999.
 */
const heldUpShare = 0.005;

const heldUpLimit = upperLimit(steadyCount, heldUpShare, falseAlarm);

/** Requests that are sent before a look at what came back. */
const part = 100;

export interface SteadyStream {
    /** What is called, for messages. */
    name: string;
    /** Under which the pods remember the requests: no other request carries it. */
    key: string;
    /** The pods that may answer. */
    pods: readonly Pod[];
    answers: readonly Answer[];
}

/** A name for streams that are looked at together; no other run has it. */
export const testRun = (): string => crypto.randomUUID();

/** Sends the requests of a stream to the gateway; `run` is the same for all streams that are looked at together. */
export async function sendSteadily(
    target: Target,
    run: string,
    { name, pods, request }: { name: string; pods: readonly Pod[]; request: Request },
    concurrency: number,
): Promise<SteadyStream> {
    const key = `${run}/${name}`;
    const headers = { ...request.headers, "x-test-key": key };
    const answers: Answer[] = [];
    // In parts, so that requests which are all held up are not waited for to the last.
    while (answers.length < steadyCount && answers.filter(isHeldUp).length <= heldUpLimit) {
        const count = Math.min(part, steadyCount - answers.length);
        answers.push(...(await target.request({ ...request, headers }, { count, concurrency })));
    }
    return { name, key, pods, answers };
}

const fromOwnPod = ({ pods }: SteadyStream, answer: Answer) => pods.some(({ name }) => name === answer.pod);

/** Every request is answered with 200 by a pod of the service, in its first try, and none is held up on the way. */
export function requireAnswers(streams: readonly SteadyStream[], action: string): void {
    const problems = streams.flatMap((stream) => {
        const wrong = stream.answers.filter((answer) => answer.status !== 200 || !fromOwnPod(stream, answer));
        const again = stream.answers.filter(({ attempt = 1 }) => attempt > 1).length;
        const heldUp = stream.answers.filter(isHeldUp);
        return [
            ...(wrong.length > 0 ? [`${stream.name}: ${tally(wrong)}`] : []),
            ...(again > heldUpLimit ? [`${stream.name}: ${again} answered in a later try`] : []),
            ...(heldUp.length > heldUpLimit
                ? [`${stream.name}: ${heldUp.length} held up for ${seconds(heldUpAfter)} and more`]
                : []),
        ];
    });
    if (problems.length === 0) return;
    fail({
        expected: `${steadyCount} requests to each of ${streams.map(({ name }) => name).join(", ")} answered with 200 by its own pods, at most ${heldUpLimit} of them held up or tried again (a share of ${noticedShare * 100} % that fails is noticed)`,
        seen: problems.join("; "),
        cause: "a fault or another destination that nobody declares in a VirtualService or EnvoyFilter, or a pod that fails now and then",
        action,
        evidence: Object.fromEntries(streams.map(({ name, answers }) => [`${name}.txt`, listing(answers)])),
    });
}

/** Whether too many of an answer's milliseconds were not spent in the application and the hops behind the gateway. */
function isHeldUp({ ms, headers }: Answer): boolean {
    return ms - Number(headers["x-envoy-upstream-service-time"] ?? 0) >= heldUpAfter;
}

/** Every answered request arrived exactly once, at the pod that answered it, and at no other pod of the platform. */
export async function requireArrivals(target: Target, run: string, streams: readonly SteadyStream[]): Promise<void> {
    const pods = (await applicationPods(target)).filter(({ readySince }) => readySince);
    const arrivals = await Promise.all(pods.map((pod) => arrivedAt(target, pod, run)));
    const problems = streams.flatMap(({ name, key, answers }) => {
        const answered = countByPod(answers, pods);
        return pods.flatMap((pod, index) => {
            const arrived = arrivals[index]![key] ?? 0;
            if (arrived === answered[index]) return [];
            return [`${name}: ${arrived} arrived at ${pod.name}, which answered ${answered[index]}`];
        });
    });
    if (problems.length === 0) return;
    fail({
        expected: `each request to ${streams.map(({ name }) => name).join(", ")} arrives once, at the pod that answers it (looked at: ${names(pods)})`,
        seen: problems.join("; "),
        cause: "a mirror that nobody declares copies requests, or a proxy sends requests again that were answered",
        action: "kubectl get virtualservices -A -o yaml: look for mirrors; the saved routes show what the gateway has",
    });
}

/** How many requests of a run a pod of the sample app has received: key of the stream -> number. */
async function arrivedAt(target: Target, pod: Pod, run: string): Promise<Readonly<Record<string, number>>> {
    const port = pod.containers.find(({ name }) => name !== pod.sidecar?.name)?.ports[0];
    if (port === undefined) throw new Error(`the container of ${pod.name} declares no port`);
    const { body } = await target.local(pod, port, { path: `/__test/requests?prefix=${encodeURIComponent(run)}` });
    return JSON.parse(body) as Record<string, number>;
}
