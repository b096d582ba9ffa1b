import type { Route } from "../../../../components/config/routes";
import { defineSpec, type EvidenceScope } from "../../spec";
import { binomialTest } from "../../statistics/binomial";
import { falseAlarm, sampleSize } from "../../statistics/sample-size";
import type { Answer, Pod, Target } from "../../target/target";
import { DeadlineExceeded, until } from "../../wait";
import { fail, listing, tally } from "../support/answers";
import { core, istio } from "../support/names";
import { describeRecordings, isCopy, newKey, recordings } from "../support/recordings";
import { catalog, pathOf, studyPods, webapp } from "../support/study";
import { cohortProblems } from "./cohort";

/** Milliseconds within which every copy has arrived: nobody waits for them, so they may be late. */
const arrival = 5_000;
/** Requests that are copied, or not. */
const copied = 40;
/** What a copy takes to be answered where it hangs; a client that waited for it would be noticed by half of that. */
const hanging = 12_000;

/** The deviating share that must be noticed; smaller ones are seen in the route table of the sidecar. */
function deviating(share: number): number {
    const distance = 0.1 + 0.2 * Math.min(share, 1 - share) ** 2;
    return share <= 0.5 ? share + distance : share - distance;
}

export const studyDeepRoutes = defineSpec({
    name: "study-deep-routes",
    description:
        "Requests from outside to webapp, which calls catalog: the sidecar of webapp routes the calls by header, by weight (exact binomial tests, false-alarm rate 1e-6) and copies them, marked by a Host that ends with -shadow; the client never sees the answer to a copy, also when it fails or hangs.",
    needs: ["study", "sample-app"],
    locks: () => [],
    checks: {
        cohort: {
            ids: ["T3", "T2"],
            title: "T3 T2 deep hop: behind webapp a header leads to its version of catalog, everyone else to theirs",
        },
        weights: {
            ids: ["T4"],
            title: "T4 weights: behind webapp the versions of catalog share the requests as declared",
            needs: ["study-weights"],
        },
        mirror: {
            ids: ["T6"],
            title: "T6 mirror: behind webapp each call is copied once, and the client never sees the copy",
            needs: ["study-mirrors"],
        },
    },
    evidence: deepEvidence,
    async run({ target, config, check, all }) {
        const { namespace, hosts } = config.study;
        const { routes } = config.study.catalog;
        const pods = await studyPods(target, catalog);
        const podsOf = (versions: readonly string[]): Pod[] =>
            pods.filter(({ labels }) => versions.includes(labels["version"] ?? ""));
        const action = `kubectl -n ${namespace} get virtualservice,destinationrule catalog -o yaml: compare gateways (mesh), match, weights and mirrors with study.catalog.routes; the saved routes of webapp's sidecar are what acts`;

        await all(
            () =>
                check("cohort", async () => {
                    const problem = await cohortProblems(target, pods, {
                        host: hosts.webapp,
                        responder: ({ upstreamPod }) => upstreamPod,
                    });
                    if (!problem) return;
                    fail({
                        ...problem,
                        cause: "the VirtualService catalog does not act on `mesh`, a rule has another header or subset, or webapp does not pass the header on",
                        action,
                    });
                }),
            () => check("weights", () => all(...routes.filter(isShared).map((route) => () => expectShares(route)))),
            () => check("mirror", () => all(...routes.filter(isMirrored).map((route) => () => expectCopies(route)))),
        );

        async function expectShares(route: Route): Promise<void> {
            const weights = Object.entries(route.weights ?? {});
            const level = falseAlarm / Math.max(1, weights.length - 1);
            const sizes = weights.map(([, weight]) =>
                sampleSize({ share: weight / 100, truth: deviating(weight / 100), falseAlarm: level }),
            );
            const count = Math.max(...sizes);
            const answers = await send(route, {}, count);
            const results = weights.map(([version, weight]) => {
                const own = podsOf([version]).map(({ name }) => name);
                const hits = answers.filter((one) => one.status === 200 && own.includes(one.upstreamPod ?? "")).length;
                return { version, weight, hits, pValue: binomialTest(hits, count, weight / 100) };
            });
            const answered = results.reduce((sum, { hits }) => sum + hits, 0);
            if (answered === count && results.every(({ pValue }) => pValue >= level)) return;
            fail({
                expected: `of ${count} requests to ${pathOf(route)} ${results.map(({ version, weight }) => `${weight} % to ${version}`).join(", ")} (exact binomial tests, p >= ${level.toExponential(1)})`,
                seen: `${results.map(({ version, hits, pValue }) => `${version} ${hits} (p = ${pValue.toExponential(1)})`).join(", ")}; ${tally(answers)}`,
                cause: "the weights of the VirtualService catalog differ, it does not act on `mesh`, or a subset selects other pods",
                action,
                evidence: { [`${route.name}.txt`]: listing(answers) },
            });
        }

        async function expectCopies(route: Route & { mirror: NonNullable<Route["mirror"]> }): Promise<void> {
            const answering = podsOf(Object.keys(route.weights ?? config.study.catalog.versions));
            const mirrors = podsOf([route.mirror.to]);
            const failing = { "x-test-pods": mirrors[0]?.name ?? "", "x-test-fail-attempts": "100" };
            const slow = { "x-test-pods": mirrors[0]?.name ?? "", "x-test-delay": `${hanging}ms` };
            await all(
                () => expectCopied(route, answering, mirrors, {}, copied),
                () => expectCopied(route, answering, mirrors, failing, 1),
                () => expectCopied(route, answering, mirrors, slow, 1),
            );
        }

        async function expectCopied(
            route: Route & { mirror: NonNullable<Route["mirror"]> },
            answering: readonly Pod[],
            mirrors: readonly Pod[],
            fault: Readonly<Record<string, string>>,
            count: number,
        ): Promise<void> {
            const { key, headers } = newKey();
            const answers = await send(route, { ...headers, ...fault }, count);
            const isOf = (some: readonly Pod[], name: string | undefined) => some.some((pod) => pod.name === name);
            const wrong = answers.filter(
                ({ status, upstreamPod, ms }) => status !== 200 || !isOf(answering, upstreamPod) || ms > hanging / 2,
            );
            let seen = await recordings(target, pods, key);
            const right = () => {
                const copies = seen.filter(isCopy);
                const expected = (count * route.mirror.percent) / 100;
                return (
                    (route.mirror.percent === 100
                        ? copies.length === expected
                        : binomialTest(copies.length, count, route.mirror.percent / 100) >= falseAlarm) &&
                    copies.every(({ pod }) => isOf(mirrors, pod)) &&
                    seen.length - copies.length === count &&
                    seen.every((one) => isCopy(one) || isOf(answering, one.pod))
                );
            };
            await until(
                "the copies have arrived",
                async () => right() || void (seen = await recordings(target, pods, key)),
                {
                    deadline: arrival,
                },
            ).catch((error: unknown) => {
                if (!(error instanceof DeadlineExceeded)) throw error;
            });
            if (wrong.length === 0 && right()) return;
            fail({
                expected: `${count} requests to ${pathOf(route)} are answered by ${answering.map(({ name }) => name).join(", ")}; ${route.mirror.percent} % of them arrive as copies, marked by -shadow, at ${mirrors.map(({ name }) => name).join(", ")}`,
                seen: `${tally(answers)}, after at most ${Math.round(Math.max(...answers.map(({ ms }) => ms)))} ms; ${describeRecordings(seen)}`,
                cause: "mirrors of the VirtualService catalog are missing, name another subset or share, or requests are routed to the mirror's pods instead of being copied",
                action,
                evidence: { [`${route.name}.txt`]: listing(answers) },
            });
        }

        function send(route: Route, headers: Readonly<Record<string, string>>, count: number): Promise<Answer[]> {
            const request = {
                path: pathOf(route),
                host: hosts.webapp,
                headers: { ...route.match.headers, ...headers },
            };
            return target.request(request, { count, concurrency: Math.min(count, 4) });
        }
    },
});

/** Whether several versions share a route's requests. */
const isShared = ({ weights }: Route): boolean =>
    Object.values(weights ?? {}).filter((weight) => weight > 0).length > 1;

const isMirrored = (route: Route): route is Route & { mirror: NonNullable<Route["mirror"]> } =>
    route.mirror !== undefined;

async function deepEvidence(target: Target): Promise<EvidenceScope> {
    const { namespace } = target.config.study;
    return {
        pods: [...(await studyPods(target, webapp)), ...(await studyPods(target, catalog))],
        clusters: [catalog],
        objects: [
            { ...istio.virtualService, namespace },
            { ...istio.destinationRule, namespace },
            { ...core.service, namespace },
        ],
    };
}
