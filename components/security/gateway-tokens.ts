import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { TokensConfig } from "../config/security";
import { SigningKey } from "./signing-key";
import { tokenPolicyObjects } from "./token-policy";

/** Tokens at the ingress gateway. */
export interface GatewayTokensArgs {
    /** The stack's configuration under `istio-platform:ecommerce.tokens`. */
    config: TokensConfig;
    /** Labels of the gateway's pods. */
    selector: Readonly<Record<string, string>>;
    /** What must be there before Istio's objects: the control plane. */
    mesh: readonly pulumi.Resource[];
}

/** One path of the ingress gateway asks for a token with a claim (S5). */
export class GatewayTokens extends pulumi.ComponentResource {
    /** Everything that was deployed. */
    readonly resources: readonly pulumi.CustomResource[];
    /** The key that signs tokens, in PEM: secret; undefined where somebody else signs them. */
    readonly signingKey: pulumi.Output<string | undefined>;

    constructor(name: string, args: GatewayTokensArgs, opts?: pulumi.ComponentResourceOptions) {
        super("istio-platform:security:GatewayTokens", name, {}, opts);
        const { config, selector, mesh } = args;
        const { issuer, audience, path, claim, keys } = config;
        const made = keys.source === "generated" ? [new SigningKey(name, { parent: this })] : [];
        const keySet = keys.source === "generated" ? { jwks: made[0]!.jwks } : { jwksUri: keys.jwksUri };
        const objects = tokenPolicyObjects({
            name,
            selector,
            issuer,
            audience,
            paths: [path],
            claim,
            keys: keySet,
        }).map((object) => new k8s.apiextensions.CustomResource(name, object, { parent: this, dependsOn: [...mesh] }));
        this.resources = [...made, ...objects];
        this.signingKey = made[0]?.privateKey ?? pulumi.output(undefined);
        this.registerOutputs({});
    }
}
