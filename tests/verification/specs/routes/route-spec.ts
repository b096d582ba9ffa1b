import type { Feature } from "../../features";
import { defineSpec, exclusive, type Check, type Context, type EvidenceScope, type Spec } from "../../spec";
import type { Target } from "../../target/target";
import { routesOfKind, systems, type DeclaredRoute, type RouteKind, type System } from "../support/declared-routes";
import { entranceKinds, istio } from "../support/names";

/** A behaviour that every declared route of a kind has: one check a system, skipped where it declares none. */
export interface RouteBehaviour {
    name: string;
    description: string;
    kind: RouteKind;
    /** The check of each system that can have such routes. */
    checks: Partial<Record<System, Check>>;
    /** Proves the behaviour of one route; `routes` are all of its system. */
    prove(route: DeclaredRoute, context: Context<string>, system: System): Promise<void>;
}

export function defineRouteSpec({ name, description, kind, checks, prove }: RouteBehaviour): Spec {
    const proved = systems.filter((system) => checks[system]);
    const withNeeds = (system: System): Check => {
        const needs: Feature[] = [system, "sample-app", `${system}-${kind}`, ...(checks[system]!.needs ?? [])];
        return { ...checks[system]!, needs };
    };
    return defineSpec<string>({
        name,
        description,
        needs: [],
        locks: (config) => {
            const routes = proved.flatMap((system) => routesOfKind(config, system, kind));
            return exclusive(...new Set(routes.flatMap(({ disturbs }) => disturbs)));
        },
        checks: Object.fromEntries(proved.map((system) => [system, withNeeds(system)])),
        evidence: (target) =>
            routeEvidence(
                target,
                proved.flatMap((system) => routesOfKind(target.config, system, kind)),
            ),
        async run(context) {
            const { config, check, all } = context;
            await all(
                ...proved.map(
                    (system) => () =>
                        check(system, () =>
                            all(
                                ...routesOfKind(config, system, kind).map(
                                    (route) => () => prove(route, context, system),
                                ),
                            ),
                        ),
                ),
            );
        },
    });
}

/** What explains a failure of these routes: the proxies that decide and the rules that they got. */
async function routeEvidence(target: Target, routes: readonly DeclaredRoute[]): Promise<EvidenceScope> {
    const deciders = (await Promise.all(routes.map((route) => route.deciders(target)))).flat();
    const namespaces = new Set(routes.map(({ service }) => service.namespace));
    return {
        pods: [...new Map(deciders.map((pod) => [pod.name, pod])).values()],
        clusters: [...new Set(routes.map(({ service }) => service.name))],
        objects: [...namespaces].flatMap((namespace) => [
            { ...entranceKinds(target.config).route, namespace },
            { ...istio.destinationRule, namespace },
        ]),
    };
}
