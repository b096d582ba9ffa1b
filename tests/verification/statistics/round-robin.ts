import { logFactorial } from "./log-factorial";

/** Round robin is not only an even spread: on one connection the pods follow each other in turn. */

/** Index of the first request that breaks the turn, or -1 when the sequence is a strict round over `pods` pods. */
export function firstOutOfTurn(sequence: readonly string[], pods: number): number {
    for (let i = 0; i < sequence.length; i++) {
        if (i < pods ? sequence.indexOf(sequence[i]!) !== i : sequence[i] !== sequence[i - pods]) return i;
    }
    return -1;
}

/** The probability that `requests` independent, evenly spread requests form a strict round over `pods` pods. */
export function roundByChance(requests: number, pods: number): number {
    const first = Math.min(requests, pods);
    const distinct = logFactorial(pods) - logFactorial(pods - first) - first * Math.log(pods);
    return Math.exp(distinct - Math.max(0, requests - pods) * Math.log(pods));
}

/** The number of requests whose strict round by chance is at most as probable as `falseAlarm`. */
export function requestsForRound(pods: number, falseAlarm: number): number {
    if (pods < 2) throw new RangeError("a round needs at least two pods");
    let requests = pods;
    while (roundByChance(requests, pods) > falseAlarm) requests++;
    return requests;
}
