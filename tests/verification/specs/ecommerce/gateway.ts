import type { Routing } from "../../../../components/config/mesh";
import { defineSpec } from "../../spec";
import type { EnvoyRoute, KubernetesObject } from "../../target/target";
import { fail, names } from "../support/answers";
import {
    clustersOf,
    ecommerceGatewayReference,
    ecommerceHost,
    ecommerceServices,
    ingressGateway,
    leadsTo,
} from "../support/names";
import { ecommerceEvidence } from "./evidence";

/** A Gateway of Istio. */
interface IstioGateway extends KubernetesObject {
    spec?: {
        selector?: Record<string, string>;
        servers?: { port?: { number?: number; protocol?: string }; hosts?: string[] }[];
    };
}

/** A Gateway of the Gateway API (P12). */
interface ApiGateway extends KubernetesObject {
    spec?: {
        addresses?: { type?: string; value?: string }[];
        listeners?: { port?: number; protocol?: string; hostname?: string }[];
    };
}

/** What either says: the proxies by their labels, and the ports that are opened. */
interface Settings {
    /** Undefined: it names no proxies of the ingress gateway. */
    selector: Readonly<Record<string, string>> | undefined;
    /** How it names them, for messages. */
    named: string;
    servers: { port?: number; protocol?: string; hosts: string[] }[];
}

const proxyLabels = { istio: "ingressgateway" };

const readers: Record<Routing, (found: KubernetesObject) => Settings> = {
    istio: ({ spec }: IstioGateway) => ({
        selector: spec?.selector?.["istio"] === proxyLabels.istio ? spec.selector : undefined,
        named: `its selector is ${JSON.stringify(spec?.selector ?? {})}`,
        servers: (spec?.servers ?? []).map(({ port, hosts = [] }) => ({
            port: port?.number,
            protocol: port?.protocol,
            // A host may be written as <namespace>/<host>.
            hosts: hosts.map((host) => host.replace(/^.*\//, "")),
        })),
    }),
    "gateway-api": ({ spec }: ApiGateway) => ({
        selector: spec?.addresses?.some(({ value = "" }) => value.split(".")[0] === ingressGateway)
            ? proxyLabels
            : undefined,
        named: `its addresses are ${JSON.stringify(spec?.addresses ?? [])}`,
        // A listener is for one host; without one for every host.
        servers: (spec?.listeners ?? []).map(({ port, protocol, hostname = "*" }) => ({
            port,
            protocol,
            hosts: [hostname],
        })),
    }),
};

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
        const { hosts } = config.ecommerce;
        const clusters = ecommerceServices(config).flatMap((service) => clustersOf(config, service));
        const leadsToServices = ({ routes }: { routes?: EnvoyRoute[] }): boolean =>
            routes?.some((route) => leadsTo(route, clusters)) ?? false;
        const reference = ecommerceGatewayReference(config);
        const name = `${reference.namespace}/${reference.name}`;
        const action = `kubectl -n ${reference.namespace} get gateway ${reference.name} -o yaml; kubectl -n istio-system get pods,services -l istio=ingressgateway --show-labels`;
        await all(
            () =>
                check("settings", async () => {
                    const problems: string[] = [];
                    const found = await target.kubernetes.object(reference);
                    const settings = found && readers[config.mesh.routing](found);
                    if (!settings) problems.push("there is no such Gateway");
                    else if (!settings.selector) problems.push(settings.named);
                    else {
                        const pods = await target.kubernetes.pods("istio-system", settings.selector);
                        if (!pods.some(({ readySince }) => readySince))
                            problems.push(`its selector finds no ready pod (${names(pods)})`);
                    }
                    const servers = (settings?.servers ?? []).filter(
                        ({ port, protocol }) => port === 80 && protocol?.toUpperCase() === "HTTP",
                    );
                    if (settings && servers.length === 0) problems.push("it has no HTTP server on port 80");
                    const declared = servers.flatMap((server) => server.hosts);
                    const lacking = hosts.filter((host) => !declared.includes(host));
                    if (servers.length > 0 && lacking.length > 0)
                        problems.push(`it lacks the hosts ${lacking.join(", ")}`);
                    if (problems.length === 0) return;
                    fail({
                        expected: `Gateway ${name} at the pods with the label istio=ingressgateway, HTTP on port 80 for ${hosts.join(", ")}`,
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
                        cause: "no Gateway selects the pod, or no route is bound to the Gateway",
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
