import * as pulumi from "@pulumi/pulumi";
import type { PlatformConfig } from "./config/platform";
import { environmentOf } from "./config/policy";

/**
 * What the policy pack has to know of the stack's configuration: it sees resources alone, so this is one. The pack reads
 * which environment it is and what its rules overlook (docs/policy.md).
 */
export class PolicySettings extends pulumi.ComponentResource {
    constructor(
        name: string,
        config: Pick<PlatformConfig, "policy" | "cluster">,
        opts?: pulumi.ComponentResourceOptions,
    ) {
        const settings = { environment: environmentOf(config), exemptions: config.policy.exemptions };
        super("istio-platform:policy:Settings", name, settings, opts);
        this.registerOutputs(settings);
    }
}
