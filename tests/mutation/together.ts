import type { PlatformConfig } from "../../components/config/platform";
import { mayRed, mustRed, type CheckName } from "./checks";
import type { Mutation } from "./mutation";

/**
 * Mutations that are made at the same time, so that one run of the suite judges all of them. They have no check in common
 * that any of them turns red or may turn red: each is still killed by exactly its own checks. Equivalent changes are only
 * put together with each other, or what they must not turn red could be hidden; those that another suite judges with none,
 * because it kills or slows down what they need.
 *
 * @param size Most mutations at a time.
 */
export function together(mutations: readonly Mutation[], config: PlatformConfig, size: number): Mutation[][] {
    const batches: { members: Mutation[]; checks: Set<CheckName> }[] = [];
    for (const mutation of mutations) {
        const checks = [...mustRed(mutation, config), ...mayRed(mutation)];
        const fitting = batches.find(
            (batch) =>
                batch.members.length < size &&
                batch.members.every((other) => fit(mutation, other, config)) &&
                !checks.some((check) => batch.checks.has(check)),
        );
        if (!fitting) batches.push({ members: [mutation], checks: new Set(checks) });
        else {
            fitting.members.push(mutation);
            for (const check of checks) fitting.checks.add(check);
        }
    }
    return batches.map(({ members }) => members);
}

function fit(one: Mutation, other: Mutation, config: PlatformConfig): boolean {
    const breaks = (mutation: Mutation) => mustRed(mutation, config).size > 0;
    const free = ({ alone, suite }: Mutation) => !alone && (suite ?? "behaviour") === "behaviour";
    return free(one) && free(other) && breaks(one) === breaks(other);
}
