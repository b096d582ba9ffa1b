import { defineSpec, exclusive } from "../../spec";
import type { Answer, Proxy } from "../../target/target";
import { until } from "../../wait";
import { fail, listing, tally } from "../support/answers";
import { newKey, recordings } from "../support/recordings";
import {
    callerPod,
    profilesWith,
    simpleBackend,
    simpleWeb,
    studyCluster,
    studyPods,
    throughSimpleWeb,
} from "../support/study";
import { backendEvidence } from "./evidence";

/** How long the requests that fill the pool are held, in milliseconds; the others are answered meanwhile, on a busy machine, too. */
const hold = 4_000;
/** Requests beyond what the pool holds. */
const excess = 8;
/** Requests one after the other that must all pass. */
const modest = 20;
/** Milliseconds in which the requests that fill the pool have arrived. */
const arrival = 5_000;

export const studyConnectionPool = defineSpec({
    name: "study-connection-pool",
    description:
        "Requests from outside over simple-web to the subset with limits: within them all succeed; while as many as allowed are under way, at most the declared number waits and the sidecar of simple-web answers the others 503 at once, marked as overload and counted in Envoy's own statistics.",
    needs: ["study", "sample-app", "study-pools"],
    locks: (config) => exclusive(...profilesWith(config, "connectionPool").map(({ name }) => `simple-web:${name}`)),
    checks: {
        within: { ids: ["T12"], title: "T12 within the limit: all requests succeed and none overflows" },
        overflow: {
            ids: ["T12"],
            title: "T12 overflow: requests beyond the limit are answered 503 by the sidecar and counted as overflow",
        },
    },
    evidence: backendEvidence,
    async run({ target, config, check, inOrder }) {
        const [caller, backends] = await Promise.all([callerPod(target, simpleWeb), studyPods(target, simpleBackend)]);
        const proxy = target.proxy(caller);
        for (const { name, policy, route } of profilesWith(config, "connectionPool")) {
            const cluster = studyCluster(config, simpleBackend, name);
            const cause = `connectionPool of the subset ${name} in the DestinationRule simple-backend differs from the configuration, or the route does not lead to the subset`;
            const action = `kubectl -n ${config.study.namespace} get destinationrule,virtualservice simple-backend -o yaml: compare with study.simpleBackend.profiles.${name}; the saved clusters of simple-web's sidecar are what acts`;
            await inOrder(
                () =>
                    check("within", async () => {
                        const before = await overflows(proxy, cluster);
                        const answers = await throughSimpleWeb(
                            target,
                            route,
                            {},
                            { count: modest, concurrency: policy.http2MaxRequests },
                        );
                        const counted = (await overflows(proxy, cluster)) - before;
                        if (counted === 0 && answers.every(({ status }) => status === 200)) return;
                        fail({
                            expected: `${modest} requests, ${policy.http2MaxRequests} at once, are all answered with 200; no overflow`,
                            seen: `${tally(answers)}; ${counted} overflows`,
                            cause,
                            action,
                            evidence: { "within.txt": listing(answers) },
                        });
                    }),
                () =>
                    check("overflow", async () => {
                        const before = await overflows(proxy, cluster);
                        const { key, headers } = newKey();
                        const slow = { headers: { ...headers, "x-test-delay": `${hold}ms` } };
                        const held = Promise.all(
                            Array.from({ length: policy.http2MaxRequests }, () =>
                                throughSimpleWeb(target, route, slow),
                            ),
                        );
                        await until(
                            "the pool is full",
                            async () => (await recordings(target, backends, key)).length >= policy.http2MaxRequests,
                            { deadline: arrival, interval: 20 },
                        );
                        const count = policy.http1MaxPendingRequests + excess;
                        const rest = await throughSimpleWeb(target, route, {}, { count, concurrency: count });
                        const holders = (await held).flat();
                        const counted = (await overflows(proxy, cluster)) - before;
                        const refused = rest.filter(isOverload).length;
                        const passed = rest.filter(({ status }) => status === 200).length;
                        if (
                            holders.every(({ status }) => status === 200) &&
                            passed <= policy.http1MaxPendingRequests &&
                            refused + passed === count &&
                            counted === refused
                        )
                            return;
                        fail({
                            expected: `while ${policy.http2MaxRequests} requests are under way, of ${count} others at most ${policy.http1MaxPendingRequests} wait for their turn and all the rest are answered 503 as overload by the sidecar, which counts each`,
                            seen: `${passed} passed, ${refused} refused as overload, ${counted} counted as overflow (upstream_rq_pending_overflow); ${tally(rest)}; under way: ${tally(holders)}`,
                            cause,
                            action,
                            evidence: { "overflow.txt": listing([...holders, ...rest]) },
                        });
                    }),
            );
        }
    },
});

/** Envoy refused the request itself because of a limit: its response flag UO. */
function isOverload({ status, upstreamPod, headers }: Answer): boolean {
    return status === 503 && upstreamPod === undefined && headers["x-envoy-overloaded"] === "true";
}

/** Requests that a proxy has refused because of a cluster's limits. */
async function overflows(proxy: Proxy, cluster: string): Promise<number> {
    const statistic = "upstream_rq_pending_overflow";
    const lines = (await proxy.get(`stats?filter=${statistic}`)).split("\n");
    // Istio ends the cluster's name with `;`.
    const line = lines.find((one) => one.replace(";.", ".").startsWith(`cluster.${cluster}.${statistic}: `));
    // Envoy makes a cluster's statistics when the cluster is first used.
    return line ? Number(line.slice(line.lastIndexOf(" "))) : 0;
}
