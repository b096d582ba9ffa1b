import type { PlainObject, Reference } from "../cluster/api";
import type { DomainRoute, Mesh } from "../cluster/mesh";
import type { Mutation } from "../mutation";
import { inGatewayRoutes } from "./look";

/** Mutations of one named rule of a VirtualService that is bound to the ingress gateway. */

export interface RuleMutation extends Pick<
    Mutation,
    "name" | "ids" | "description" | "needs" | "expectRed" | "mayRed"
> {
    /** The VirtualService. */
    of(mesh: Mesh): Reference;
    /** Name of the rule. */
    rule: string;
    /** Changes the rule; `all` are the VirtualService's rules in order. */
    change(rule: PlainObject["spec"], all: PlainObject["spec"][]): void;
    /** Whether the gateway's route of the rule shows the change; undefined where there is no such route. */
    shows(route: DomainRoute | undefined): boolean;
}

export function ruleMutation({ of, rule, change, shows, ...mutation }: RuleMutation): Mutation {
    return {
        ...mutation,
        apply: (changes, mesh) =>
            changes.edit(of(mesh), ({ spec }) => {
                const rules = spec.http as PlainObject["spec"][];
                const found = rules.find(({ name }) => name === rule);
                if (!found) throw new Error(`the VirtualService ${of(mesh).name} has no rule ${rule}`);
                change(found, rules);
            }),
        traces: (mesh) =>
            inGatewayRoutes(mesh, (all) => shows(all.find((route) => route.name === rule && leadsTo(route, of(mesh))))),
    };
}

/** Whether a route leads to the service of a VirtualService: the rules of two services may have one name. */
function leadsTo({ route }: DomainRoute, { name, namespace }: Reference): boolean {
    const clusters = [{ name: route?.cluster ?? "" }, ...(route?.weighted_clusters?.clusters ?? [])];
    return clusters.some((cluster) => cluster.name.endsWith(`|${name}.${namespace}.svc.cluster.local`));
}

/** The weights of a rule over its subsets, in order. */
export const setWeights =
    (...weights: number[]) =>
    (rule: PlainObject["spec"]): void =>
        weights.forEach((weight, index) => (rule.route[index].weight = weight));

/** Whether a route has these weights over subsets, in order. */
export const hasWeights =
    (...weights: number[]) =>
    (route: DomainRoute | undefined): boolean =>
        route?.route?.weighted_clusters?.clusters?.map(({ weight }) => weight ?? 0).join() === weights.join();

/** The copies of a route: subset and share in percent of each. */
export function mirrorsOf(route: DomainRoute | undefined): { subset: string; percent: number }[] {
    return (route?.route?.request_mirror_policies ?? []).map(({ cluster = "", runtime_fraction: fraction }) => ({
        subset: cluster.split("|")[2] ?? "",
        percent: (fraction?.default_value?.numerator ?? 0) / 10_000,
    }));
}

/** The faults of a route as Envoy has them; shares in percent. */
export function faultsOf(route: DomainRoute | undefined) {
    const fault = route?.typed_per_filter_config?.["envoy.filters.http.fault"] as
        { delay?: EnvoyFault & { fixed_delay?: string }; abort?: EnvoyFault & { http_status?: number } } | undefined;
    return {
        delay: fault?.delay && { time: fault.delay.fixed_delay, percent: percentOf(fault.delay) },
        abort: fault?.abort && { status: fault.abort.http_status, percent: percentOf(fault.abort) },
    };
}

interface EnvoyFault {
    percentage?: { numerator?: number; denominator?: "HUNDRED" | "TEN_THOUSAND" | "MILLION" };
}

function percentOf({ percentage }: EnvoyFault): number {
    const whole = { HUNDRED: 100, TEN_THOUSAND: 10_000, MILLION: 1_000_000 }[percentage?.denominator ?? "HUNDRED"];
    return (100 * (percentage?.numerator ?? 0)) / whole;
}
