import type { PlatformConfig } from "../../../../components/config/platform";
import { defineSpec } from "../../spec";
import type { Answer } from "../../target/target";
import { describe, fail, grouped, text } from "../support/answers";
import { ecommerceHost, ecommercePods, ecommerceServices, ingressGateway, type ServiceVersion } from "../support/names";
import { ecommerceEvidence } from "./evidence";

/** The documents' checks by hand: one request a service, the text of the answer compared. */

interface Result {
    name: string;
    path: string;
    versions: readonly ServiceVersion[];
    answer: Answer;
}

export const insideAccess = defineSpec({
    name: "ecommerce-inside-access",
    description: "A pod inside the cluster reaches each service through the ingress gateway's Service.",
    needs: ["ecommerce", "sample-app"],
    locks: () => [],
    checks: {
        texts: {
            ids: ["C5"],
            title: "C5 test 4, access from inside: each service answers its text through the gateway's Service",
        },
    },
    evidence: ecommerceEvidence,
    async run({ target, config, check }) {
        await check("texts", async () => {
            const services = ecommerceServices(config);
            const callers = (await Promise.all(services.map(({ name }) => ecommercePods(target, name)))).flat();
            const caller = callers.find(({ readySince }) => readySince);
            if (!caller) throw new Error(`no pod is ready in ${config.ecommerce.namespace}, nobody could call`);
            const origin = `http://${ingressGateway}.istio-system.svc.cluster.local`;
            const host = ecommerceHost(config);
            const results = await Promise.all(
                services.map(async (service) => ({
                    ...service,
                    answer: (await target.inside(caller, `${origin}${service.path}`, { host }))[0]!,
                })),
            );
            compare(results, `called from ${caller.name} through ${origin} with Host ${host}`, config);
        });
    },
});

export const outsideAccess = defineSpec({
    name: "ecommerce-outside-access",
    description: "A client outside the cluster reaches each service through the gateway's address.",
    needs: ["ecommerce"],
    locks: () => [],
    checks: {
        texts: {
            ids: ["C5"],
            title: "C5 test 5, access from outside: each service answers its text at the gateway's address",
        },
    },
    evidence: ecommerceEvidence,
    async run({ target, config, check }) {
        await check("texts", async () => {
            const host = ecommerceHost(config);
            const results = await Promise.all(
                ecommerceServices(config).map(async (service) => ({
                    ...service,
                    answer: (await target.request({ path: service.path, host }))[0]!,
                })),
            );
            const { address, port } = target.gateway;
            compare(results, `called from outside at ${address}:${port} with Host ${host}`, config);
        });
    },
});

function compare(results: readonly Result[], how: string, config: PlatformConfig): void {
    const wrong = results.filter(
        ({ answer, versions }) => answer.status !== 200 || !versions.some(({ response }) => text(answer) === response),
    );
    if (wrong.length === 0) return;
    fail({
        expected: `200 with the declared text from each of ${results.length} services, ${how}`,
        seen: grouped(
            wrong.map(({ path, answer }) => ({
                subject: path,
                seen: `${describe(answer)}${answer.body && ` "${text(answer).slice(0, 120)}"`}`,
            })),
        ),
        cause: wrong.every(({ answer }) => answer.error !== undefined)
            ? "nothing listens at the gateway: no Gateway selects its proxy, or its pod or Service is missing"
            : "404: VirtualService without its gateway, or with other hosts or prefix; 503: no endpoints; another text: wrong destination or arguments",
        action: `kubectl -n ${config.ecommerce.namespace} get virtualservices,gateways,endpointslices -o yaml; the saved routes are what the gateway has`,
    });
}
