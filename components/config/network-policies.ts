import { z } from "zod";
import type { ClusterConfig } from "./cluster";
import { dnsLabel } from "./units";

/** Which namespaces may reach one another in the pod network (S6). Who calls whom is declared elsewhere: see there. */
export const networkPolicies = z.strictObject({
    admitted: z
        .record(dnsLabel, z.array(dnsLabel).min(1))
        .default({})
        .describe(
            "Namespace of a system -> further namespaces of the systems that reach its pods, beside those that call it; whom of them it answers is then its authorization's matter. Default: none",
        ),
});
export type NetworkPoliciesConfig = z.infer<typeof networkPolicies>;

/** Whether a cluster enforces NetworkPolicies, or why it does not. */
export function enforcesNetworkPolicies(cluster: ClusterConfig): true | string {
    switch (cluster.kind) {
        case "embedded":
            return cluster.networkPolicies || "cluster.networkPolicies is false: nobody enforces them";
        case "kind":
            return true; // its own network plugin does
        case "eks":
            return true; // its network add-on is told to
    }
}
