import type { PlatformConfig } from "../../../../components/config/platform";
import { allowedCallers } from "./callers";
import { ecommerceServices, ingressGateway } from "./names";

/** Who may connect to whom in the pod network, by what the configuration says about calls (S6). */

/** Whether pods with the label `app` of a namespace are declared to call those of a system's namespace. */
export function mayConnect(config: PlatformConfig, caller: { namespace: string; app: string }, to: string): boolean {
    const { egov, ecommerce, study, mesh } = config;
    const { app, infra } = egov.namespaces;
    if (caller.namespace === "istio-system") return caller.app === ingressGateway && to !== infra;
    if (mesh.networkPolicies?.admitted[to]?.includes(caller.namespace)) return true;
    switch (to) {
        case app:
            return caller.namespace === infra;
        case infra:
            return caller.namespace === app;
        case ecommerce.namespace:
            return caller.namespace === to && servicesCall(config);
        case study.namespace:
            return caller.namespace === to;
        default:
            return false;
    }
}

/** Whether any e-commerce service may call another one. */
function servicesCall(config: PlatformConfig): boolean {
    return ecommerceServices(config).some(({ name }) => allowedCallers(config, name).length > 0);
}
