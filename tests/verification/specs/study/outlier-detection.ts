import type { OutlierDetection } from "../../../../components/config/traffic";
import { milliseconds } from "../../../../components/config/units";
import { defineSpec, exclusive, shared } from "../../spec";
import { requestsToSee } from "../../statistics/sample-size";
import type { Answer, Pod } from "../../target/target";
import { DeadlineExceeded, until } from "../../wait";
import { fail, listing, tally } from "../support/answers";
import { profilePods, profilesForAllZones } from "../support/study";
import { EjectingCaller, workersLag } from "./ejection";
import { backendEvidence } from "./evidence";
import { quiet } from "./timing";

export const studyOutlierDetection = defineSpec({
    name: "study-outlier-detection",
    description:
        "One pod of simple-backend fails on purpose: the retries of simple-web's sidecar hide it from the client, the sidecar ejects it after exactly the declared errors, sends it nothing while it is ejected, and takes it back after baseEjectionTime.",
    needs: ["study", "sample-app", "study-ejections"],
    locks: (config) => [
        ...exclusive(...profilesForAllZones(config, "outlierDetection").map(({ name }) => `simple-web:${name}`)),
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
        for (const profile of profilesForAllZones(config, "outlierDetection")) {
            const { name, policy } = profile;
            const [caller, pods] = await Promise.all([
                EjectingCaller.of(target, config, profile, signal),
                profilePods(target, profile.profile),
            ]);
            const { action } = caller;
            const failing = pods[0];
            if (!failing) throw new Error(`the subset ${name} of simple-backend has no pod`);

            progress(`the end of ejections by earlier requests`);
            await caller.prepare();
            progress(`${failing.name} fails until it is ejected`);
            const failure = await caller.failUntilEjected(failing, pods.length);

            await inOrder(
                () => check("hidden", () => expectHidden()),
                () => check("ejection", () => expectEjection()),
                () =>
                    all(
                        () => check("isolation", () => expectIsolation()),
                        () => check("return", () => expectReturn()),
                    ),
            );

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
                    expected: `${failing!.name} is ejected by the sidecar of ${caller.pod.name} after ${policy.consecutive5xxErrors} errors in a row`,
                    seen: `${ejected ? "ejected" : "not ejected"} after ${errors} errors`,
                    cause: `outlierDetection of the subset ${name} is missing or differs from the configuration`,
                    action,
                });
            }

            /** Until the workers have followed, then a run of answers that would be a one-in-a-million chance otherwise. */
            async function expectIsolation(): Promise<void> {
                const count = requestsToSee(1 / pods.length);
                const settling = workersLag + milliseconds(policy.baseEjectionTime);
                const wrong = await caller.wrongAnswers(
                    { headers: failure.fault, count, settling },
                    async (answers) =>
                        answers.every(
                            ({ status, upstreamPod, upstreamAttempt }) =>
                                status === 200 && upstreamPod !== failing!.name && upstreamAttempt === 1,
                        ) &&
                        // Only what was answered while it was ejected says something.
                        (await caller.isEjected(failing!)),
                );
                if (!wrong) return;
                fail({
                    expected: `${count} requests in a row are answered at the first try by others than ${failing!.name} while it is ejected`,
                    seen: `${tally(wrong)}; tries: ${[...new Set(wrong.map(({ upstreamAttempt }) => upstreamAttempt))].join(", ")}`,
                    cause: "the pod is not ejected, or Envoy's panic mode sends it requests all the same",
                    action,
                    evidence: { "isolation.txt": listing(wrong) },
                });
            }

            async function expectReturn(): Promise<void> {
                progress(`the return of ${failing!.name}`);
                await caller.awaitReturn(failure);
                await expectTraffic(failing!, caller, policy, signal);
            }
        }
    },
});

/** Requests reach the pod that has returned, and none of them fails. */
async function expectTraffic(
    pod: Pod,
    caller: EjectingCaller,
    { baseEjectionTime }: OutlierDetection,
    signal: AbortSignal,
): Promise<void> {
    const seen: Answer[] = [];
    try {
        await until(
            "requests reach the returned pod",
            async () => {
                seen.push(...(await caller.send({}, 6)));
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
            action: caller.action,
        });
    }
}
