import type { PlainObject } from "../cluster/api";
import { objects, type Mesh } from "../cluster/mesh";
import type { CheckSet, Mutation } from "../mutation";
import { outboundCluster } from "../../verification/target/envoy";
import { appContainer, inGatewayRoutes, inHosts, isReady } from "./look";
import { gatewayTable, shopRequests } from "./red";
import { hasWeights, ruleMutation, setWeights, type RuleMutation } from "./rules";

/** Mistakes in a canary: shares (C9), groups by header and cookie (C9, C10), the candidate itself. */

const order = "order-api";

type RuleChange = Pick<RuleMutation, "name" | "description" | "rule" | "change" | "shows">;

const rule = (ids: readonly string[], expectRed: CheckSet) => (mutation: RuleChange) =>
    ruleMutation({
        ...mutation,
        ids,
        expectRed,
        needs: ["ecommerce", "ecommerce-weights", "ecommerce-matches"],
        of: ({ config }) => objects.shop("VirtualService", config, order),
    });

const weights = rule(["C9"], { ...gatewayTable, "route-weights": ["ecommerce"] });
/** A deviation so small that the requests may or may not show it: the route table does. */
const slightly = (mutation: RuleChange): Mutation => ({
    ...weights(mutation),
    expectRed: gatewayTable,
    mayRed: { "route-weights": ["ecommerce"] },
});
const groups = rule(["C9", "C10"], { ...gatewayTable, "route-matches": ["ecommerce"] });

/** The value that a route asks of a header. */
function headerOf(route: { match?: Record<string, unknown> } | undefined, header: string): unknown {
    const headers = (route?.match?.["headers"] ?? []) as { name: string; string_match?: Record<string, unknown> }[];
    return headers.find(({ name }) => name === header)?.string_match;
}

const headerText = (route: Parameters<typeof headerOf>[0], header: string) =>
    JSON.stringify(headerOf(route, header)) ?? "";

const candidateCluster = ({ config: { ecommerce } }: Mesh, subset = "candidate") =>
    outboundCluster(order, ecommerce.namespace, ecommerce.servicePort, subset);

const candidateDeployment = ({ config }: Mesh) => objects.shop("Deployment", config, `${order}-v2`);

/** What both suites notice, each by its own checks. */
export const versionsAlike = {
    description: "The subset of the candidate chooses the pods of today's version.",
    needs: ["ecommerce", "ecommerce-weights", "ecommerce-matches"],
    apply: (changes, { config }) =>
        changes.edit(objects.shop("DestinationRule", config, order), ({ spec }) => {
            spec.subsets.find(({ name }: { name: string }) => name === "candidate").labels = { version: "v1" };
        }),
    traces: (mesh) =>
        inHosts(mesh, ["gateway"], candidateCluster(mesh), (hosts) => hosts.length === mesh.config.ecommerce.replicas),
} satisfies Omit<Mutation, "name" | "ids" | "expectRed">;

