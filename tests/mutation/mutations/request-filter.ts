import { outboundCluster } from "../../verification/target/envoy";
import type { PlainObject } from "../cluster/api";
import { objects, type Mesh } from "../cluster/mesh";
import type { CheckSet, Mutation } from "../mutation";
import { appContainer, inGatewayListeners, inHosts, inPods, isReady } from "./look";
import {
    canaryGone,
    gatewayFilters,
    notCounted,
    otherConfiguration,
    otherObjects,
    sagaFromOutside,
    shopFromOutside,
    union,
} from "./red";

/** Mistakes in what looks at the requests from outside. */

const name = "request-filter";
const deployment = objects.istio("Deployment", name);
const policy = objects.istio("AuthorizationPolicy", name);

type Told = Pick<Mutation, "name" | "description"> & { expectRed: CheckSet };
const common = { ids: ["C14"], needs: ["ecommerce", name, "filtered-services", "attacks-refused"] } as const;

/** No attack is refused as declared. */
const attacksPass: CheckSet = { [name]: ["injection", "scripts", "coverage", "bodies"] };

/** Gives the filter another argument; shows in its pods, when the gateway asks no others. */
function argument(mutation: Told, flag: string, value: string | number): Mutation {
    const wanted = `-${flag}=${value}`;
    return {
        ...mutation,
        ...common,
        apply: (changes) =>
            changes.edit(deployment, ({ spec }) => {
                const container = appContainer(spec.template, name);
                container.args = container.args?.map((arg) => (arg.startsWith(`-${flag}=`) ? wanted : arg));
            }),
        traces: async (mesh) => {
            const pods = await mesh.target.kubernetes.pods("istio-system", { app: name });
            const asked = await inGatewayHosts(mesh, (hosts) => pods.map(({ ip }) => ip).join() === hosts.join());
            const changed = await inPods(
                mesh,
                "istio-system",
                name,
                (pod) => isReady(pod) && (appContainer(pod, name).args ?? []).includes(wanted),
            );
            return changed.map((is) => is && asked.every(Boolean));
        },
    };
}

/** The gateway's pods: whether the addresses of the filter that they ask are of a kind. */
function inGatewayHosts(mesh: Mesh, is: (ips: readonly string[]) => boolean): Promise<boolean[]> {
    return inHosts(mesh, ["gateway"], outboundCluster(name, "istio-system", 9001), (hosts) =>
        is(hosts.map(({ ip }) => ip)),
    );
}

/** Changes the policy by which the gateway asks; shows in what it listens with. */
function asking(
    mutation: Told,
    change: (spec: PlainObject["spec"], mesh: Mesh) => void,
    shows: (listeners: string, mesh: Mesh) => boolean,
): Mutation {
    return {
        ...mutation,
        ...common,
        expectRed: union(mutation.expectRed, otherObjects("authorization"), gatewayFilters),
        apply: (changes, mesh) => changes.edit(policy, ({ spec }) => change(spec, mesh)),
        traces: (mesh) => inGatewayListeners(mesh, (listeners) => shows(listeners, mesh)),
    };
}

/** Changes a line of the provider in the mesh configuration; shows in what the gateway listens with. */
function provider(mutation: Told, line: RegExp, changed: string, shows: (listeners: string) => boolean): Mutation {
    return {
        ...mutation,
        ...common,
        expectRed: union(mutation.expectRed, otherConfiguration),
        apply: (changes, { config }) =>
            changes.edit(objects.controlPlane("ConfigMap", "istio", config), (map) => {
                const data = map["data"] as { mesh: string };
                data.mesh = data.mesh.replace(line, changed);
            }),
        traces: (mesh) => inGatewayListeners(mesh, shows),
    };
}

/** Whether the gateway asks about other paths than the declared ones. */
const otherPaths = (listeners: string, { config }: Mesh): boolean =>
    !(config.mesh.ingressGateway.requestFilter?.paths ?? []).some((path) => listeners.includes(`"prefix": "${path}"`));

