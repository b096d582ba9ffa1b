import { z } from "zod";
import { rules } from "../../policy/rules";
import { ENVIRONMENTS, type Environment } from "../../policy/settings";
import type { ClusterConfig } from "./cluster";
import { day } from "./units";

/** What the stack decides about the policy rules (docs/policy.md). */

const ruleIds = rules.map(({ id }) => id);

const exemption = z.strictObject({
    rule: z.enum(ruleIds).describe("Id of the rule (docs/policy.md)"),
    resource: z
        .string()
        .regex(
            /^[^/]+\/.+$/,
            'an object as the violation names it, such as "Deployment/shop/web" or "Deployment/shop/*"',
        )
        .describe("Objects that the rule overlooks, as its violations name them; `*` stands for any characters"),
    reason: z.string().trim().min(20).describe("Why it is right to overlook them"),
    expires: day.describe("Last day on which the exemption holds; afterwards it is a violation itself"),
});

export const policy = z.strictObject({
    environment: z
        .enum(ENVIRONMENTS)
        .optional()
        .describe("How strict the rules are. Default: local for an embedded cluster, dev for kind, prod for EKS"),
    exemptions: z.array(exemption).default([]).describe("What the rules overlook, for how long and why"),
});
export type PolicyConfig = z.infer<typeof policy>;

const ENVIRONMENT_OF = { embedded: "local", kind: "dev", eks: "prod" } as const satisfies Record<
    ClusterConfig["kind"],
    Environment
>;

/** The environment by whose levels the rules are applied. */
export function environmentOf({ policy, cluster }: { policy: PolicyConfig; cluster: ClusterConfig }): Environment {
    return policy.environment ?? ENVIRONMENT_OF[cluster.kind];
}