export const canaries: readonly Mutation[] = [
    slightly({
        name: "canary-shop-85-15",
        description: `The canary of ${order} gives 85/15 instead of 90/10.`,
        rule: "canary",
        change: setWeights(85, 15),
        shows: hasWeights(85, 15),
    }),
    slightly({
        name: "canary-shop-95-5",
        description: `The canary of ${order} gives 95/5 instead of 90/10.`,
        rule: "canary",
        change: setWeights(95, 5),
        shows: hasWeights(95, 5),
    }),
    rule(["C9"], { ...gatewayTable, "route-weights": ["ecommerce"], "route-matches": ["ecommerce"] })({
        name: "canary-shop-finished",
        description: `All requests to ${order} get the candidate: the near misses of the groups, too.`,
        rule: "canary",
        change: setWeights(0, 100),
        shows: (route) => route !== undefined && !hasWeights(90, 10)(route),
    }),
    weights({
        name: "canary-shop-swapped",
        description: `The shares of the two versions of ${order} are exchanged.`,
        rule: "canary",
        change: setWeights(10, 90),
        shows: hasWeights(10, 90),
    }),
    groups({
        name: "canary-header-value",
        description: "The group by x-version asks for v3.",
        rule: "x-version",
        change: ({ match }) => (match[0].headers["x-version"].exact = "v3"),
        shows: (route) => headerText(route, "x-version").includes("v3"),
    }),
    groups({
        name: "canary-header-prefix",
        description: "The group by x-version takes every value that begins with v2.",
        rule: "x-version",
        change: ({ match }) => (match[0].headers["x-version"] = { prefix: "v2" }),
        shows: (route) => headerText(route, "x-version").includes("prefix"),
    }),
    groups({
        name: "canary-header-case",
        description: "The group by the header canary takes its value in any case.",
        rule: "canary-header",
        change: ({ match }) => (match[0].headers.canary = { regex: "(?i)true" }),
        shows: (route) => headerText(route, "canary").includes("regex"),
    }),
    {
        name: "canary-header-last",
        ids: ["C9"],
        description: "The group by x-version stands behind the rule for everybody, which takes its requests.",
        needs: ["ecommerce", "ecommerce-weights", "ecommerce-matches"],
        apply: (changes, { config }) =>
            changes.edit(objects.shop("VirtualService", config, order), ({ spec }) => {
                const rules = spec.http as { name?: string }[];
                const position = rules.findIndex(({ name }) => name === "x-version");
                rules.push(rules.splice(position, 1)[0]!);
            }),
        traces: (mesh) =>
            inGatewayRoutes(mesh, (all) => {
                const { path } = mesh.config.ecommerce.services[order]!;
                const names = all.filter(({ match }) => match?.["prefix"] === path).map(({ name }) => name);
                return names.indexOf("x-version") > names.indexOf("canary");
            }),
        expectRed: { "route-matches": ["ecommerce"] },
    },
    groups({
        name: "canary-header-shared",
        description: "The requests with x-version are shared by weight like all others.",
        rule: "x-version",
        change: (found, all) => {
            found.route = structuredClone(all.find(({ name }) => name === "canary")!.route);
        },
        shows: (route) => route?.route?.weighted_clusters !== undefined,
    }),
    groups({
        name: "canary-cookie-missing",
        description: "There is no group by cookie.",
        rule: "canary-cookie",
        change: (found, all) => all.splice(all.indexOf(found), 1),
        shows: (route) => route === undefined,
    }),
    // Which cookies a pattern takes only requests tell: the route table compares that there is one.
    rule(["C10"], { "route-matches": ["ecommerce"] })({
        name: "canary-cookie-anywhere",
        description: "The group by cookie takes any cookie whose text contains the pair.",
        rule: "canary-cookie",
        change: ({ match }) => (match[0].headers.cookie = { regex: ".*canary=true.*" }),
        shows: (route) => headerText(route, "cookie").includes(".*canary=true.*"),
    }),
    groups({
        name: "canary-cookie-alone",
        description: "The group by cookie takes requests with this one cookie only.",
        rule: "canary-cookie",
        change: ({ match }) => (match[0].headers.cookie = { exact: "canary=true" }),
        shows: (route) => headerText(route, "cookie").includes("exact"),
    }),
    rule(["C9", "C3"], { "ecommerce-route-policies": ["settings"] })({
        name: "canary-group-policy",
        description: "The rule of a group has lost its time-out and retries.",
        rule: "x-version",
        change: (found) => {
            delete found.timeout;
            delete found.retries;
        },
        shows: (route) => route !== undefined && (route.route?.timeout ?? "0s") === "0s",
    }),
    {
        name: "canary-subset-label",
        ids: ["C9", "C8"],
        description: "The subset of the candidate chooses by a label that no pod carries.",
        needs: ["ecommerce", "ecommerce-weights", "ecommerce-matches"],
        apply: (changes, { config }) =>
            changes.edit(objects.shop("DestinationRule", config, order), ({ spec }) => {
                spec.subsets.find(({ name }: { name: string }) => name === "candidate").labels = { version: "v3" };
            }),
        traces: (mesh) => inHosts(mesh, ["gateway"], candidateCluster(mesh), (hosts) => hosts.length === 0),
        expectRed: {
            "route-weights": ["ecommerce"],
            "route-matches": ["ecommerce"],
            "ecommerce-steady": ["answers"],
        },
        mayRed: shopRequests,
    },
    {
        ...versionsAlike,
        name: "canary-subset-stable",
        ids: ["C9"],
        expectRed: { "route-weights": ["ecommerce"], "route-matches": ["ecommerce"] },
    },
    {
        name: "canary-candidate-gone",
        ids: ["C9", "C5"],
        description: "The candidate has no pod.",
        needs: ["ecommerce", "ecommerce-weights", "ecommerce-matches"],
        apply: (changes, mesh) =>
            changes.edit(candidateDeployment(mesh), ({ spec }) => {
                spec.replicas = 0;
            }),
        traces: async (mesh) => {
            const pods = await mesh.api.list("Pod", mesh.config.ecommerce.namespace, { app: order, version: "v2" });
            return [pods.length === 0, ...(await inHosts(mesh, ["gateway"], candidateCluster(mesh), isEmpty))];
        },
        expectRed: {
            "route-weights": ["ecommerce"],
            "route-matches": ["ecommerce"],
            "ecommerce-infrastructure": ["objects"],
            "ecommerce-endpoints": ["assigned"],
            "ecommerce-answers": ["replicas"],
            "ecommerce-steady": ["answers"],
        },
        mayRed: shopRequests,
    },
    {
        name: "canary-candidate-text",
        ids: ["C9", "C1"],
        description: "The candidate answers another text than declared.",
        needs: ["ecommerce", "ecommerce-weights"],
        apply: (changes, mesh) =>
            changes.edit(candidateDeployment(mesh), ({ spec }: PlainObject) => {
                const container = appContainer(spec.template, order);
                container.args = container.args?.map((arg) => (arg.startsWith("-text=") ? "-text=It works" : arg));
            }),
        traces: async ({ api, config }) =>
            (await api.list("Pod", config.ecommerce.namespace, { app: order, version: "v2" })).map(
                (pod) => isReady(pod) && (appContainer(pod, order).args ?? []).includes("-text=It works"),
            ),
        expectRed: { "ecommerce-answers": ["texts"] },
        mayRed: { "ecommerce-inside-access": ["texts"], "ecommerce-outside-access": ["texts"] },
    },
    {
        name: "canary-route-removed",
        ids: ["C9", "C10"],
        description: `The VirtualService of ${order} has one plain rule, as before the canary.`,
        needs: ["ecommerce", "ecommerce-weights", "ecommerce-matches"],
        apply: (changes, { config }) =>
            changes.edit(objects.shop("VirtualService", config, order), ({ spec }) => {
                const everybody = spec.http.at(-1);
                const { host, port } = everybody.route[0].destination;
                spec.http = [{ ...everybody, route: [{ destination: { host, port } }] }];
            }),
        traces: (mesh) =>
            inGatewayRoutes(mesh, (all) => all.some(({ route }) => route?.cluster === candidateCluster(mesh, ""))),
        expectRed: { ...gatewayTable, "route-weights": ["ecommerce"], "route-matches": ["ecommerce"] },
    },
];

const isEmpty = (hosts: readonly unknown[]) => hosts.length === 0;
