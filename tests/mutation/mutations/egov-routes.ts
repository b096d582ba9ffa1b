import { objects } from "../cluster/mesh";
import type { Mutation } from "../mutation";
import { helloCluster, inClusters, inGatewayRoutes, inHosts } from "./look";
import { gatewayTable } from "./red";
import { faultsOf, hasWeights, mirrorsOf, ruleMutation, setWeights, type RuleMutation } from "./rules";

/** Mistakes in the routes of egov-hello beside its plain one: weights (E8), faults (E9), mirror (E10). */

type RuleChange = Pick<RuleMutation, "name" | "description" | "rule" | "change" | "shows">;

const weights = (mutation: RuleChange): Mutation =>
    ruleMutation({
        ...mutation,
        ids: ["E8"],
        needs: ["egov", "egov-weights"],
        of: ({ config }) => objects.hello("VirtualService", config),
        expectRed: { ...gatewayTable, "route-weights": ["egov"] },
    });

/** A deviation so small that the requests may or may not show it: the route table does. */
const slightly = (mutation: RuleChange): Mutation => ({
    ...weights(mutation),
    expectRed: gatewayTable,
    mayRed: { "route-weights": ["egov"] },
});

const faults = (mutation: RuleChange): Mutation =>
    ruleMutation({
        ...mutation,
        ids: ["E9"],
        needs: ["egov", "egov-faults"],
        of: ({ config }) => objects.hello("VirtualService", config),
        expectRed: { ...gatewayTable, "route-faults": ["egov"] },
    });

const mirror = (mutation: Omit<RuleChange, "rule"> & Partial<Pick<RuleMutation, "rule" | "expectRed">>): Mutation =>
    ruleMutation({
        rule: "mirror",
        expectRed: { ...gatewayTable, "route-mirrors": ["egov"] },
        ...mutation,
        ids: ["E10"],
        needs: ["egov", "egov-mirrors"],
        of: ({ config }) => objects.hello("VirtualService", config),
    });

