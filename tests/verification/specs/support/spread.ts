import { spreadTest } from "../../statistics/multinomial";
import { falseAlarm, power, sampleSize } from "../../statistics/sample-size";
import type { Answer, Pod } from "../../target/target";
import { countByPod, fail, listing, names, tally } from "./answers";

/** Requests after which a pod with half of its even share is noticed. */
export function spreadCount(pods: readonly Pod[]): number {
    const share = 1 / pods.length;
    return sampleSize({ share, truth: share / 2, falseAlarm: falseAlarm / pods.length, power });
}

/** Every answer came from one of the pods, and they answered equally often (exact test). */
export function requireEvenSpread(answers: readonly Answer[], pods: readonly Pod[], action: string): void {
    const counts = countByPod(answers, pods);
    const counted = counts.reduce((sum, one) => sum + one, 0);
    const shares = pods.map(() => 1 / pods.length);
    const result = spreadTest(counts, shares);
    if (counted === answers.length && result.pValue >= falseAlarm) return;
    fail({
        expected: `${answers.length} answers, spread evenly over ${names(pods)} (exact ${result.test} test, p >= ${falseAlarm})`,
        seen: `${tally(answers)}; p = ${result.pValue.toExponential(1)}`,
        cause: "a pod is not among the service's endpoints, is ejected, or a weight or locality setting prefers others",
        action,
        evidence: { "spread.txt": listing(answers) },
    });
}
