import type { PlatformConfig } from "../../components/config/platform";
import { suites } from "../verification/specs";
import type { CheckSet, Mutation } from "./mutation";

/** The suite's checks by spec and key, and their titles, by which reports name them. */

/** `egov-route/prefix`. */
export type CheckName = string;

const titles = new Map<CheckName, string>(
    Object.values(suites)
        .flat()
        .flatMap((spec) => Object.entries(spec.checks).map(([key, { title }]) => [`${spec.name}/${key}`, title])),
);
const names = new Map([...titles].map(([name, title]) => [title, name]));

/**
 * The names of a set of checks.
 *
 * @throws Error naming every check that the suite does not have.
 */
export function namesOf(set: CheckSet): Set<CheckName> {
    const all = Object.entries(set).flatMap(([spec, keys]) => keys.map((key) => `${spec}/${key}`));
    const unknown = all.filter((name) => !titles.has(name));
    if (unknown.length > 0)
        throw new Error(
            `the verification suite has no check ${unknown.join(", ")}; it has: ${[...titles.keys()].join(", ")}`,
        );
    return new Set(all);
}

/** The checks that a mutation has to turn red. */
export function mustRed({ expectRed }: Mutation, config: PlatformConfig): Set<CheckName> {
    return namesOf(typeof expectRed === "function" ? expectRed(config) : expectRed);
}

/** The checks that it may turn red. */
export function mayRed(mutation: Mutation): Set<CheckName> {
    return namesOf(mutation.mayRed ?? {});
}

/** The name of the check with a title of a report. */
export function nameOf(title: string): CheckName {
    const name = names.get(title);
    if (name === undefined) throw new Error(`the report has a check that the suite does not have: "${title}"`);
    return name;
}

/** The names of all checks, in the order of the report. */
export const checkNames = (): CheckName[] => [...titles.keys()];
