import * as pulumi from "@pulumi/pulumi";
import type { Calls } from "../config/security";
import { INGRESS_GATEWAY, ISTIO_NAMESPACE } from "../mesh";
import { AuthorizationPolicy, type AuthorizationPolicyArgs, type Identity } from "./authorization-policy";

/** Who may call the services of a namespace. */
export interface ServiceAuthorizationArgs {
    /** Namespace of the services; each runs as the service account of its own name. */
    namespace: string;
    /** Names of all services. */
    services: readonly string[];
    /** Which service may call which. */
    calls: Calls;
}

/**
 * Deny by default (S4): a policy without rules refuses everything in the namespace, and one a service lets in the ingress
 * gateway and the declared callers.
 */
export class ServiceAuthorization extends pulumi.ComponentResource {
    /** Everything that was deployed. */
    readonly resources: readonly pulumi.CustomResource[];

    constructor(
        name: string,
        args: ServiceAuthorizationArgs & { dependsOn: readonly pulumi.Resource[] },
        opts?: pulumi.ComponentResourceOptions,
    ) {
        super("istio-platform:security:ServiceAuthorization", name, {}, opts);
        const { allow, denyAll } = servicePolicies(args);
        const allowing = Object.entries(allow).map(
            ([policy, spec]) => new AuthorizationPolicy(policy, spec, { parent: this, dependsOn: [...args.dependsOn] }),
        );
        // Last, so that a running system loses no request while the policies arrive.
        const denying = new AuthorizationPolicy("deny-all", denyAll, { parent: this, dependsOn: allowing });
        this.resources = [...allowing, denying];
        this.registerOutputs({});
    }
}

/** The policies: name -> what it lets in. */
export function servicePolicies({ namespace, services, calls }: ServiceAuthorizationArgs) {
    const gateway: Identity = { namespace: ISTIO_NAMESPACE, account: INGRESS_GATEWAY };
    const callersOf = (service: string): Identity[] =>
        services
            .filter((caller) => calls[caller] === "all" || calls[caller]?.includes(service))
            .map((account) => ({ namespace, account }));
    const allow = services.map((app): [string, AuthorizationPolicyArgs] => [
        `allow-${app}`,
        { namespace, app, rules: [{ from: [gateway, ...callersOf(app)] }] },
    ]);
    const denyAll: AuthorizationPolicyArgs = { namespace, rules: [] };
    return { allow: Object.fromEntries(allow), denyAll };
}
