import { binomialTest } from "../../statistics/binomial";
import { deviating, falseAlarm, sampleSize } from "../../statistics/sample-size";
import type { Context } from "../../spec";
import { fail, listing, tally } from "../support/answers";
import { clusterOf, podsOf, responder, type DeclaredRoute } from "../support/declared-routes";
import { awaitNoEjection } from "../support/ejection";
import { defineRouteSpec } from "./route-spec";

/** Requests under way at once on each route: many requests, but they leave the machine to the checks that measure times. */
const concurrency = 2;

export const routeWeights = defineRouteSpec({
    name: "route-weights",
    description:
        "Requests from outside to each route with weights are shared between the subsets as declared: exact binomial tests, false-alarm rate 1e-6 together, power 0.999 against a share that is off by 10 percentage points; smaller deviations are the route tables' to notice.",
    kind: "weights",
    checks: {
        egov: { ids: ["E8"], title: "E8 routes: the requests of each weighted route are shared as declared" },
        ecommerce: {
            ids: ["C9"],
            title: "C9 canary: the requests of each canary are shared between its versions as declared",
        },
    },
    prove: proveShares,
});

async function proveShares(route: DeclaredRoute, { target, signal, progress }: Context<string>): Promise<void> {
    const { name, shares, service, request } = route;
    // Of two counts that add up, one is enough.
    const level = falseAlarm / Math.max(1, shares.length - 1);
    const sizes = shares.map(({ share }) => sampleSize({ share, truth: deviating(share), falseAlarm: level }));
    const count = Math.max(...sizes);
    if (service.outlierDetection)
        for (const pod of await route.deciders(target))
            for (const group of shares)
                await awaitNoEjection(target.proxy(pod), clusterOf(route, group), service.outlierDetection, signal);
    progress(`${name}: ${count} requests for the shares of the subsets`);
    const [answers, ...groups] = await Promise.all([
        target.request(request, { count, concurrency }),
        ...shares.map((group) => podsOf(target, route, group)),
    ]);
    const results = shares.map(({ subset, share }, index) => {
        const own = new Set(groups[index]!.map((pod) => pod.name));
        const hits = answers.filter((one) => one.status === 200 && own.has(responder(route, one) ?? "")).length;
        return { subset, share, hits, pValue: binomialTest(hits, count, share) };
    });
    const total = results.reduce((sum, { hits }) => sum + hits, 0);
    if (total === count && results.every(({ pValue }) => pValue >= level)) return;
    fail({
        expected: `${name}: of ${count} requests ${results.map(({ subset, share }) => `${Math.round(share * 100)} % to ${subset}`).join(", ")} (exact binomial tests, p >= ${level.toExponential(1)})`,
        seen: `${results.map(({ subset, hits, pValue }) => `${subset} ${hits} (p = ${pValue.toExponential(1)})`).join(", ")}; ${tally(answers)}`,
        cause: "the weights of the VirtualService differ, or a subset selects other pods",
        action: `compare VirtualService and DestinationRule of ${service.name} in ${service.namespace} with the configuration; the saved routes are what the proxy has`,
        evidence: { [`${name.replace("/", "-")}.txt`]: listing(answers) },
    });
}
