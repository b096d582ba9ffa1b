import { when, type Finding } from "./finding";
import type { PlatformConfig } from "./platform";

/** What only whoever makes a kind cluster can decide, said of one that somebody else has made. */
export function adoptionProblems({ cluster }: PlatformConfig): Finding[] {
    if (cluster.kind !== "kind" || !cluster.adopt) return [];
    const given = (key: string, isGiven: boolean) =>
        when(isGiven, [
            `cluster.${key}`,
            "is decided when a cluster is made, and cluster.adopt takes one that is there; leave it out, or leave out cluster.adopt",
        ]);
    return [
        ...given("nodeImage", cluster.nodeImage !== undefined),
        ...given("registryMirrors", Object.keys(cluster.registryMirrors).length > 0),
    ];
}
