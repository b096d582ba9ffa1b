import { defineSpec, exclusive } from "../../spec";
import { binomialTest } from "../../statistics/binomial";
import { falseAlarm, sampleSize } from "../../statistics/sample-size";
import { fail, listing, tally } from "../support/answers";
import { profilePods, profilesForAllZones, throughSimpleWeb } from "../support/study";
import { backendEvidence } from "./evidence";
import { quiet } from "./timing";

/** What the slow pod takes to answer: a thousand times what the others take. */
const slowness = "1s";
/** Requests under way at once: enough that the slow pod is always the busiest. */
const concurrency = 16;
/**
 * Of two pods that it draws, least request takes the one with fewer requests under way, so that the slow pod gets a
 * request only where both are the slow one: the square of its even share. This much more than that is granted to it.
 */
const grant = 1.25;

export const studyLoadBalancing = defineSpec({
    name: "study-load-balancing",
    description:
        "One pod of simple-backend is slow on purpose while many requests are under way: round robin and random send it its even share all the same, least request much less (exact binomial tests, false-alarm rate 1e-6).",
    needs: ["study", "sample-app", "study-balancers"],
    locks: () => exclusive(quiet),
    checks: {
        even: {
            ids: ["T8"],
            title: "T8 round robin and random: a slow pod gets its even share of the requests",
        },
        least: { ids: ["T8"], title: "T8 least request: a slow pod gets fewer requests than its even share" },
    },
    evidence: backendEvidence,
    async run({ target, config, check, all, progress }) {
        const profiles = profilesForAllZones(config, "loadBalancer");
        await all(
            () =>
                check("even", () =>
                    compare(
                        profiles.filter(({ policy }) => policy !== "LEAST_REQUEST"),
                        false,
                    ),
                ),
            () =>
                check("least", () =>
                    compare(
                        profiles.filter(({ policy }) => policy === "LEAST_REQUEST"),
                        true,
                    ),
                ),
        );

        async function compare(some: typeof profiles, fewer: boolean): Promise<void> {
            const problems = (await Promise.all(some.map((profile) => problemOf(profile, fewer)))).flat();
            if (problems.length === 0) return;
            fail({
                expected: problems.map(({ expected }) => expected).join("; "),
                seen: problems.map(({ seen }) => seen).join("; "),
                cause: "loadBalancer of a subset in the DestinationRule simple-backend differs from the configuration, or a pod does not answer",
                action: `kubectl -n ${config.study.namespace} get destinationrule simple-backend -o yaml: compare with study.simpleBackend.profiles`,
                evidence: Object.fromEntries(problems.map(({ name, answers }) => [`${name}.txt`, listing(answers)])),
            });
        }

        async function problemOf({ name, policy, profile, route }: (typeof profiles)[number], fewer: boolean) {
            const pods = await profilePods(target, profile);
            const share = 1 / pods.length;
            const drawn = share ** 2 * grant;
            const count = fewer
                ? sampleSize({ share, truth: drawn, power: 1 - falseAlarm })
                : sampleSize({ share, truth: drawn });
            progress(`${name}: ${count} requests with one slow pod`);
            const slow = pods[0]!.name;
            const headers = { "x-test-pods": slow, "x-test-delay": slowness };
            const answers = await throughSimpleWeb(target, route, { headers }, { count, concurrency });
            const hits = answers.filter(({ upstreamPod }) => upstreamPod === slow).length;
            const pValue = binomialTest(hits, count, share);
            const less = hits < count * share && pValue < falseAlarm;
            const right = answers.every(({ status }) => status === 200) && (fewer ? less : pValue >= falseAlarm);
            if (right) return [];
            return [
                {
                    name,
                    answers,
                    expected: `${policy}: of ${count} requests ${slow}, which is slow, gets ${fewer ? "significantly fewer than" : ""} one in ${pods.length} (exact binomial test at ${falseAlarm})`,
                    seen: `${hits} (p = ${pValue.toExponential(1)}); ${tally(answers)}`,
                },
            ];
        }
    },
});
