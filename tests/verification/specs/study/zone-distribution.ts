import { defineSpec, exclusive } from "../../spec";
import { spreadTest } from "../../statistics/multinomial";
import { falseAlarm, sampleSize } from "../../statistics/sample-size";
import { fail, listing, tally } from "../support/answers";
import { distributedProfiles, profilePods, throughSimpleWeb, zoneOf } from "../support/study";
import { backendEvidence } from "./evidence";
import { quiet } from "./timing";

/** Percentage points that a zone's share must not be off unnoticed; smaller ones are seen in the sidecar's settings. */
const noticed = 15;
/** Requests under way at once. */
const concurrency = 8;

export const studyZoneDistribution = defineSpec({
    name: "study-zone-distribution",
    description:
        "The pods of each zone answer their declared share of simple-web's calls. Envoy takes the zones in a weighted turn, so that counts vary less than by chance: the exact test's false-alarm rate of 1e-6 is an upper bound.",
    needs: ["study", "sample-app", "study-distribution", "study-placed"],
    // Many requests at once would hold up those whose time is measured.
    locks: () => exclusive(quiet),
    checks: {
        shares: {
            ids: ["T9"],
            title: "T9 distribution: the pods of each zone answer the declared share of the requests",
        },
    },
    evidence: backendEvidence,
    async run({ target, config, check, progress }) {
        await check("shares", async () => {
            for (const { name, profile, route, shares } of distributedProfiles(config)) {
                const zones = Object.keys(shares);
                const expected = zones.map((zone) => shares[zone]! / 100);
                const count = Math.max(...expected.map((share) => sampleSize({ share, truth: off(share) })));
                progress(`${name}: ${count} requests to ${zones.join(" and ")}`);
                const pods = await profilePods(target, profile);
                const answers = await throughSimpleWeb(target, route, {}, { count, concurrency });
                const zoneOfPod = new Map(pods.map((pod) => [pod.name, zoneOf(config, pod)]));
                const counts = zones.map(
                    (zone) =>
                        answers.filter(
                            ({ status, upstreamPod = "" }) => status === 200 && zoneOfPod.get(upstreamPod) === zone,
                        ).length,
                );
                const counted = counts.reduce((sum, one) => sum + one, 0);
                const { pValue, test } = spreadTest(counts, expected);
                if (counted === count && pValue >= falseAlarm) continue;
                fail({
                    expected: `${count} requests are answered by ${zones.map((zone) => `${zone}: ${shares[zone]} %`).join(", ")} (exact ${test} test at ${falseAlarm})`,
                    seen: `${zones.map((zone, index) => `${zone}: ${counts[index]}`).join(", ")}; p = ${pValue.toExponential(1)}; ${tally(answers)}`,
                    cause: `localityLbSetting of the subset ${name} differs from the configuration, or the pods or the caller are not in the declared zones (label istio-locality)`,
                    action: `kubectl -n ${config.study.namespace} get destinationrule simple-backend -o yaml: compare with study.simpleBackend.profiles.${name}; kubectl -n ${config.study.namespace} get pods -L istio-locality`,
                    evidence: { "distribution.txt": listing(answers) },
                });
            }
        });
    },
});

/** A share that is off as far as must be noticed, towards a half, which is the harder side. */
const off = (share: number): number => (share < 0.5 ? share + noticed / 100 : share - noticed / 100);
