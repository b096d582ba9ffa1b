import type { Retries } from "../../../../components/config/traffic";
import { requestsToSee } from "../../statistics/sample-size";
import type { Target } from "../../target/target";
import { headersFor } from "./declared-routes";
import { ecommerceHost, ecommercePods } from "./names";

/** Whether a 500 of the sample app is tried again. */
export function retriesErrors({ attempts, retryOn, codes = [] }: Retries): boolean {
    return attempts > 0 && (retryOn.includes("5xx") || codes.includes(500));
}

/** A resource for {@link Lock}: the errors in a row that the gateway has counted for a service. */
export const gatewayErrors = (service: string): string => `gateway-errors:${service}`;

/**
 * Resets the errors in a row that the gateway has counted: good requests until every pod of the service has answered
 * one. Requests that fail on purpose thus never eject a pod. Gives up where nobody answers with 200.
 */
export async function forgetErrors(target: Target, service: string, path: string): Promise<void> {
    const pods = (await ecommercePods(target, service)).filter(({ readySince }) => readySince);
    const missing = new Set(pods.map(({ name }) => name));
    const host = ecommerceHost(target.config);
    // A canary's candidate gets few of the other requests, but all those of its groups.
    const groups = Object.values(target.config.ecommerce.canaries[service]?.groups ?? {}).slice(0, 1);
    const requests = [{}, ...groups.map(headersFor)].map((headers) => ({ path, host, headers }));
    const limit = requestsToSee(1 / (4 * Math.max(1, pods.length)), { of: Math.max(1, pods.length) });
    for (let sent = 0; missing.size > 0 && sent < limit; sent += pods.length) {
        const sending = requests.map((request) => target.request(request, { count: pods.length }));
        const answers = (await Promise.all(sending)).flat();
        for (const { status, pod } of answers) if (status === 200) missing.delete(pod ?? "");
        if (!answers.some(({ status }) => status === 200)) return;
    }
}
