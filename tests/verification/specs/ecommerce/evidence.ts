import type { EvidenceScope } from "../../spec";
import type { Target } from "../../target/target";
import {
    applicationPods,
    core,
    ecommerceGatewayReference,
    ecommerceServices,
    entranceKinds,
    istio,
} from "../support/names";

/** What explains a failure on the way from the ingress gateway to the e-commerce services. */
export async function ecommerceEvidence(target: Target): Promise<EvidenceScope> {
    const { namespace } = target.config.ecommerce;
    const { route } = entranceKinds(target.config);
    return {
        pods: await target.gatewayPods(),
        clusters: ecommerceServices(target.config).map(({ name }) => name),
        objects: [
            { ...route, namespace },
            { ...istio.destinationRule, namespace },
            ecommerceGatewayReference(target.config),
            { ...core.service, namespace },
        ],
    };
}

/** The same with every pod of the services. */
export async function ecommercePodEvidence(target: Target): Promise<EvidenceScope> {
    const { namespace } = target.config.ecommerce;
    const scope = await ecommerceEvidence(target);
    const pods = (await applicationPods(target)).filter((pod) => pod.namespace === namespace);
    return { ...scope, pods };
}
