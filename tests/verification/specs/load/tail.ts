import { percentilePlot } from "../../reports/percentile-plot";
import { defineSpec, exclusive } from "../../spec";
import { percentile, type Percentile } from "../../statistics/percentile";
import { falseAlarm } from "../../statistics/sample-size";
import type { Answer } from "../../target/target";
import { fail, listing, tally } from "../support/answers";
import { openLoop } from "../support/open-loop";
import { pathOf, profilePods, profilesForAllZones, type Profile } from "../support/study";
import { backendEvidence } from "../study/evidence";
import { quiet } from "../study/timing";

/** The percentile that is compared. */
const tail = 0.99;
/** Requests a second; modest, so that only the slow pod has a queue. */
const rate = 100;
/**
 * Requests of each algorithm: more than ln(falseAlarm) / ln(tail) = 1375, from which on the percentile has an upper bound
 * at all, which then is not the slowest answer of all.
 */
const count = 1_800;
/**
 * Load of the slow pod at its even share: beyond 1 its queue grows as long as requests come. Least request sends it the
 * square of its even share, of three pods a third of that load, for which its time is enough.
 */
const overload = 1.5;

/** How many times longer the others' tails are at least, bounds included: measured were fifty times on a machine at ease and seven on a busy one. */
const clearance = 3;

/** What one algorithm makes of the same requests. */
interface Measured {
    profile: Profile<"loadBalancer">;
    answers: Answer[];
    tail: Percentile;
}

export const loadTail = defineSpec({
    name: "load-tail",
    description:
        "Requests come at a fixed rate while one pod of simple-backend answers one after the other, too slowly for its even share: with round robin and random its queue grows, with least request it does not. The 99th percentiles are compared between bounds by order statistics, each of which is wrong with a probability of 1e-6 at most for independent answers; those of one queue depend on each other, and so the others must be worse by far.",
    needs: ["study", "sample-app", "study-balancers"],
    locks: () => exclusive(quiet),
    checks: {
        tail: { ids: ["T8"], title: "T8 load: least request has the best 99th percentile" },
    },
    evidence: backendEvidence,
    async run({ target, config, check, signal, progress }) {
        await check("tail", async () => {
            const measured: Measured[] = [];
            for (const profile of profilesForAllZones(config, "loadBalancer")) {
                const pods = await profilePods(target, profile.profile);
                const slow = pods[0]!.name;
                const delay = Math.round((overload * 1000 * pods.length) / rate);
                progress(`${profile.policy}: ${count} requests, ${rate} a second, ${slow} takes ${delay} ms for each`);
                const headers = {
                    "x-test-pods": slow,
                    "x-test-delay": `${delay}ms`,
                    "x-test-delay-in-turn": "true",
                };
                const request = {
                    path: pathOf(profile.route),
                    host: config.study.hosts.simpleWeb,
                    headers,
                    timeout: 60_000,
                };
                const answers = await openLoop(target, request, { rate, count }, signal);
                const times = answers.map(({ ms }) => ms);
                measured.push({ profile, answers, tail: percentile(times, tail, falseAlarm) });
            }
            const best = measured.filter(({ profile }) => profile.policy === "LEAST_REQUEST");
            const others = measured.filter(({ profile }) => profile.policy !== "LEAST_REQUEST");
            const right =
                measured.every(({ answers }) => answers.every(({ status }) => status === 200)) &&
                best.length > 0 &&
                others.length > 0 &&
                best.every((one) => others.every((other) => clearance * one.tail.high < other.tail.low));
            const figures = { "tail.svg": plot(measured), "tail.txt": `${measured.map(describe).join("\n")}\n` };
            if (right) return figures;
            return fail({
                expected: `every request is answered with 200, and the 99th percentile of LEAST_REQUEST is less than one in ${clearance} of those of the others, bounds included`,
                seen: measured.map(describe).join("; "),
                cause: "loadBalancer of a subset in the DestinationRule simple-backend differs from the configuration, or the machine is too busy for the load",
                action: `kubectl -n ${config.study.namespace} get destinationrule simple-backend -o yaml: compare with study.simpleBackend.profiles`,
                evidence: {
                    ...figures,
                    ...Object.fromEntries(
                        measured.map(({ profile, answers }) => [`${profile.name}.txt`, listing(answers)]),
                    ),
                },
            });
        });
    },
});

const describe = ({ profile, answers, tail: { value, low, high } }: Measured): string =>
    `${profile.policy}: ${value.toFixed(0)} ms (${low.toFixed(0)} to ${high.toFixed(0)}); ${tally(answers)}`;

function plot(measured: readonly Measured[]): string {
    return percentilePlot(
        `${count} requests to three algorithms, ${rate} a second, one pod that is too slow for its share`,
        measured.map(({ profile, answers, tail: mark }) => ({
            name: `${profile.policy}, p${100 * tail} ${mark.value.toFixed(0)} ms`,
            values: answers.map(({ ms }) => ms),
            mark: { share: tail, ...mark },
        })),
    );
}
