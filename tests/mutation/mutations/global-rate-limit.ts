import { randomUUID } from "node:crypto";
import { counted, readCounters } from "../../verification/specs/support/limit-counters";
import { ecommerceHost } from "../../verification/specs/support/names";
import { apiVersionOf, type PlainObject, type Reference } from "../cluster/api";
import type { Changes } from "../cluster/changes";
import { outboundCluster } from "../../verification/target/envoy";
import { objects, type Mesh } from "../cluster/mesh";
import type { CheckSet, Mutation } from "../mutation";
import { inGatewayListeners, inHosts, inIstioListeners, inPods, isReady } from "./look";
import { gatewayFilters, otherObjects, sidecarFilters, union } from "./red";

/** Mistakes in how the gateway's pods and listeners limit requests together. */

const spec = "ecommerce-global-rate-limit";
const filter = objects.istio("EnvoyFilter", "global-rate-limit");
const service = "rate-limit";
const redis = "rate-limit-redis";
const deployment = objects.istio("Deployment", service);

type Told = Pick<Mutation, "name" | "description" | "mayRed"> & { expectRed: CheckSet };
const common = {
    ids: ["S7"],
    needs: ["ecommerce", "global-rate-limit", "global-limit-enforced", "long-window"],
} as const;

/** The budgets of clients and of those without a key are other ones. */
const budgetsWrong: CheckSet = { [spec]: ["limited", "together", "separate", "unnamed"] };

/** Nobody counts, and everything passes. */
const nobodyCounts = union(budgetsWrong, { [spec]: ["counted"] });

/** Changes how the gateway asks; shows in what its Envoy listens with. */
function asking(
    mutation: Told,
    change: (settings: PlainObject["spec"], patch: PlainObject["spec"], mesh: Mesh) => void,
    shows: (listeners: string, mesh: Mesh) => boolean,
): Mutation {
    return {
        ...mutation,
        ...common,
        expectRed: union(mutation.expectRed, otherObjects("proxies")),
        apply: (changes, mesh) =>
            changes.edit(filter, ({ spec: { configPatches } }) =>
                change(configPatches[0].patch.value.typed_config, configPatches[0], mesh),
            ),
        traces: (mesh) => inGatewayListeners(mesh, (listeners) => shows(listeners, mesh)),
    };
}

/** A budget as the service reads it. */
interface Budget {
    key: string;
    rate_limit: { unit: string; requests_per_unit: number };
    shadow_mode: boolean;
}

/**
 * Gives the service other limits: a second file, since the kubelet takes its time to bring a changed one to a running pod.
 * Shows in its pods, when the gateway asks no others.
 */
function limits(mutation: Told, change: (budget: Budget) => void): Mutation {
    const changed = `${service}-changed`;
    const usesChanged = (pod: PlainObject) =>
        (pod.spec.volumes as { configMap?: { name: string } }[]).some(({ configMap }) => configMap?.name === changed);
    return {
        ...mutation,
        ...common,
        apply: async (changes, mesh) => {
            const original = (await mesh.api.get(objects.istio("ConfigMap", service)))!;
            const files = Object.entries(original["data"] as Record<string, string>);
            const data = files.map(([name, text]) => {
                const file = JSON.parse(text) as { descriptors: { descriptors: Budget[] }[] };
                for (const { descriptors } of file.descriptors) descriptors.forEach(change);
                return [name, JSON.stringify(file)];
            });
            await changes.create({
                apiVersion: apiVersionOf("ConfigMap"),
                kind: "ConfigMap",
                metadata: { name: changed, namespace: "istio-system" },
                data: Object.fromEntries(data),
            });
            await changes.edit(deployment, ({ spec: { template } }) => {
                for (const volume of template.spec.volumes as { configMap?: { name: string } }[])
                    if (volume.configMap?.name === service) volume.configMap.name = changed;
            });
        },
        traces: async (mesh) => {
            const pods = await mesh.target.kubernetes.pods("istio-system", { app: service });
            const asked = await inGatewayHosts(mesh, (ips) => pods.map(({ ip }) => ip).join() === ips.join());
            const shown = await inPods(mesh, "istio-system", service, (pod) => isReady(pod) && usesChanged(pod));
            return shown.map((is) => is && asked.every(Boolean));
        },
    };
}

