import type { EvidenceScope } from "../../spec";
import type { Target } from "../../target/target";
import { core, entranceKinds, gatewayServer, helloPods, helloService, ingressGateway, istio } from "../support/names";

/** What explains a failure on the way from the ingress gateway to egov-hello. */
export async function helloEvidence(target: Target): Promise<EvidenceScope> {
    const namespace = target.config.egov.namespaces.app;
    const entrance = entranceKinds(target.config);
    const [gateways, pods] = await Promise.all([target.gatewayPods(), helloPods(target)]);
    return {
        pods: [...gateways, ...pods],
        clusters: [helloService],
        objects: [
            { ...entrance.route, namespace },
            { ...istio.destinationRule, namespace },
            { ...entrance.gateway, namespace: "istio-system", name: ingressGateway },
            { ...core.service, namespace, name: helloService },
        ],
    };
}

/** What explains a failure on the way from gateway-server to egov-hello. */
export async function gatewayServerEvidence(target: Target): Promise<EvidenceScope> {
    const scope = await helloEvidence(target);
    const servers = await target.kubernetes.pods(target.config.egov.namespaces.infra, { app: gatewayServer });
    return { ...scope, pods: [...servers, ...(await helloPods(target))] };
}