const notAsked = (listeners: string): boolean => !listeners.includes("ExtAuthz");

export const requestFilter: readonly Mutation[] = [
    {
        ...asking(
            {
                name: "filter-policy-removed",
                description: "The gateway no longer asks the filter.",
                expectRed: union(attacksPass, { [name]: ["settings"] }),
            },
            () => undefined,
            notAsked,
        ),
        apply: (changes) => changes.remove(policy),
    },
    asking(
        {
            name: "filter-policy-of-others",
            description: "The policy is for the proxies of the egress gateway.",
            expectRed: union(attacksPass, { [name]: ["settings"] }),
        },
        (spec) => {
            spec.selector.matchLabels = { istio: "egressgateway" };
        },
        notAsked,
    ),
    asking(
        {
            name: "filter-path-left-out",
            description: "The policy leaves the paths of one service out.",
            expectRed: { [name]: ["coverage"] },
        },
        (spec, { config }) => {
            const paths = Object.values(config.ecommerce.services).map(({ path }) => `${path}*`);
            spec.rules[0].to[0].operation.paths = paths.slice(0, -1);
        },
        otherPaths,
    ),
    asking(
        {
            name: "filter-path-alone",
            description: "The policy is for the services' paths, but for nothing below them.",
            expectRed: { [name]: ["coverage"] },
        },
        (spec, { config }) => {
            spec.rules[0].to[0].operation.paths = Object.values(config.ecommerce.services).map(({ path }) => path);
        },
        otherPaths,
    ),
    provider(
        {
            name: "filter-fails-open",
            description: "Without an answer of the filter requests would pass.",
            expectRed: { [name]: ["settings"] },
        },
        /failOpen: false/,
        "failOpen: true",
        (listeners) => listeners.includes('"failure_mode_allow": true'),
    ),
    provider(
        {
            name: "filter-bodies-ignored",
            description: "The filter is asked without the bodies of the requests.",
            expectRed: { [name]: ["injection", "scripts", "bodies", "settings"] },
        },
        /^( *)includeRequestBodyInCheck:\n(?:\1 +.*\n)*/m,
        "",
        (listeners) => listeners.includes("ExtAuthz") && !listeners.includes('"with_request_body"'),
    ),
    provider(
        {
            name: "filter-bodies-in-part",
            description: "Of a larger body the filter looks at the beginning, and the rest passes.",
            expectRed: { [name]: ["bodies", "settings"] },
        },
        /allowPartialMessage: false/,
        "allowPartialMessage: true",
        (listeners) => listeners.includes('"allow_partial_message": true'),
    ),
    argument(
        {
            name: "filter-detects-only",
            description: "The filter logs attacks and lets them pass.",
            expectRed: attacksPass,
        },
        "mode",
        "detect",
    ),
    argument(
        {
            name: "filter-status",
            description: "Attacks are refused with another status than declared.",
            expectRed: attacksPass,
        },
        "status",
        403,
    ),
    argument(
        {
            name: "filter-lenient",
            description: "A request has to look like an attack in many ways.",
            expectRed: attacksPass,
        },
        "anomaly-threshold",
        1000,
    ),
    argument(
        {
            name: "filter-paranoid",
            description: "All rules are on: everyday requests are refused, too.",
            expectRed: { [name]: ["harmless"] },
        },
        "paranoia-level",
        3,
    ),
    {
        ...common,
        name: "filter-down",
        description: "The filter has no pod: every request to the paths is refused.",
        apply: (changes) =>
            changes.edit(deployment, ({ spec }) => {
                spec.replicas = 0;
            }),
        traces: (mesh) => inGatewayHosts(mesh, (hosts) => hosts.length === 0),
        // The filter is asked first: not even a missing token is noticed.
        expectRed: union(shopFromOutside, canaryGone, sagaFromOutside, attacksPass, notCounted, {
            "ecommerce-tokens": ["missing", "invalid", "spellings"],
        }),
    },
];
