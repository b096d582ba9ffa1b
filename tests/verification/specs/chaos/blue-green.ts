import { defineSpec, exclusive } from "../../spec";
import { requestsToSee } from "../../statistics/sample-size";
import { allRoutes } from "../../target/envoy";
import type { Answer, KubernetesObject, Pod, Target } from "../../target/target";
import { DeadlineExceeded, seconds, until } from "../../wait";
import { ecommerceEvidence } from "../ecommerce/evidence";
import { fail, listing, tally } from "../support/answers";
import { clusterOf, podsOf, routesOf, type DeclaredRoute } from "../support/declared-routes";
import { istio, leadsTo } from "../support/names";
import { load, requireNoLoss } from "./load";

/** Milliseconds until every pod of the gateway routes as a changed VirtualService says. */
const switchLimit = 10_000;

/** Subset -> its weight; subsets without requests are left out. */
type Weights = Readonly<Record<string, number>>;

/** A rule of a VirtualService. */
interface Rule {
    name?: string;
    route: { destination: { subset?: string }; weight?: number }[];
}

export const blueGreen = defineSpec({
    name: "chaos-blue-green",
    description:
        "A service's requests are switched from one version to the other and back by the weights of its VirtualService while clients send: no request is lost, and once the gateway has taken a switch over the chosen version answers every request.",
    needs: ["ecommerce", "sample-app", "ecommerce-weights", "istio-routes"],
    locks: () => exclusive("chaos"),
    checks: {
        lossless: { ids: ["C10"], title: "C10 blue-green: no request is lost while versions are switched" },
        complete: { ids: ["C10"], title: "C10 blue-green: after a switch the chosen version answers every request" },
    },
    evidence: ecommerceEvidence,
    async run({ target, config, check, all, progress, signal }) {
        const canary = routesOf(config, "ecommerce").find(isWeighted)!;
        const { request, service, shares } = canary;
        const reference = { ...istio.virtualService, namespace: service.namespace, name: service.name };
        const declared = await rulesOf(target, reference);
        const action = `kubectl -n ${service.namespace} get virtualservice,destinationrule ${service.name} -o yaml: destinations, subsets and retries; look at the saved routes`;
        const strays: { subset: string; answers: Answer[]; pods: readonly Pod[] }[] = [];
        let notInForce: Error | undefined;

        const answers = await load(target, request, signal)
            .during(async () => {
                try {
                    for (const { subset } of [...shares].reverse()) await switchTo(subset);
                } finally {
                    // Also after Ctrl-C: what was declared before acts again.
                    await target.kubernetes.change(reference, { http: declared });
                    await inForce(weightsOf(declared.find(({ name }) => name === ruleName(canary))));
                }
            })
            .catch((error: unknown) => {
                if (!(error instanceof NotInForce)) throw error;
                notInForce = error;
                return [];
            });

        await all(
            () =>
                check("lossless", async () => {
                    if (notInForce) throw notInForce;
                    const cause = "a version has no ready pod, or nothing is tried again";
                    requireNoLoss(answers, "while versions are switched", cause, action);
                }),
            () =>
                check("complete", async () => {
                    if (notInForce) throw notInForce;
                    const [stray] = strays;
                    if (!stray) return;
                    fail({
                        expected: `${stray.answers.length} requests to ${request.path} are answered by ${stray.subset}: ${stray.pods.map(({ name }) => name).join(", ")}`,
                        seen: tally(stray.answers),
                        cause: "a subset selects pods of another version, or another rule takes the requests",
                        action,
                        evidence: { "switched.txt": listing(stray.answers) },
                    });
                }),
        );

        /** All requests to one subset, as the gateway has it and as clients see it. */
        async function switchTo(subset: string): Promise<void> {
            signal.throwIfAborted();
            progress(`all requests of ${service.name} to ${subset}`);
            const http = declared.map((rule) => (rule.name === ruleName(canary) ? withAll(rule, subset) : rule));
            await target.kubernetes.change(reference, { http });
            await inForce({ [subset]: 100 });
            const pods = await podsOf(
                target,
                canary,
                shares.find((group) => group.subset === subset),
            );
            const count = requestsToSee(Math.min(...shares.map(({ share }) => share).filter((share) => share > 0)));
            const seen = await target.request(request, { count, concurrency: 4 });
            if (seen.every(({ status, pod }) => status === 200 && pods.some(({ name }) => name === pod))) return;
            strays.push({ subset, answers: seen, pods });
        }

        /** Waits until every pod of the gateway shares the requests by these weights. */
        async function inForce(weights: Weights): Promise<void> {
            const wanted = asText(weights);
            let found: string[] = [];
            const isInForce = async () => {
                const pods = await target.gatewayPods();
                found = await Promise.all(pods.map(async (pod) => asText(await gatewayWeights(target, pod, canary))));
                return found.length > 0 && found.every((text) => text === wanted);
            };
            try {
                await until(`the gateway routes ${wanted}`, isInForce, { deadline: switchLimit, interval: 50 });
            } catch (error) {
                if (!(error instanceof DeadlineExceeded)) throw error;
                throw new NotInForce(
                    `${service.name} was to get its requests by the weights ${wanted}, but after ${seconds(switchLimit)} the gateway has ${found.join("; ")}. ${action}`,
                );
            }
        }
    },
});

/** A change of the VirtualService that does not reach the gateway. */
class NotInForce extends Error {}

/** Everybody's requests, shared between versions. */
const isWeighted = ({ match, shares }: DeclaredRoute): boolean =>
    shares.length > 1 && Object.keys({ ...match.headers, ...match.cookies }).length === 0;

/** Name of the rule in the VirtualService, and of the route in Envoy. */
const ruleName = ({ name }: DeclaredRoute): string => name.split("/").at(-1)!;

async function rulesOf(target: Target, reference: Parameters<Target["kubernetes"]["object"]>[0]): Promise<Rule[]> {
    const object = await target.kubernetes.object<KubernetesObject & { spec: { http?: Rule[] } }>(reference);
    if (!object?.spec.http) throw new Error(`the VirtualService ${reference.name} is missing or has no rules`);
    return object.spec.http;
}

const withAll = (rule: Rule, subset: string): Rule => ({
    ...rule,
    route: rule.route.map((one) => ({ ...one, weight: one.destination.subset === subset ? 100 : 0 })),
});

const weightsOf = (rule: Rule | undefined): Weights =>
    Object.fromEntries((rule?.route ?? []).map(({ destination, weight = 100 }) => [destination.subset ?? "", weight]));

/** The weights of a route as one pod of the gateway has them. */
async function gatewayWeights(target: Target, pod: Pod, canary: DeclaredRoute): Promise<Weights> {
    const subsets = new Map(canary.shares.map((group) => [clusterOf(canary, group), group.subset]));
    const routes = allRoutes(await target.proxy(pod).routes());
    const own = routes.find((one) => one.name === ruleName(canary) && leadsTo(one, [...subsets.keys()]));
    const route = own?.route;
    const clusters = route?.weighted_clusters?.clusters ?? [{ name: route?.cluster ?? "", weight: 100 }];
    return Object.fromEntries(clusters.map(({ name, weight = 0 }) => [subsets.get(name) ?? name, weight]));
}

const asText = (weights: Weights): string =>
    Object.entries(weights)
        .filter(([, weight]) => weight > 0)
        .sort(([a], [b]) => a.localeCompare(b))
        .map(([subset, weight]) => `${subset} ${weight}`)
        .join(", ") || "nothing";
