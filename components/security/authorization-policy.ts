import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { SECURITY_API } from "./api";

/** A workload as mutual TLS proves it: a service account of a namespace. */
export interface Identity {
    readonly namespace: string;
    readonly account: string;
}

/** Domain of all identities of the mesh: Istio's default. */
const TRUST_DOMAIN = "cluster.local";

/** Requests that a policy is about: all conditions together. */
export interface AuthorizationRule {
    /**
     * Only requests of these callers.
     * @default any
     */
    from?: readonly Identity[];
}

/** Who may send requests to the pods of a namespace, or of one application in it. */
export interface AuthorizationPolicyArgs {
    /** Namespace of the pods. */
    namespace: string;

    /**
     * Label `app` of the pods.
     * @default all pods of the namespace
     */
    app?: string;

    /** What is let in: a request that a rule of any policy covers. Without rules nothing is. */
    rules: readonly AuthorizationRule[];
}

/** `spec` of an AuthorizationPolicy that allows. A pod with at least one of them refuses, with 403, what none allows. */
export function authorizationPolicySpec({ app, rules }: AuthorizationPolicyArgs) {
    return {
        ...(app && { selector: { matchLabels: { app } } }),
        ...(rules.length > 0 && { action: "ALLOW", rules: rules.map(ruleSpec) }),
    };
}

function ruleSpec({ from }: AuthorizationRule) {
    return { ...(from && { from: [{ source: { principals: from.map(principal) } }] }) };
}

function principal({ namespace, account }: Identity): string {
    return `${TRUST_DOMAIN}/ns/${namespace}/sa/${account}`;
}

/** An AuthorizationPolicy. */
export class AuthorizationPolicy extends k8s.apiextensions.CustomResource {
    constructor(name: string, args: AuthorizationPolicyArgs, opts?: pulumi.CustomResourceOptions) {
        super(
            name,
            {
                apiVersion: SECURITY_API,
                kind: "AuthorizationPolicy",
                metadata: { name, namespace: args.namespace },
                spec: authorizationPolicySpec(args),
            },
            opts,
        );
    }
}
