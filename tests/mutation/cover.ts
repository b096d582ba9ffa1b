import type { PlatformConfig } from "../../components/config/platform";
import { missing as lacking } from "../verification/features";
import { mustRed } from "./checks";
import type { Mutation } from "./mutation";

/** The ways of breaking a mesh that everybody meets first: always in the selection. */
export const commonMistakes: readonly string[] = [
    "service-selector-label",
    "args-missing",
    "route-without-gateway",
    "route-host",
    "route-destination-port",
    "rule-hello-removed",
    "outlier-detection-off",
    "retries-off",
    "sidecar-missing",
    "istiod-stopped",
    "error-pod-healthy",
];

/**
 * A small selection of mutations for tests whose time is limited: the common mistakes, every equivalent change, and as
 * few more as turn every check red which any mutation does that the environment can have. Taken greedily, so not always the smallest one.
 */
export function cover(all: readonly Mutation[], config: PlatformConfig): Mutation[] {
    const mutations = all.filter(({ needs }) => lacking(needs, config) === undefined);
    const reds = new Map(mutations.map((mutation) => [mutation, [...mustRed(mutation, config)]]));
    const missing = new Set([...reds.values()].flat());
    const chosen = new Set<Mutation>();
    const choose = (mutation: Mutation) => {
        chosen.add(mutation);
        for (const check of reds.get(mutation)!) missing.delete(check);
    };
    const gain = (mutation: Mutation) => reds.get(mutation)!.filter((check) => missing.has(check)).length;
    for (const mutation of mutations)
        if (reds.get(mutation)!.length === 0 || commonMistakes.includes(mutation.name)) choose(mutation);
    while (missing.size > 0) choose(mutations.reduce((best, other) => (gain(other) > gain(best) ? other : best)));
    return mutations.filter((mutation) => chosen.has(mutation));
}
