import type { OutlierDetection } from "../../../../components/config/traffic";
import { milliseconds } from "../../../../components/config/units";
import { defineSpec, exclusive, shared } from "../../spec";
import { requestsToSee } from "../../statistics/sample-size";
import type { Answer, Pod } from "../../target/target";
import { DeadlineExceeded, seconds, until } from "../../wait";
import { fail, listing, tally } from "../support/answers";
import { awaitNoEjection } from "../support/ejection";
import { newKey, recordings } from "../support/recordings";
import {
    callerPod,
    profilesWith,
    simpleBackend,
    simpleWeb,
    studyCluster,
    studyPods,
    throughSimpleWeb,
} from "../support/study";
import { backendEvidence } from "./evidence";
import { quiet } from "./timing";

/** Milliseconds that Envoy's workers take to follow an ejection: it merges changes of health for 1 s. */
const workersLag = 3_000;
/** Milliseconds that the end of an ejection may be late after the sweep that should have ended it. */
const returnLag = 1_500;
/** Envoy's health flag of an ejected host. */
const ejectedFlag = "failed_outlier_check";

export const studyOutlierDetection = defineSpec({
    name: "study-outlier-detection",
    description:
        "One pod of simple-backend fails on purpose: the retries of simple-web's sidecar hide it from the client, the sidecar ejects it after exactly the declared errors, sends it nothing while it is ejected, and takes it back after baseEjectionTime.",
    needs: ["study", "sample-app", "study-ejections"],
    locks: (config) => [
        ...exclusive(...profilesWith(config, "outlierDetection").map(({ name }) => `simple-web:${name}`)),
        ...shared(quiet),
    ],
    checks: {
        hidden: { ids: ["T13"], title: "T13 retries: while a pod fails the client sees no error" },
        ejection: {
            ids: ["T13"],
            title: "T13 ejection: the sidecar of the caller ejects the failing pod after exactly the declared errors",
        },
        isolation: { ids: ["T13"], title: "T13 isolation: the ejected pod gets no requests, and nothing is retried" },
        return: {
            ids: ["T13"],
            title: "T13 return: the ejected pod returns to the caller after baseEjectionTime",
            needs: ["study-short-ejections"],
        },
    },
    evidence: backendEvidence,
    async run({ target, config, check, all, inOrder, signal, progress }) {
        const [caller, pods] = await Promise.all([callerPod(target, simpleWeb), studyPods(target, simpleBackend)]);
        const proxy = target.proxy(caller);
        for (const { name, policy, profile, route } of profilesWith(config, "outlierDetection")) {
            const own = pods.filter(({ labels }) => !profile.version || labels["version"] === profile.version);
            const failing = own[0];
            if (!failing) throw new Error(`the subset ${name} of simple-backend has no pod`);
            const cluster = studyCluster(config, simpleBackend, name);
            const action = `kubectl -n ${config.study.namespace} get destinationrule,virtualservice simple-backend -o yaml: compare with study.simpleBackend.profiles.${name}; the saved clusters of simple-web's sidecar are what acts`;
            const send = (headers: Record<string, string>, count = 1) =>
                throughSimpleWeb(target, route, { headers }, { count, concurrency: Math.min(count, 4) });
            const isEjected = async (): Promise<boolean> =>
                (await proxy.hosts(cluster)).some(({ ip, flags }) => ip === failing.ip && flags.includes(ejectedFlag));

            progress(`the end of ejections by earlier requests`);
            await awaitNoEjection(proxy, cluster, policy, signal, { forgotten: true });
            const failure = await failUntilEjected();

            await inOrder(
                () => check("hidden", () => expectHidden()),
                () => check("ejection", () => expectEjection()),
                () =>
                    all(
                        () => check("isolation", () => expectIsolation()),
                        () => check("return", () => expectReturn()),
                    ),
            );

            /** One request at a time, until the pod is ejected or nothing has happened for too long. */
            async function failUntilEjected() {
                const { key, headers } = newKey();
                const fault = { ...headers, "x-test-pods": failing!.name, "x-test-fail-attempts": "100" };
                const limit = policy.consecutive5xxErrors * requestsToSee(1 / (2 * own.length));
                const answers: Answer[] = [];
                let notBefore = performance.now();
                let ejected = false;
                progress(`${failing!.name} fails until it is ejected`);
                while (answers.length < limit && !ejected) {
                    notBefore = performance.now();
                    answers.push(...(await send(fault)));
                    ejected = await isEjected();
                }
                const notAfter = performance.now();
                const errors = (await recordings(target, [failing!], key)).length;
                return { fault, answers, errors, ejected, notBefore, notAfter };
            }

            async function expectHidden(): Promise<void> {
                const { answers, errors } = failure;
                const retried = answers.filter(({ upstreamAttempt = 1 }) => upstreamAttempt > 1).length;
                if (answers.every(({ status }) => status === 200) && errors > 0 && retried > 0) return;
                fail({
                    expected: `200 for every request although ${failing!.name} fails: its errors are tried again elsewhere`,
                    seen: `${tally(answers)}; ${errors} errors of ${failing!.name}, ${retried} requests tried again`,
                    cause: "the route has no retries on 5xx, or does not lead to all pods",
                    action,
                    evidence: { "hidden.txt": listing(answers) },
                });
            }

            async function expectEjection(): Promise<void> {
                const { errors, ejected } = failure;
                if (ejected && errors === policy.consecutive5xxErrors) return;
                fail({
                    expected: `${failing!.name} is ejected by the sidecar of ${caller.name} after ${policy.consecutive5xxErrors} errors in a row`,
                    seen: `${ejected ? "ejected" : "not ejected"} after ${errors} errors`,
                    cause: `outlierDetection of the subset ${name} is missing or differs from the configuration`,
                    action,
                });
            }

            /** Until the workers have followed, then a run of answers that would be a one-in-a-million chance otherwise. */
            async function expectIsolation(): Promise<void> {
                const count = requestsToSee(1 / own.length);
                let last: Answer[] = [];
                let inARow = 0;
                const untouched = async (): Promise<boolean> => {
                    last = await send(failure.fault, 12);
                    const right = last.every(
                        ({ status, upstreamPod, upstreamAttempt }) =>
                            status === 200 && upstreamPod !== failing!.name && upstreamAttempt === 1,
                    );
                    // Only what was answered while it was ejected says something.
                    inARow = right && (await isEjected()) ? inARow + last.length : 0;
                    return inARow >= count;
                };
                const deadline = workersLag + milliseconds(policy.baseEjectionTime);
                try {
                    await until("nothing is sent to the ejected pod", untouched, { deadline, interval: 0, signal });
                } catch (error) {
                    if (!(error instanceof DeadlineExceeded)) throw error;
                    fail({
                        expected: `${count} requests in a row are answered at the first try by others than ${failing!.name} while it is ejected`,
                        seen: `${tally(last)}; tries: ${[...new Set(last.map(({ upstreamAttempt }) => upstreamAttempt))].join(", ")}`,
                        cause: "the pod is not ejected, or Envoy's panic mode sends it requests all the same",
                        action,
                        evidence: { "isolation.txt": listing(last) },
                    });
                }
            }

            async function expectReturn(): Promise<void> {
                const { ejected, notBefore, notAfter } = failure;
                if (!ejected) throw new Error(`${failing!.name} was not ejected`);
                const base = milliseconds(policy.baseEjectionTime);
                const latest = base + milliseconds(policy.interval) + returnLag;
                progress(`the return of ${failing!.name}`);
                let lastEjected = notAfter;
                let returned: number | undefined;
                while (returned === undefined && performance.now() - notAfter < latest + base) {
                    const asked = performance.now();
                    if (await isEjected()) lastEjected = asked;
                    else returned = performance.now();
                    if (returned === undefined) await nextLook(signal);
                }
                const early = returned !== undefined && returned - notBefore < base;
                if (returned === undefined || early || lastEjected - notAfter > latest)
                    fail({
                        expected: `${failing!.name} is ejected for ${seconds(base)} to ${seconds(latest)} (baseEjectionTime, one interval and ${seconds(returnLag)})`,
                        seen:
                            returned === undefined
                                ? `still ejected after ${seconds(lastEjected - notAfter)}`
                                : `ejected for ${seconds(lastEjected - notAfter)} to ${seconds(returned - notBefore)}`,
                        cause: `baseEjectionTime or interval of the subset ${name} differs from the configuration`,
                        action,
                    });
                await expectTraffic(failing!, send, action, policy, signal);
            }
        }
    },
});

/** Requests reach the pod that has returned, and none of them fails. */
async function expectTraffic(
    pod: Pod,
    send: (headers: Record<string, string>, count: number) => Promise<Answer[]>,
    action: string,
    { baseEjectionTime }: OutlierDetection,
    signal: AbortSignal,
): Promise<void> {
    const seen: Answer[] = [];
    try {
        await until(
            "requests reach the returned pod",
            async () => {
                seen.push(...(await send({}, 6)));
                return seen.some(({ upstreamPod }) => upstreamPod === pod.name);
            },
            { deadline: workersLag, signal },
        );
    } catch (error) {
        if (!(error instanceof DeadlineExceeded)) throw error;
        fail({
            expected: `requests reach ${pod.name} again after ${baseEjectionTime}`,
            seen: tally(seen),
            cause: "the pod is not ready any more, or Envoy's workers do not use it",
            action,
        });
    }
}

/** A fifth of a second later. */
async function nextLook(signal: AbortSignal): Promise<void> {
    const end = performance.now() + 200;
    await until("the next look", () => performance.now() >= end, { deadline: 1_000, interval: 200, signal });
}
