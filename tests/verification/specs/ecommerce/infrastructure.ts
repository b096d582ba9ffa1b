import { defineSpec } from "../../spec";
import type { KubernetesObject, Pod } from "../../target/target";
import { fail } from "../support/answers";
import {
    apps,
    core,
    ecommerceGateway,
    ecommerceGatewayReference,
    ecommerceServices,
    entranceKinds,
    ingressGateway,
    istio,
} from "../support/names";
import { ecommercePodEvidence } from "./evidence";

interface Service extends KubernetesObject {
    spec?: { type?: string; ports?: { port: number; nodePort?: number }[] };
    status?: { loadBalancer?: { ingress?: unknown[] } };
}

interface Deployment extends KubernetesObject {
    spec?: { replicas?: number };
    status?: { readyReplicas?: number; updatedReplicas?: number };
}

export const infrastructure = defineSpec({
    name: "ecommerce-infrastructure",
    description: "The objects of the e-commerce system exist, and everything that should run is ready.",
    needs: ["ecommerce"],
    locks: () => [],
    checks: {
        objects: {
            ids: ["C5"],
            title: "C5 test 1, infrastructure: pods run, Services, their routes, DestinationRules and Gateway exist",
        },
    },
    evidence: async (target) => {
        const { namespace } = target.config.ecommerce;
        const scope = await ecommercePodEvidence(target);
        return { ...scope, objects: [...(scope.objects ?? []), { ...apps.deployment, namespace }] };
    },
    async run({ target, config, check }) {
        await check("objects", async () => {
            const { namespace, servicePort } = config.ecommerce;
            const services = ecommerceServices(config);
            const { kubernetes } = target;
            const { route } = entranceKinds(config);
            const named = async <T extends KubernetesObject>(kind: { apiVersion: string; kind: string }) =>
                new Map((await kubernetes.objects<T>({ ...kind, namespace })).map((one) => [one.metadata.name, one]));
            const [pods, gatewayPods, deployments, entrances, routes, rules, gateway, gatewayServices] =
                await Promise.all([
                    kubernetes.pods(namespace),
                    kubernetes.pods("istio-system", { istio: "ingressgateway" }),
                    named<Deployment>(apps.deployment),
                    named<Service>(core.service),
                    named(route),
                    named(istio.destinationRule),
                    kubernetes.object(ecommerceGatewayReference(config)),
                    kubernetes.objects<Service>({ ...core.service, namespace: "istio-system" }),
                ]);
            const problems = services.flatMap(({ name, versions }) => {
                return [
                    ...versions.flatMap(({ deployment, replicas }) => {
                        const { spec, status } = deployments.get(deployment) ?? {};
                        return [
                            spec?.replicas !== replicas &&
                                `Deployment ${deployment}: ${spec?.replicas ?? "none"} replicas`,
                            status?.readyReplicas !== replicas &&
                                `Deployment ${deployment}: ${status?.readyReplicas ?? 0} ready`,
                        ];
                    }),
                    !entrances.get(name)?.spec?.ports?.some(({ port }) => port === servicePort) &&
                        `no Service ${name} with port ${servicePort}`,
                    !routes.has(name) && `no ${route.kind} ${name}`,
                    !rules.has(name) && `no DestinationRule ${name}`,
                ].filter((problem) => problem !== false);
            });
            problems.push(...[...pods, ...gatewayPods].flatMap(podProblem));
            if (gatewayPods.length === 0) problems.push("no pod of the ingress gateway");
            if (!gateway) problems.push(`no Gateway ${ecommerceGateway}`);
            problems.push(...entranceProblems(gatewayServices, config.mesh.ingressGateway));
            if (problems.length === 0) return;
            fail({
                expected: `${services.length} services with their declared ready pods, a Service, a ${route.kind} and a DestinationRule; one Gateway; an entrance of type ${config.mesh.ingressGateway.serviceType}`,
                seen: problems.join("; "),
                cause: "something was removed or changed after the deployment, or pods do not start",
                action: `kubectl -n ${namespace} get pods,services,${route.kind},destinationrules,gateways; deploy again`,
            });
        });
    },
});

function podProblem(pod: Pod): string[] {
    if (pod.phase === "Succeeded") return [];
    const waiting = pod.containers.filter(({ ready }) => !ready);
    if (pod.phase === "Running" && waiting.length === 0) return [];
    const reasons = waiting.map(({ name, reason }) => `${name} ${reason ?? "not ready"}`).join(", ");
    return [`pod ${pod.name} ${pod.phase}${reasons && ` (${reasons})`}`];
}

function entranceProblems(
    services: readonly Service[],
    { serviceType, nodePorts }: { serviceType: string; nodePorts: { egov: number; http: number; https: number } },
): string[] {
    const entrance = services.find(({ metadata }) => metadata.name === ingressGateway);
    if (!entrance) return [`no Service ${ingressGateway} in istio-system`];
    if (entrance.spec?.type !== serviceType)
        return [`Service ${ingressGateway} has the type ${entrance.spec?.type} instead of ${serviceType}`];
    if (serviceType === "LoadBalancer")
        return entrance.status?.loadBalancer?.ingress?.length ? [] : [`Service ${ingressGateway} has no address yet`];
    const open = services.flatMap(({ spec }) => spec?.ports?.map(({ nodePort }) => nodePort) ?? []);
    return Object.values(nodePorts)
        .filter((port) => !open.includes(port))
        .map((port) => `no Service in istio-system has the node port ${port}`);
}