export const egovRoutes: readonly Mutation[] = [
    slightly({
        name: "weights-85-15",
        description: "The route with 80/20 gives 85/15.",
        rule: "weights",
        change: setWeights(85, 15),
        shows: hasWeights(85, 15),
    }),
    slightly({
        name: "canary-85-15",
        description: "The canary with 90/10 gives 85/15.",
        rule: "canary",
        change: setWeights(85, 15),
        shows: hasWeights(85, 15),
    }),
    weights({
        name: "weights-swapped",
        description: "The shares of the two subsets are exchanged.",
        rule: "weights",
        change: setWeights(20, 80),
        shows: hasWeights(20, 80),
    }),
    weights({
        name: "canary-percent-for-weight",
        description: "The canary's second subset has no weight, as with the guide's `percent: 10`: it gets nothing.",
        rule: "canary",
        change: ({ route }) => {
            delete route[1].weight;
            route[0].weight = 100;
        },
        shows: (route) => route !== undefined && route.route?.weighted_clusters?.clusters?.length !== 2,
    }),
    {
        name: "subset-label-wrong",
        ids: ["E8", "E10"],
        description: "The subset v2 chooses by a label that no pod carries: its share is answered with 503.",
        needs: ["egov", "egov-weights", "egov-mirrors"],
        apply: (changes, { config }) =>
            changes.edit(objects.hello("DestinationRule", config), ({ spec }) => {
                spec.subsets.find(({ name }: { name: string }) => name === "v2").labels = { variant: "errors" };
            }),
        traces: (mesh) =>
            inHosts(mesh, ["gateway"], helloCluster(mesh).replace("||", "|v2|"), (hosts) => hosts.length === 0),
        expectRed: { "route-weights": ["egov"], "route-mirrors": ["egov"] },
        mayRed: { "egov-route": ["copies"] },
    },
    {
        name: "subsets-exchanged",
        ids: ["E8", "E10"],
        description: "The subset v1 chooses the error pod, v2 the normal ones.",
        needs: ["egov", "egov-weights", "egov-mirrors"],
        apply: (changes, { config }) =>
            changes.edit(objects.hello("DestinationRule", config), ({ spec }) => {
                const [first, second] = spec.subsets as { labels: object }[];
                [first!.labels, second!.labels] = [second!.labels, first!.labels];
            }),
        traces: async (mesh) => {
            const error = await mesh.target.kubernetes.pods(mesh.config.egov.namespaces.app, { variant: "error" });
            return inHosts(
                mesh,
                ["gateway"],
                helloCluster(mesh).replace("||", "|v1|"),
                (hosts) => hosts.length === error.length && hosts.every(({ ip }) => error.some((pod) => pod.ip === ip)),
            );
        },
        expectRed: { "route-weights": ["egov"], "route-mirrors": ["egov"] },
    },
    {
        name: "subset-policy",
        ids: ["E5", "E8"],
        description: "The subset v2 has an outlier detection of its own, with more errors than declared.",
        needs: ["egov", "egov-weights"],
        apply: (changes, { config }) =>
            changes.edit(objects.hello("DestinationRule", config), ({ spec }) => {
                const { outlierDetection } = spec.trafficPolicy;
                spec.subsets[1].trafficPolicy = { outlierDetection: { ...outlierDetection, consecutive5xxErrors: 50 } };
            }),
        traces: (mesh) =>
            inClusters(
                mesh,
                ["gateway"],
                helloCluster(mesh).replace("||", "|v2|"),
                (cluster) => cluster?.outlier_detection?.["consecutive_5xx"] === 50,
            ),
        expectRed: { "egov-settings": ["outlier"] },
    },
    faults({
        name: "delay-shorter",
        description: "The delay is 4 s instead of 5.",
        rule: "delay",
        change: ({ fault }) => (fault.delay.fixedDelay = "4s"),
        shows: (route) => faultsOf(route).delay?.time === "4s",
    }),
    faults({
        name: "delay-longer",
        description: "The delay is 8 s instead of 5.",
        rule: "delay",
        change: ({ fault }) => (fault.delay.fixedDelay = "8s"),
        shows: (route) => faultsOf(route).delay?.time === "8s",
    }),
    faults({
        name: "delay-not-all",
        description: "Nine of ten requests are delayed instead of all.",
        rule: "delay",
        change: ({ fault }) => (fault.delay.percentage.value = 90),
        shows: (route) => faultsOf(route).delay?.percent === 90,
    }),
    faults({
        name: "delay-missing",
        description: "The route that delays has lost its fault.",
        rule: "delay",
        change: (rule) => delete rule.fault,
        shows: (route) => route !== undefined && faultsOf(route).delay === undefined,
    }),
    faults({
        name: "abort-other-status",
        description: "Aborted requests are answered with 503 instead of 500.",
        rule: "abort",
        change: ({ fault }) => (fault.abort.httpStatus = 503),
        shows: (route) => faultsOf(route).abort?.status === 503,
    }),
    faults({
        name: "abort-missing",
        description: "The route that aborts has lost its fault.",
        rule: "abort",
        change: (rule) => delete rule.fault,
        shows: (route) => route !== undefined && faultsOf(route).abort === undefined,
    }),
    faults({
        name: "mixed-delay-fewer",
        description: "Of the mixed faults 40 % instead of 50 % are delays.",
        rule: "mixed-faults",
        change: ({ fault }) => (fault.delay.percentage.value = 40),
        shows: (route) => faultsOf(route).delay?.percent === 40,
    }),
    faults({
        name: "mixed-abort-fewer",
        description: "Of the mixed faults 40 % instead of 50 % are aborts.",
        rule: "mixed-faults",
        change: ({ fault }) => (fault.abort.percentage.value = 40),
        shows: (route) => faultsOf(route).abort?.percent === 40,
    }),
    mirror({
        name: "mirror-half",
        description: "Half of the requests are copied instead of all.",
        change: ({ mirrors }) => (mirrors[0].percentage.value = 50),
        shows: (route) => mirrorsOf(route)[0]?.percent === 50,
    }),
    mirror({
        name: "mirror-most",
        description: "19 of 20 requests are copied instead of all.",
        change: ({ mirrors }) => (mirrors[0].percentage.value = 95),
        shows: (route) => mirrorsOf(route)[0]?.percent === 95,
    }),
    mirror({
        name: "mirror-to-v1",
        description: "The copies go to the subset that answers, too.",
        change: ({ mirrors }) => (mirrors[0].destination.subset = "v1"),
        shows: (route) => mirrorsOf(route)[0]?.subset === "v1",
    }),
    mirror({
        name: "mirror-missing",
        description: "Nothing is copied.",
        change: (rule) => delete rule.mirrors,
        shows: (route) => route !== undefined && mirrorsOf(route).length === 0,
    }),
    mirror({
        name: "mirror-twice",
        description: "Every request is copied to both subsets.",
        change: ({ mirrors }) => {
            const [first] = mirrors;
            mirrors.push({ ...first, destination: { ...first.destination, subset: "v1" } });
        },
        shows: (route) => mirrorsOf(route).length === 2,
    }),
    mirror({
        name: "mirror-as-route",
        description: "One request of ten is routed to the mirror's subset instead of being copied only.",
        change: ({ route }) => {
            const { host, port } = route[0].destination;
            route[0].weight = 90;
            route.push({ destination: { host, port, subset: "v2" }, weight: 10 });
        },
        shows: hasWeights(90, 10),
    }),
    mirror({
        name: "mirror-of-another-route",
        description: "The requests of the canary are copied, too.",
        rule: "canary",
        change: (rule, all) => (rule.mirrors = structuredClone(all.find(({ name }) => name === "mirror")!.mirrors)),
        shows: (route) => mirrorsOf(route).length === 1,
        expectRed: { ...gatewayTable, "egov-route": ["copies"] },
    }),
    {
        name: "mirror-of-plain-route",
        ids: ["E10"],
        description: "The requests of the plain route are copied.",
        needs: ["egov", "egov-mirrors"],
        apply: (changes, { config }) =>
            changes.edit(objects.hello("VirtualService", config), ({ spec }) => {
                const rules = spec.http as { name?: string; mirrors?: unknown }[];
                rules.find(({ name }) => !name)!.mirrors = rules.find(({ name }) => name === "mirror")!.mirrors;
            }),
        traces: (mesh) =>
            inGatewayRoutes(mesh, (all) =>
                all.some(
                    (route) => route.match?.["prefix"] === mesh.config.egov.hello.path && mirrorsOf(route).length === 1,
                ),
            ),
        expectRed: { ...gatewayTable, "egov-route": ["copies"], "egov-load-balancing": ["once"] },
    },
];
