import { defineSpec, exclusive } from "../../spec";
import { requestsToSee, sampleSize } from "../../statistics/sample-size";
import type { Answer, Request } from "../../target/target";
import { describe, fail, grouped, listing, names, tally, text } from "../support/answers";
import { routesOf } from "../support/declared-routes";
import { declaredPrefixes, helloPods, isErrorPod, takesPath } from "../support/names";
import { describeRecordings, isCopy, newKey, recordings } from "../support/recordings";
import { helloEvidence } from "./evidence";

export const egovRoute = defineSpec({
    name: "egov-route",
    description:
        "Requests from outside to the VirtualService's prefix and to paths below it reach egov-hello, whose pods name themselves; other paths get the gateway's own 404.",
    needs: ["egov", "sample-app"],
    locks: () => exclusive("gateway:egov-hello"),
    checks: {
        prefix: { ids: ["E3"], title: "E3 route: the declared prefix leads from outside to the pods of egov-hello" },
        text: {
            ids: ["E3"],
            title: "E3 answer: normal pods answer requests from outside with their name",
            needs: ["equal-pods"],
        },
        copies: {
            ids: ["E10"],
            title: "E10 no copies: a request to a route without a mirror reaches one pod only",
            needs: ["egov-mirrors"],
        },
        others: { ids: ["E3"], title: "E3 other paths: without the prefix the gateway answers 404" },
    },
    evidence: helloEvidence,
    async run({ target, config, check, all }) {
        const { path } = config.egov.hello;
        const pods = await helloPods(target);
        await all(
            () =>
                check("prefix", async () => {
                    const requests = [`${path}/health`, `${path}/below/health`, `${path}/health?query=1`];
                    const answers = (await Promise.all(requests.map((to) => target.request({ path: to })))).flat();
                    const good = (answer: Answer) =>
                        answer.status === 200 && pods.some(({ name }) => name === answer.pod);
                    if (!answers.every(good))
                        fail({
                            expected: `200 from a pod of egov-hello (${names(pods)}) for ${requests.join(", ")}`,
                            seen: grouped(
                                requests.map((subject, index) => ({ subject, seen: describe(answers[index]!) })),
                            ),
                            cause: "the VirtualService egov-hello does not lead there: prefix, hosts, gateway or destination differ from the configuration",
                            action: `compare kubectl -n ${config.egov.namespaces.app} get virtualservice egov-hello -o yaml with egov.hello.path ${path}; the saved routes show what the gateway has`,
                        });
                }),
            () => check("text", () => checkText()),
            () => check("copies", () => checkCopies()),
            () =>
                check("others", async () => {
                    const prefixes = declaredPrefixes(config);
                    const foreign = ["/", path.slice(0, -1), `/x${path}`, path.toUpperCase()].filter(
                        (to) => to !== "" && !prefixes.some((prefix) => takesPath(config, prefix, to)),
                    );
                    const answers = (await Promise.all(foreign.map((to) => target.request({ path: to })))).flat();
                    if (!answers.every(({ status, pod }) => status === 404 && pod === undefined))
                        fail({
                            expected: `the gateway's own 404 for ${foreign.join(", ")}`,
                            seen: grouped(
                                foreign.map((subject, index) => ({ subject, seen: describe(answers[index]!) })),
                            ),
                            cause: "a VirtualService for the same host matches more than its prefix, or nothing listens at the gateway",
                            action: "look at all VirtualServices of the gateways on port 80: kubectl get virtualservices -A",
                        });
                }),
        );

        /** The plain route and those without a mirror of their own. */
        async function checkCopies(): Promise<void> {
            const others = routesOf(config, "egov").filter(({ mirror, fault }) => !mirror && !fault);
            const requests: Request[] = [{ path: `${path}/health` }, ...others.map(({ request }) => request)];
            const count = sampleSize({ share: 0, truth: 0.5 });
            await all(
                ...requests.map((request) => async () => {
                    const { key, headers } = newKey();
                    await target.request({ ...request, headers: { ...request.headers, ...headers } }, { count });
                    const seen = await recordings(target, pods, key);
                    if (seen.length === count && !seen.some(isCopy)) return;
                    fail({
                        expected: `${count} requests to ${request.path} are received by one pod of egov-hello each`,
                        seen: describeRecordings(seen),
                        cause: "mirrors of the VirtualService egov-hello are at a route that declares none, or the route leads elsewhere",
                        action: `kubectl -n ${config.egov.namespaces.app} get virtualservice egov-hello -o yaml: compare mirrors with egov.hello.routes`,
                    });
                }),
            );
        }

        /** Single requests, each followed by healthy ones: an error pod never fails twice in a row and is not ejected. */
        async function checkText(): Promise<void> {
            const normal = pods.filter((pod) => !isErrorPod(pod));
            const seen: Answer[] = [];
            const connection = await target.connect();
            try {
                const limit = requestsToSee(1 / (2 * Math.max(1, pods.length)), { of: pods.length });
                const missing = new Set(normal.map(({ name }) => name));
                while (missing.size > 0 && seen.length < limit) {
                    const answer = await connection.send({ path });
                    seen.push(answer);
                    if (answer.error !== undefined) break;
                    if (answer.status === 200) missing.delete(answer.pod ?? "");
                    // One full turn, so that the next request goes one pod further whatever the number of pods.
                    for (let i = 0; i < pods.length; i++) await connection.send({ path: `${path}/health` });
                }
                const wrong = seen.filter(
                    (answer) => answer.status !== 500 && text(answer) !== `Hello from ${answer.pod}`,
                );
                if (missing.size === 0 && wrong.length === 0 && normal.length > 0) return;
                fail({
                    expected: `200 "Hello from <pod>" from each normal pod: ${names(normal)}`,
                    seen: `${tally(seen)}${wrong[0] ? `; for example "${text(wrong[0])}"` : ""}${missing.size > 0 ? `; never from ${[...missing].join(", ")}` : ""}`,
                    cause: "the route leads elsewhere, a normal pod is not reached, or its text is another",
                    action: `kubectl -n ${config.egov.namespaces.app} get pods,endpointslices; compare the args of the Deployments with "Hello from {pod}"`,
                    evidence: { "answers.txt": listing(seen) },
                });
            } finally {
                await connection.close();
            }
        }
    },
});
