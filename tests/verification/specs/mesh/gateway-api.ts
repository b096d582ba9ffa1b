import type { PlatformConfig } from "../../../../components/config/platform";
import { defineSpec } from "../../spec";
import type { KubernetesObject, ObjectReference, Target } from "../../target/target";
import { fail, grouped } from "../support/answers";
import { ecommerceGateway, ecommerceServices, gatewayApi, helloService, ingressGateway } from "../support/names";
import { settled } from "../support/settled";

/** What istiod says about an object. */
interface Condition {
    type: string;
    status: string;
    message?: string;
    /** Generation of the object that it is about. */
    observedGeneration?: number;
}

interface Gateway extends KubernetesObject {
    status?: {
        conditions?: Condition[];
        listeners?: { name: string; attachedRoutes: number; conditions?: Condition[] }[];
    };
}

interface Route extends KubernetesObject {
    status?: { parents?: { parentRef: { name: string; namespace?: string }; conditions?: Condition[] }[] };
}

/** A declared Gateway, and the routes that are bound to it. */
interface Declared {
    gateway: { namespace: string; name: string };
    /** Hosts, each of which has a listener. */
    hosts: readonly string[];
    routes: readonly { namespace: string; name: string }[];
}

export const gatewayApiStatus = defineSpec({
    name: "gateway-api",
    description:
        "istiod says of every declared Gateway and HTTPRoute of the Gateway API that it has accepted what was last declared, and has found all that it refers to; exactly the declared routes are bound to each Gateway.",
    needs: ["gateway-api"],
    locks: () => [],
    checks: {
        gateways: {
            ids: ["P12"],
            title: "P12 Gateway: accepted and programmed, with exactly the declared routes at every listener",
        },
        routes: {
            ids: ["P12"],
            title: "P12 HTTPRoute: accepted by its Gateway, and every Service that it leads to is found",
        },
    },
    evidence: async (target) => ({
        pods: await target.gatewayPods(),
        objects: declaredObjects(target.config).flatMap(({ gateway, routes }) => [
            { ...gatewayApi.gateway, ...gateway },
            ...[...new Set(routes.map(({ namespace }) => namespace))].map((namespace) => ({
                ...gatewayApi.route,
                namespace,
            })),
        ]),
    }),
    async run({ target, config, check, all, signal }) {
        const declared = declaredObjects(config);
        const action =
            "kubectl get gateways.gateway.networking.k8s.io,httproutes -A -o yaml: read status.conditions; compare with the declared hosts, paths and services";
        const require = async (expected: string, cause: string, problems: () => Promise<Problem[]>): Promise<void> => {
            const found = await settled(problems, signal);
            if (found.length > 0) fail({ expected, seen: grouped(found), cause, action });
        };
        await all(
            () =>
                check("gateways", () =>
                    require("every declared Gateway accepted and programmed, its listeners too, each with the declared number of routes", "the Gateway names a Service that does not lead to the proxies, or a route is bound to another Gateway", async () =>
                        (await Promise.all(declared.map((one) => gatewayProblems(target, one)))).flat()),
                ),
            () =>
                check("routes", () =>
                    require("every declared HTTPRoute accepted by its Gateway, with all its references found", "the route names a Gateway or a Service that is not there", async () =>
                        (await Promise.all(declared.map((one) => routeProblems(target, one)))).flat()),
                ),
        );
    },
});

interface Problem {
    subject: string;
    seen: string;
}

function declaredObjects({ egov, ecommerce, ...config }: PlatformConfig): Declared[] {
    const all = { egov, ecommerce, ...config };
    const services = ecommerce.enabled ? ecommerceServices(all) : [];
    return [
        {
            gateway: { namespace: "istio-system", name: ingressGateway },
            hosts: ["*"],
            routes: egov.enabled ? [{ namespace: egov.namespaces.app, name: helloService }] : [],
        },
        ...(ecommerce.enabled
            ? [
                  {
                      gateway: { namespace: "istio-system", name: ecommerceGateway },
                      hosts: ecommerce.hosts,
                      routes: services.map(({ name }) => ({ namespace: ecommerce.namespace, name })),
                  },
              ]
            : []),
    ];
}

async function gatewayProblems(target: Target, { gateway, hosts, routes }: Declared): Promise<Problem[]> {
    const subject = `Gateway ${gateway.namespace}/${gateway.name}`;
    const found = await read<Gateway>(target, { ...gatewayApi.gateway, ...gateway });
    if (!found) return [{ subject, seen: "is missing" }];
    const listeners = found.status?.listeners ?? [];
    const problems = [
        ...unmet(found, found.status?.conditions, ["Accepted", "Programmed"]),
        ...(listeners.length === hosts.length ? [] : [`${listeners.length} listeners instead of ${hosts.length}`]),
        ...listeners.flatMap(({ name, attachedRoutes, conditions }) => [
            ...unmet(found, conditions, ["Accepted", "Programmed", "ResolvedRefs"]).map((one) => `${name}: ${one}`),
            ...(attachedRoutes === routes.length
                ? []
                : [`${name} has ${attachedRoutes} routes instead of ${routes.length}`]),
        ]),
    ];
    return problems.map((seen) => ({ subject, seen }));
}

async function routeProblems(target: Target, { gateway, routes }: Declared): Promise<Problem[]> {
    const problems = await Promise.all(
        routes.map(async ({ namespace, name }) => {
            const subject = `HTTPRoute ${namespace}/${name}`;
            const found = await read<Route>(target, { ...gatewayApi.route, namespace, name });
            if (!found) return [{ subject, seen: "is missing" }];
            const parent = found.status?.parents?.find(
                ({ parentRef }) =>
                    parentRef.name === gateway.name && (parentRef.namespace ?? namespace) === gateway.namespace,
            );
            const wrong = parent
                ? unmet(found, parent.conditions, ["Accepted", "ResolvedRefs"])
                : [`istiod knows nothing of its Gateway ${gateway.namespace}/${gateway.name}`];
            return wrong.map((seen) => ({ subject, seen }));
        }),
    );
    return problems.flat();
}

const read = <T extends KubernetesObject>(target: Target, reference: ObjectReference & { name: string }) =>
    target.kubernetes.object<T>(reference);

/** The conditions that are not true of what was last declared, with the reason that istiod gives. */
function unmet({ metadata }: KubernetesObject, conditions: readonly Condition[] = [], wanted: string[]): string[] {
    const { generation } = metadata as { generation?: number };
    return wanted.flatMap((type) => {
        const found = conditions.find((condition) => condition.type === type);
        if (!found) return [`not ${type}: istiod has said nothing`];
        if (found.status !== "True") return [`not ${type}: ${found.message ?? "without a reason"}`];
        return found.observedGeneration === generation ? [] : [`${type} is about an earlier declaration`];
    });
}