/** Changes who may call one of the two; shows in what its sidecar listens with. */
function admitting(
    mutation: Told,
    app: string,
    change: (changes: Changes, policy: Reference) => Promise<void>,
    shows: (listeners: string) => boolean,
): Mutation {
    return {
        ...mutation,
        ...common,
        ids: ["S7", "S4"],
        expectRed: union(mutation.expectRed, otherObjects("authorization"), sidecarFilters),
        apply: (changes) => change(changes, objects.istio("AuthorizationPolicy", `allow-${app}`)),
        traces: (mesh) => inIstioListeners(mesh, app, shows),
    };
}

/** The gateway's pods: whether the addresses of the service that they ask are of a kind. */
function inGatewayHosts(mesh: Mesh, is: (ips: readonly string[]) => boolean): Promise<boolean[]> {
    return inHosts(mesh, ["gateway"], outboundCluster(service, "istio-system", 8081), (hosts) =>
        is(hosts.map(({ ip }) => ip)),
    );
}

/** A Deployment has no pod. */
function stopped(mutation: Told, name: string, traces: Mutation["traces"]): Mutation {
    return {
        ...mutation,
        ...common,
        apply: (changes) =>
            changes.edit(objects.istio("Deployment", name), (object) => {
                object.spec.replicas = 0;
            }),
        traces,
    };
}

/** Requests that show whether the service counts: as many as it has connections to Redis, which may each be a dead one. */
const probes = 10;

/** Whether nothing is counted of a new client's requests, and whether not all of them are. */
async function uncounted({ config, target }: Mesh): Promise<boolean[]> {
    const { path, header } = config.ecommerce.globalRateLimit!;
    const client = `mutation-${randomUUID()}`;
    const request = { path, host: ecommerceHost(config), headers: { [header]: client } };
    await target.request(request, { count: probes, concurrency: probes });
    const total = counted(new Map(), await readCounters(target.kubernetes, path, client));
    return [total === 0, total < probes];
}

const otherFailureMode = asking(
    {
        name: "global-limit-other-failure-mode",
        description: "What nobody could count has the other fate than declared.",
        expectRed: { [spec]: ["settings"] },
    },
    (settings) => {
        settings.failure_mode_deny = !settings.failure_mode_deny;
    },
    (listeners, { config }) =>
        listeners.includes("filters.http.ratelimit") &&
        listeners.includes('"failure_mode_deny": true') === (config.ecommerce.globalRateLimit!.failureMode === "admit"),
);

