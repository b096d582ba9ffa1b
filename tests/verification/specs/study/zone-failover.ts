import { defineSpec, exclusive } from "../../spec";
import { requestsToSee } from "../../statistics/sample-size";
import type { Answer, Pod } from "../../target/target";
import { countByPod, fail, listing, names, tally } from "../support/answers";
import { failoverProfiles, profilePods, zoneOf } from "../support/study";
import { EjectingCaller, workersLag, type BackendEjection } from "./ejection";
import { backendEvidence } from "./evidence";

/** Share of the requests that another zone must not get unnoticed while the own one is healthy. */
const noticedShare = 0.1;
/** Milliseconds in which requests have left a zone, or are back: the workers follow one pod after the other. */
const settling = 2 * workersLag;

export const studyZoneFailover = defineSpec({
    name: "study-zone-failover",
    description:
        "simple-web calls the pods of simple-backend in its own zone alone; when they fail on purpose, its sidecar ejects them and the pods of the next zone answer every request; after the ejection the requests stay in the own zone again.",
    needs: ["study", "sample-app", "study-failover", "study-placed"],
    startsFirst: true,
    locks: (config) => exclusive(...failoverProfiles(config).map(({ name }) => `simple-web:${name}`)),
    checks: {
        own: { ids: ["T9"], title: "T9 own zone first: every request is answered by a pod in the zone of the caller" },
        failover: {
            ids: ["T9"],
            title: "T9 failover: when the pods of the caller's zone fail, those of the next zone answer every request",
        },
        return: {
            ids: ["T9"],
            title: "T9 return: after the ejection the requests stay in the zone of the caller again",
            needs: ["study-short-ejections"],
        },
    },
    evidence: backendEvidence,
    async run({ target, config, check, inOrder, signal, progress }) {
        for (const profile of failoverProfiles(config)) {
            const [caller, pods] = await Promise.all([
                EjectingCaller.of(target, config, profile, signal),
                profilePods(target, profile.profile),
            ]);
            const { action } = caller;
            const { zone } = config.study.simpleWeb;
            const isOwn = (pod: Pod) => zoneOf(config, pod) === zone;
            const [own, others] = [pods.filter(isOwn), pods.filter((pod) => !isOwn(pod))];
            const allFrom = (some: readonly Pod[], answers: readonly Answer[]) =>
                answers.every(
                    ({ status, upstreamPod }) => status === 200 && some.some(({ name }) => name === upstreamPod),
                );

            progress("the end of ejections by earlier requests");
            await caller.prepare();
            await inOrder(
                () => check("own", () => expectOwn()),
                async () => {
                    progress(`${names(own)} fails until it is ejected`);
                    const failures: BackendEjection[] = [];
                    for (const pod of own) failures.push(await caller.failUntilEjected(pod, pods.length));
                    await inOrder(
                        () => check("failover", () => expectFailover(failures)),
                        () => check("return", () => expectReturn(failures)),
                    );
                },
            );

            async function expectOwn(): Promise<void> {
                const answers = await caller.send({}, requestsToSee(noticedShare));
                const idle = countByPod(answers, own).some((count) => count === 0);
                if (allFrom(own, answers) && !idle) return;
                fail({
                    expected: `${answers.length} requests are answered by ${names(own)}, which is in ${zone} like simple-web (another zone with a share of ${100 * noticedShare} % is noticed)`,
                    seen: tally(answers),
                    cause: "localityLbSetting of the subset is off, or the pods or the caller are not in the declared zones (label istio-locality)",
                    action,
                    evidence: { "own.txt": listing(answers) },
                });
            }

            async function expectFailover(failures: readonly BackendEjection[]): Promise<void> {
                const away = failures.filter(({ ejected }) => ejected);
                const expected = `when ${names(own)} fails it is ejected, and every request is answered by ${names(others)}`;
                if (away.length < own.length)
                    fail({
                        expected,
                        seen: failures
                            .map(({ pod, errors }) => `${pod.name} is not ejected after ${errors} errors`)
                            .join("; "),
                        cause: "the subset has no outlierDetection, or its requests do not go to the zone of the caller",
                        action,
                    });
                const count = Math.max(
                    requestsToSee(1 / pods.length),
                    requestsToSee(1 / (2 * others.length), { of: others.length }),
                );
                const reached = new Set<string | undefined>();
                const { fault } = away.at(-1)!;
                const wrong = await caller.wrongAnswers({ headers: fault, count, settling }, (answers) => {
                    answers.forEach(({ upstreamPod }) => reached.add(upstreamPod));
                    return allFrom(others, answers);
                });
                if (!wrong && others.every(({ name }) => reached.has(name))) return;
                fail({
                    expected: `${expected}, ${count} in a row`,
                    seen: tally(wrong ?? []) + `; reached: ${[...reached].join(", ")}`,
                    cause: "the ejected pod still gets requests (Envoy's panic mode), or a pod of the other zone gets none",
                    action,
                    evidence: { "failover.txt": listing(wrong ?? []) },
                });
            }

            async function expectReturn(failures: readonly BackendEjection[]): Promise<void> {
                progress(`the return of ${names(own)}`);
                for (const failure of failures) await caller.awaitReturn(failure);
                const count = requestsToSee(1 / pods.length);
                const wrong = await caller.wrongAnswers({ headers: {}, count, settling }, (answers) =>
                    allFrom(own, answers),
                );
                if (!wrong) return;
                fail({
                    expected: `${count} requests in a row are answered by ${names(own)} again after the ejection`,
                    seen: tally(wrong),
                    cause: "localityLbSetting of the subset is off, or the pod is not ready any more",
                    action,
                    evidence: { "return.txt": listing(wrong) },
                });
            }
        }
    },
});
