import { CheckFailure, type FailureDetails } from "../../failure";
import type { Answer, Pod } from "../../target/target";

/** Ends a check with everything that a reader needs. */
export function fail(details: FailureDetails): never {
    throw new CheckFailure(details);
}

/** One answer in short: `500 from egov-hello-v2-abc`, `404 from the proxy itself`, `ECONNREFUSED: ...`. */
export function describe(answer: Answer): string {
    if (answer.error !== undefined) return answer.error;
    const pod = answer.upstreamPod ?? answer.pod;
    return `${answer.status} from ${pod ?? "the proxy itself"}`;
}

/** Counts of equal answers: `297 x 200 from a, 3 x 500 from b`. */
export function tally(answers: readonly Answer[]): string {
    const counts = new Map<string, number>();
    for (const answer of answers) counts.set(describe(answer), (counts.get(describe(answer)) ?? 0) + 1);
    if (counts.size === 0) return "no answer";
    return [...counts]
        .sort(([, a], [, b]) => b - a)
        .map(([what, count]) => `${count} x ${what}`)
        .join(", ");
}

/** How often each of the pods answered, in the pods' order. */
export function countByPod(answers: readonly Answer[], pods: readonly Pod[]): number[] {
    return pods.map(({ name }) => answers.filter((answer) => (answer.upstreamPod ?? answer.pod) === name).length);
}

/** Every answer on a line of its own, for the evidence folder. */
export function listing(answers: readonly Answer[]): string {
    return answers
        .map((answer, index) => {
            const attempt = answer.attempt === undefined ? "" : ` attempt ${answer.attempt}`;
            return `${index + 1}\t${describe(answer)}${attempt}\t${answer.ms.toFixed(1)} ms\t${answer.body.trim().slice(0, 120)}\n`;
        })
        .join("");
}

/** The body without the line end that servers add. */
export const text = (answer: Answer): string => answer.body.replace(/\r?\n$/, "");

export function names(pods: readonly Pod[]): string {
    return pods.map(({ name }) => name).join(", ") || "(none)";
}

/** Observations with equal ones put together: `404 from the proxy itself (customer-api, order-api)`. */
export function grouped(observations: readonly { subject: string; seen: string }[]): string {
    const groups = new Map<string, string[]>();
    for (const { subject, seen } of observations) groups.set(seen, [...(groups.get(seen) ?? []), subject]);
    return [...groups]
        .map(([seen, subjects]) => {
            const shown = subjects.slice(0, 8).join(", ");
            return `${seen} (${subjects.length > 8 ? `${shown} and ${subjects.length - 8} more` : shown})`;
        })
        .join("; ");
}
