import { defineSpec } from "../../spec";
import type { Answer, KubernetesObject, Pod, Target } from "../../target/target";
import { describe, fail, grouped } from "../support/answers";
import { mayCall } from "../support/callers";
import {
    applicationPods,
    ecommercePods,
    ecommerceServices,
    gatewayServer,
    ingressGateway,
    security,
} from "../support/names";
import { securityEvidence } from "./evidence";

/** One service calls another one. */
interface Call {
    caller: Pod;
    service: string;
    /** Whether the configuration lets the caller in. */
    allowed: boolean;
    answer: Answer;
}

interface AuthorizationPolicy extends KubernetesObject {
    spec?: {
        selector?: { matchLabels?: Record<string, string> };
        action?: string;
        rules?: { from?: { source?: { principals?: string[] } }[]; to?: unknown; when?: unknown }[];
    };
}

export const authorization = defineSpec({
    name: "ecommerce-authorization",
    description:
        "Every service calls every service, and a pod of another namespace calls all of them: exactly the declared callers are let in, the others get the sidecar's own 403. The policies are the declared ones.",
    needs: ["ecommerce", "sample-app", "authorization"],
    locks: () => [],
    checks: {
        allowed: { ids: ["S4", "C7"], title: "S4 C7 callers: every declared caller gets the service's answer" },
        denied: { ids: ["S4"], title: "S4 others: whoever is not declared gets the sidecar's own 403" },
        policies: {
            ids: ["S4"],
            title: "S4 policies: the namespace denies by default, and each service lets in the declared callers only",
        },
    },
    evidence: securityEvidence,
    async run({ target, config, check, all, progress }) {
        const { namespace } = config.ecommerce;
        const calls = callEachOther();
        // The checks await it; one that was not selected must not leave a rejection behind.
        calls.catch(() => undefined);
        const compare = async (allowed: boolean, isRight: (call: Call) => boolean): Promise<void> => {
            const made = (await calls).filter((call) => call.allowed === allowed);
            const wrong = made.filter((call) => !isRight(call));
            if (wrong.length === 0) return;
            fail({
                expected: allowed
                    ? `200 of a pod in each of ${made.length} declared calls`
                    : `403 of the sidecar itself in each of ${made.length} calls that nobody declares`,
                seen: grouped(
                    wrong.map(({ caller, service, answer }) => ({
                        subject: `${caller.labels["app"]} -> ${service}`,
                        seen: describe(answer),
                    })),
                ),
                cause: "an AuthorizationPolicy is missing, differs from ecommerce.authorization, or a caller runs as another service account",
                action: `kubectl -n ${namespace} get authorizationpolicies -o yaml: compare the principals with ecommerce.authorization.calls`,
            });
        };
        await all(
            () =>
                check("allowed", () =>
                    compare(true, ({ answer }) => answer.status === 200 && answer.pod !== undefined),
                ),
            () =>
                check("denied", () =>
                    compare(false, ({ answer }) => answer.status === 403 && answer.pod === undefined),
                ),
            () => check("policies", () => comparePolicies(target)),
        );

        async function callEachOther(): Promise<Call[]> {
            const services = ecommerceServices(config);
            const callers = await callingPods(target);
            progress(`calls of ${callers.length} workloads to ${services.length} services`);
            const urls = services.map(
                ({ name, path }) =>
                    `http://${name}.${namespace}.svc.cluster.local:${config.ecommerce.servicePort}${path}`,
            );
            const results = await Promise.all(
                callers.map(async (caller) => {
                    const answers = await target.inside(caller, urls);
                    const own = caller.namespace === namespace;
                    return services.map(({ name }, index) => ({
                        caller,
                        service: name,
                        allowed: own && mayCall(config, caller.labels["app"]!, name),
                        answer: answers[index]!,
                    }));
                }),
            );
            return results.flat();
        }
    },
});

/** A ready pod of every service, and one of another namespace of the mesh where there is one. */
async function callingPods(target: Target): Promise<Pod[]> {
    const { config } = target;
    const usable = ({ readySince, sidecar }: Pod) => readySince && sidecar;
    const own = await Promise.all(
        ecommerceServices(config).map(async ({ name }) => {
            const pod = (await ecommercePods(target, name)).find(usable);
            if (!pod) throw new Error(`no pod of ${name} with a sidecar is ready, it could not call`);
            return pod;
        }),
    );
    const foreign = (await applicationPods(target)).find(
        (pod) => pod.labels["app"] === gatewayServer && usable(pod) && pod.namespace !== config.ecommerce.namespace,
    );
    return [...own, ...(foreign ? [foreign] : [])];
}

/** What of the namespace's policies is not as declared: also one that lets in nobody who has called. */
async function comparePolicies(target: Target): Promise<void> {
    const { config } = target;
    const { namespace } = config.ecommerce;
    const found = await target.kubernetes.objects<AuthorizationPolicy>({ ...security.authorizationPolicy, namespace });
    const services = ecommerceServices(config).map(({ name }) => name);
    const declared = new Map([
        ["deny-all", describePolicy({ metadata: { name: "deny-all" }, spec: {} })],
        ...services.map((app): [string, string] => {
            const callers = services.filter((caller) => mayCall(config, caller, app));
            const principals = [`istio-system/sa/${ingressGateway}`, ...callers.map((one) => `${namespace}/sa/${one}`)];
            const from = [{ source: { principals: principals.map((one) => `cluster.local/ns/${one}`) } }];
            const spec = { selector: { matchLabels: { app } }, action: "ALLOW", rules: [{ from }] };
            return [`allow-${app}`, describePolicy({ metadata: { name: app }, spec })];
        }),
    ]);
    const seen = new Map(found.map((policy) => [policy.metadata.name, describePolicy(policy)]));
    const problems = [
        ...[...declared].flatMap(([name, policy]) => {
            if (!seen.has(name)) return [`${name} is missing`];
            return seen.get(name) === policy ? [] : [`${name} is ${seen.get(name)}`];
        }),
        ...[...seen.keys()].filter((name) => !declared.has(name)).map((name) => `${name} is not declared`),
    ];
    if (problems.length === 0) return;
    fail({
        expected: `the AuthorizationPolicies ${[...declared.keys()].join(", ")} in ${namespace} as declared, and no other`,
        seen: problems.join("; "),
        cause: "a policy was changed, added or removed by hand",
        action: `kubectl -n ${namespace} get authorizationpolicies -o yaml; deploy again`,
    });
}

/** A policy in one line; one that allows nothing and one that was written otherwise read the same. */
function describePolicy({ spec = {} }: AuthorizationPolicy): string {
    const { selector, action = "ALLOW", rules = [] } = spec;
    const pods = selector?.matchLabels ? JSON.stringify(selector.matchLabels) : "all pods";
    const sources = rules.map(({ from, ...others }) => {
        const principals = (from ?? []).flatMap(({ source }) => source?.principals ?? []).sort();
        return `${principals.join(", ")}${Object.keys(others).length > 0 ? ` with ${JSON.stringify(others)}` : ""}`;
    });
    return `${action} for ${pods}: ${sources.join(" or ") || "nothing"}`;
}
