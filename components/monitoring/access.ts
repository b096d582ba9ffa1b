import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { publishedTools } from "../config/monitoring/access";
import type { PlatformConfig } from "../config/platform";
import { SigningKey } from "../security/signing-key";
import { tokenPolicyObjects } from "../security/token-policy";
import { Gateway, VirtualService, type HttpRouteArgs } from "../traffic";

/** The tools of the monitoring behind one domain. */
export interface MonitoringAccessArgs {
    /** The stack's configuration: which tools there are. */
    config: PlatformConfig;
    /** Labels of the ingress gateway's pods. */
    selector: Readonly<Record<string, string>>;
    /** Namespace of the tools, and what must be there before Istio's objects: namespace and control plane. */
    namespace: string;
    after: readonly pulumi.Resource[];
}

/** Name of all objects. */
const NAME = "monitoring-access";

/** The routes of the domain: one for each tool. Tools do not get the token, which some would take for one of their own. */
export function toolRoutes(config: PlatformConfig): HttpRouteArgs[] {
    return publishedTools(config).map(({ name, path, service, port, cutPrefix }) => ({
        name,
        prefix: path,
        to: { name: service, namespace: config.egov.namespaces.monitoring, port },
        ...(cutPrefix && { cutPrefix }),
        withoutHeaders: ["authorization"],
    }));
}

/**
 * One domain at the ingress gateway leads to the tools of the monitoring (S1). Their paths ask for a token with the declared
 * claim, whatever the host: nobody without one gets through to a tool.
 */
export class MonitoringAccess extends pulumi.ComponentResource {
    /** Everything that was deployed. */
    readonly resources: readonly pulumi.CustomResource[];
    /** The key that signs tokens, in PEM: secret; undefined where somebody else signs them. */
    readonly signingKey: pulumi.Output<string | undefined>;

    constructor(resource: string, args: MonitoringAccessArgs, opts?: pulumi.ComponentResourceOptions) {
        super("istio-platform:monitoring:MonitoringAccess", resource, {}, opts);
        const { config, selector, namespace, after } = args;
        const { host, issuer, audience, claim, keys } = config.monitoring.access!;
        const own = { parent: this, dependsOn: [...after] };
        const [first, ...others] = toolRoutes(config) as [HttpRouteArgs, ...HttpRouteArgs[]];
        const made = keys.source === "generated" ? [new SigningKey(NAME, { parent: this })] : [];
        const keySet = keys.source === "generated" ? { jwks: made[0]!.jwks } : { jwksUri: keys.jwksUri };
        const paths = [first.prefix, ...others.map(({ prefix }) => prefix)] as const;
        const policies = tokenPolicyObjects({
            ...{ name: NAME, selector, issuer, audience, claim, paths, keys: keySet, onlyIssuer: true },
        }).map((object) => new k8s.apiextensions.CustomResource(NAME, object, own));
        const gateway = new Gateway(NAME, { namespace, selector, hosts: [host] }, own);
        // After the policies: without them the tools would be open to everybody.
        const routes = new VirtualService(
            NAME,
            { namespace, gateways: [gateway], routes: [first, ...others] },
            { parent: this, dependsOn: [...after, ...policies] },
        );
        this.resources = [...made, ...policies, gateway, routes];
        this.signingKey = made[0]?.privateKey ?? pulumi.output(undefined);
        this.registerOutputs({});
    }
}
