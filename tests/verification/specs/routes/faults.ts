import { milliseconds } from "../../../../components/config/units";
import type { Context } from "../../spec";
import { binomialTest } from "../../statistics/binomial";
import { deviating, falseAlarm, requestsToSee, sampleSize } from "../../statistics/sample-size";
import type { Answer } from "../../target/target";
import { seconds } from "../../wait";
import { fail, listing, tally } from "../support/answers";
import { podsOf, responder, type DeclaredRoute } from "../support/declared-routes";
import { defineRouteSpec } from "./route-spec";

/** Milliseconds that Envoy's timers may be early: they have a resolution of one. */
const early = 20;
/** Milliseconds that a delayed answer may take beside the delay, when nothing else goes on on its connection. */
const slack = 2_000;
/** Connections at most: a delayed request keeps its own waiting. */
const mostConnections = 500;

export const routeFaults = defineRouteSpec({
    name: "route-faults",
    description:
        "Requests from outside to each route with faults: how many are delayed and how many are aborted by the proxy itself (exact binomial tests, false-alarm rate 1e-6, power 0.999 against 10 percentage points more or less), with which status, and for how long.",
    kind: "faults",
    checks: {
        egov: {
            ids: ["E9"],
            title: "E9 faults: each route delays and aborts the declared shares of its requests as declared",
        },
    },
    prove: proveFaults,
});

async function proveFaults(route: DeclaredRoute, { target, progress }: Context<string>): Promise<void> {
    const { name, request, service } = route;
    const { delay, abort } = route.fault!;
    const delayMs = delay ? milliseconds(delay.fixedDelay) : 0;
    const shares = { delayed: (delay?.percent ?? 0) / 100, aborted: (abort?.percent ?? 0) / 100 };
    const level = falseAlarm / 2;
    const count = Math.max(
        ...Object.values(shares).map((share) => sampleSize({ share, truth: deviating(share), falseAlarm: level })),
    );
    // So many that nearly all delays run side by side, and the rest of the requests need not wait for them.
    const concurrency = delay ? Math.min(mostConnections, Math.ceil(count * Math.min(1, shares.delayed + 0.1))) : 4;
    progress(`${name}: ${count} requests`);
    const pods = new Set((await podsOf(target, route)).map((pod) => pod.name));
    const answers = await target.request({ ...request, timeout: delayMs + 20_000 }, { count, concurrency });

    const isAborted = (answer: Answer) => answer.status === abort?.httpStatus && !responder(route, answer);
    const isDelayed = ({ ms }: Answer) => delay !== undefined && ms >= delayMs - early;
    const counts = { delayed: answers.filter(isDelayed).length, aborted: answers.filter(isAborted).length };
    const strange = answers.filter(
        (answer) => !isAborted(answer) && !(answer.status === 200 && pods.has(responder(route, answer) ?? "")),
    );
    const problems = (["delayed", "aborted"] as const)
        .map((what) => ({ what, pValue: binomialTest(counts[what], count, shares[what]) }))
        .filter(({ pValue }) => pValue < level)
        .map(({ what, pValue }) => `${counts[what]} of ${count} ${what} (p = ${pValue.toExponential(1)})`);
    if (strange.length > 0) problems.push(`neither passed nor aborted: ${tally(strange)}`);
    // Many requests at once wait for a busy machine, too; one by itself tells what the delay is.
    const single = delay && counts.delayed > 0 ? await singleDelay() : undefined;
    if (single !== undefined && (single < delayMs - early || single > delayMs + slack))
        problems.push(`a delay of ${seconds(single)}`);
    if (problems.length === 0) return;
    fail({
        expected: `${name}: of ${count} requests ${[
            ...(delay ? [`${delay.percent} % delayed by ${delay.fixedDelay}`] : ["none delayed"]),
            ...(abort ? [`${abort.percent} % answered with ${abort.httpStatus} by the proxy`] : ["none aborted"]),
        ].join(", ")} (exact binomial tests, p >= ${level.toExponential(1)})`,
        seen: `${problems.join("; ")}; ${tally(answers)}`,
        cause: "the fault of the VirtualService has another share, time or status than declared, or another route answers",
        action: `compare fault of the VirtualService of ${service.name} in ${service.namespace} with the configuration; the saved routes are what the proxy has`,
        evidence: { [`${name.replace("/", "-")}.txt`]: listing(answers) },
    });

    /** Milliseconds that a request which is held up takes on a connection of its own; undefined where none was. */
    async function singleDelay(): Promise<number | undefined> {
        const connection = await target.connect();
        try {
            const tries = requestsToSee(shares.delayed / 2);
            for (let sent = 0; sent < tries; sent++) {
                const answer = await connection.send({ ...request, timeout: delayMs + 20_000 });
                if (answer.ms >= delayMs / 2) return answer.ms;
            }
            return undefined;
        } finally {
            await connection.close();
        }
    }
}