export const globalRateLimit: readonly Mutation[] = [
    {
        ...asking(
            {
                name: "global-limit-removed",
                description: "The gateway does not ask the rate limit service.",
                expectRed: union(nobodyCounts, { [spec]: ["settings"] }, gatewayFilters),
            },
            () => undefined,
            (listeners) => !listeners.includes("filters.http.ratelimit"),
        ),
        apply: (changes) => changes.remove(filter),
    },
    {
        ...asking(
            {
                name: "global-limit-plain-http-alone",
                description: "What comes over HTTPS is not limited.",
                expectRed: union({ [spec]: ["together", "counted", "settings"] }, gatewayFilters),
            },
            (_settings, patch) => {
                patch.match.listener.portNumber = 8080;
            },
            (listeners) => listeners.split('"envoy.filters.http.ratelimit"').length === 2,
        ),
        needs: [...common.needs, "https", "named-host"],
    },
    asking(
        {
            name: "global-limit-other-header",
            description: "The clients are told apart by a header that they do not send.",
            expectRed: { [spec]: ["limited", "together", "separate", "counted"] },
        },
        (settings) => {
            settings.rate_limits[0].actions[1].request_headers.header_name = "x-client";
        },
        (listeners) => listeners.includes('"header_name": "x-client"'),
    ),
    asking(
        {
            name: "global-limit-one-for-all",
            description: "All requests share one budget, those without a key as well.",
            expectRed: { [spec]: ["limited", "together", "separate", "counted"] },
            // Of those without a key too few pass, unless their own budget is spent or they come before the others.
            mayRed: { [spec]: ["unnamed"] },
        },
        (settings) => {
            const [{ actions }] = settings.rate_limits;
            actions[1] = { generic_key: { descriptor_key: "client", descriptor_value: "all" } };
        },
        (listeners) => listeners.includes('"generic_key"'),
    ),
    asking(
        {
            name: "global-limit-unnamed-pass",
            description: "Whoever sends no key is not limited.",
            expectRed: { [spec]: ["unnamed"] },
        },
        (settings) => {
            settings.rate_limits.length = 1;
        },
        (listeners) => listeners.includes("filters.http.ratelimit") && !listeners.includes('"unnamed"'),
    ),
    {
        ...asking(
            {
                name: "global-limit-wider",
                description: "The limit is for a path that is one letter shorter: neighbouring paths are counted, too.",
                expectRed: { [spec]: ["elsewhere"] },
            },
            (settings, _patch, { config }) => {
                const shorter = config.ecommerce.globalRateLimit!.path.slice(0, -1);
                for (const { actions } of settings.rate_limits)
                    actions[0].header_value_match.headers[0].string_match.prefix = shorter;
            },
            (listeners, { config }) =>
                listeners.includes(`"prefix": "${config.ecommerce.globalRateLimit!.path.slice(0, -1)}"`),
        ),
        // What others keep from being counted at all is not counted beside the path either.
        alone: true,
    },
    otherFailureMode,
    limits(
        {
            name: "global-limit-higher",
            description: "The service lets ten times as many requests through.",
            expectRed: union(budgetsWrong, { [spec]: ["limits"] }),
        },
        ({ rate_limit: limit }) => {
            limit.requests_per_unit *= 10;
        },
    ),
    limits(
        {
            name: "global-limit-one-more",
            description: "The service lets one request too many through.",
            expectRed: { [spec]: ["limited", "together", "separate", "limits"] },
        },
        (budget) => {
            // Those without a key keep theirs: of a budget that is used up already, one more would not show.
            if (budget.key === "client") budget.rate_limit.requests_per_unit += 1;
        },
    ),
    limits(
        {
            name: "global-limit-shadow",
            description: "The service counts, and lets everything through.",
            expectRed: union(budgetsWrong, { [spec]: ["limits"] }),
        },
        (budget) => {
            budget.shadow_mode = true;
        },
    ),
    limits(
        {
            name: "global-limit-shorter-window",
            description: "The service gives the whole budget anew in every second.",
            expectRed: { [spec]: ["limits"] },
            // Once a minute a second begins with it. One counter in 300 ends with its second, perhaps before it is read.
            mayRed: { [spec]: ["counted", "limited", "together", "separate", "unnamed"] },
        },
        ({ rate_limit: limit }) => {
            limit.unit = "second";
        },
    ),
    admitting(
        {
            name: "global-limit-redis-open",
            description: "Redis lets in whoever has an identity of the mesh.",
            expectRed: { [spec]: ["callers"] },
        },
        redis,
        (changes, policy) => changes.remove(policy),
        (listeners) => !listeners.includes(`policy[allow-${redis}]`),
    ),
    admitting(
        {
            name: "global-limit-service-open",
            description: "The service lets in all of its namespace, and not the gateway alone.",
            expectRed: { [spec]: ["callers"] },
        },
        service,
        (changes, policy) =>
            changes.edit(policy, ({ spec: { rules } }) => {
                rules[0].from[0].source = { namespaces: ["istio-system"] };
            }),
        (listeners) => !listeners.includes("/sa/istio-ingressgateway"),
    ),
    admitting(
        {
            name: "global-limit-other-caller",
            description: "The service lets in another account than the gateway's: it is asked and does not answer.",
            expectRed: union(nobodyCounts, { [spec]: ["callers"] }),
        },
        service,
        (changes, policy) =>
            changes.edit(policy, ({ spec: { rules } }) => {
                rules[0].from[0].source.principals = ["cluster.local/ns/istio-system/sa/istiod"];
            }),
        (listeners) => listeners.includes("/sa/istiod"),
    ),
    stopped(
        {
            name: "global-limit-service-stopped",
            description: "The rate limit service has no pod: what nobody counts meets the declared failure mode.",
            expectRed: union(nobodyCounts, { [spec]: ["limits", "callers"] }),
        },
        service,
        (mesh) => inGatewayHosts(mesh, (ips) => ips.length === 0),
    ),
    stopped(
        {
            name: "global-limit-redis-stopped",
            description: "Redis has no pod: the service can count nothing.",
            expectRed: union(nobodyCounts, { [spec]: ["callers"] }),
        },
        redis,
        async (mesh) => {
            const pods = await mesh.target.kubernetes.pods("istio-system", { app: service });
            const cluster = outboundCluster(redis, "istio-system", 6379);
            const hosts = await Promise.all(pods.map((pod) => mesh.target.proxy(pod).hosts(cluster)));
            return [...hosts.map((one) => one.length === 0), ...(await uncounted(mesh))];
        },
    ),
];
