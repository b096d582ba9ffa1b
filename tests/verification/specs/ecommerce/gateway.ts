import { defineSpec } from "../../spec";
import type { EnvoyRoute, KubernetesObject } from "../../target/target";
import { fail, names } from "../support/answers";
import {
    clustersOf,
    ecommerceGateway,
    ecommerceHost,
    ecommerceServices,
    ingressGateway,
    istio,
    leadsTo,
} from "../support/names";
import { ecommerceEvidence } from "./evidence";

interface Gateway extends KubernetesObject {
    spec?: {
        selector?: Record<string, string>;
        servers?: { port?: { number?: number; protocol?: string }; hosts?: string[] }[];
    };
}

export const gateway = defineSpec({
    name: "ecommerce-gateway",
    description:
        "The Gateway selects the ingress gateway's pods, opens HTTP port 80 for the declared hosts, and Envoy in those pods listens for it.",
    needs: ["ecommerce"],
    locks: () => [],
    checks: {
        settings: {
            ids: ["C5"],
            title: "C5 test 8, Gateway: it selects the ingress gateway's pods and declares port 80 and the hosts",
        },
        listener: {
            ids: ["C5"],
            title: "C5 test 8, Gateway: Envoy in the gateway's pods listens for the declared hosts",
        },
    },
    evidence: ecommerceEvidence,
    async run({ target, config, check, all }) {
        const { namespace, hosts } = config.ecommerce;
        const clusters = ecommerceServices(config).flatMap((service) => clustersOf(config, service));
        const leadsToServices = ({ routes }: { routes?: EnvoyRoute[] }): boolean =>
            routes?.some((route) => leadsTo(route, clusters)) ?? false;
        const action = `kubectl -n ${namespace} get gateway ${ecommerceGateway} -o yaml; kubectl -n istio-system get pods,services -l istio=ingressgateway --show-labels`;
        await all(
            () =>
                check("settings", async () => {
                    const problems: string[] = [];
                    const found = await target.kubernetes.object<Gateway>({
                        ...istio.gateway,
                        namespace,
                        name: ecommerceGateway,
                    });
                    const selector = found?.spec?.selector ?? {};
                    if (!found) problems.push("there is no such Gateway");
                    else if (selector["istio"] !== "ingressgateway")
                        problems.push(`its selector is ${JSON.stringify(selector)}`);
                    else {
                        const pods = await target.kubernetes.pods("istio-system", selector);
                        if (!pods.some(({ readySince }) => readySince))
                            problems.push(`its selector finds no ready pod (${names(pods)})`);
                    }
                    const server = found?.spec?.servers?.find(({ port }) => port?.number === 80);
                    if (found && server?.port?.protocol?.toUpperCase() !== "HTTP")
                        problems.push("it has no HTTP server on port 80");
                    // A host may be written as <namespace>/<host>.
                    const declared = (server?.hosts ?? []).map((host) => host.replace(/^.*\//, ""));
                    const lacking = hosts.filter((host) => !declared.includes(host));
                    if (server && lacking.length > 0) problems.push(`it lacks the hosts ${lacking.join(", ")}`);
                    if (problems.length === 0) return;
                    fail({
                        expected: `Gateway ${namespace}/${ecommerceGateway} with selector istio=ingressgateway, HTTP on port 80 for ${hosts.join(", ")}`,
                        seen: problems.join("; "),
                        cause: "the Gateway was changed or removed, or the gateway's pods lost their label",
                        action,
                    });
                }),
            () =>
                check("listener", async () => {
                    const gateways = await target.gatewayPods();
                    const host = ecommerceHost(config);
                    const problems = (
                        await Promise.all(
                            gateways.map(async (pod) => {
                                const routes = await target.proxy(pod).routes();
                                const http = routes.filter(({ name }) => name === "http.80" || name === "http.8080");
                                // Other systems share the port: only what leads to the services counts.
                                const domains = http.flatMap(({ virtual_hosts: virtualHosts }) =>
                                    (virtualHosts ?? []).filter(leadsToServices).flatMap(({ domains }) => domains),
                                );
                                const lacking = hosts.filter((one) => !domains.some((domain) => covers(domain, one)));
                                if (http.length === 0) return `${pod.name} has no routes for HTTP port 80`;
                                return lacking.length > 0 ? `${pod.name} lacks the hosts ${lacking.join(", ")}` : [];
                            }),
                        )
                    ).flat();
                    if (problems.length === 0 && gateways.length > 0) return;
                    fail({
                        expected: `every pod of ${ingressGateway} has routes of HTTP port 80 to the services for ${hosts.join(", ")} (for example ${host})`,
                        seen: problems.join("; ") || "there is no gateway pod",
                        cause: "no Gateway selects the pod, or no VirtualService is bound to the Gateway",
                        action,
                    });
                }),
        );
    },
});

/** Whether requests for `host` fall under a domain of a virtual host in Envoy. */
function covers(domain: string, host: string): boolean {
    return domain === "*" || domain === host || (domain.startsWith("*.") && host.endsWith(domain.slice(1)));
}
