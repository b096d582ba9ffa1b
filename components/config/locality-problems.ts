import { when, type Finding } from "./finding";
import type { ClientProfile, StudyConfig } from "./study";

/** T9: what Istio would accept and never do, because nobody is where the policy looks. */

/** Zones of the pods that a profile selects; undefined is that of a node, which may be any. */
type Zones = ReadonlySet<string | undefined>;

export function localityProblems({ simpleWeb, simpleBackend: { profiles, versions } }: StudyConfig): Finding[] {
    return Object.entries(profiles).flatMap(([name, profile]): Finding[] => {
        const at = `study.simpleBackend.profiles.${name}`;
        const own = profile.version === undefined ? Object.values(versions) : [versions[profile.version]];
        const zones = new Set(own.map((version) => version?.zone));
        if (profile.locality === undefined) return [];
        if (profile.locality === "failover") return failoverProblems(at, profile, simpleWeb.zone, zones);
        return distributionProblems(`${at}.locality.distribute`, profile.locality.distribute, simpleWeb.zone, zones);
    });
}

function failoverProblems(at: string, { outlierDetection }: ClientProfile, caller: string, zones: Zones): Finding[] {
    return [
        ...when(outlierDetection === undefined, [
            at,
            "failover wants outlierDetection: without it Istio prefers no zone, since nothing would tell that its pods fail",
        ]),
        ...when(!mayHold(zones, caller), [
            `${at}.locality`,
            `no pod is in ${caller}, the zone of the caller (study.simpleWeb.zone): there is nothing to prefer; pods are in: ${listed(zones)}`,
        ]),
        ...when(zones.has(caller) && zones.size === 1, [
            `${at}.locality`,
            `all pods are in ${caller}: there is nothing to fail over to`,
        ]),
    ];
}

function distributionProblems(
    at: string,
    distribute: Readonly<Record<string, Readonly<Record<string, number>>>>,
    caller: string,
    zones: Zones,
): Finding[] {
    const shared = Object.entries(distribute).flatMap(([from, to]): Finding[] => {
        const total = Object.values(to).reduce((sum, share) => sum + share, 0);
        return [
            ...when(total !== 100, [`${at}.${from}`, `the shares add up to ${total}, they must add up to 100`]),
            ...Object.keys(to)
                .filter((zone) => !mayHold(zones, zone))
                .map((zone): Finding => [
                    `${at}.${from}.${zone}`,
                    `no pod is in ${zone}: its share would go to the others; pods are in: ${listed(zones)}`,
                ]),
        ];
    });
    return [
        ...when(!(caller in distribute), [
            at,
            `nothing is said for ${caller}, the zone of the caller (study.simpleWeb.zone): the shares would never act`,
        ]),
        ...shared,
    ];
}

/** Whether a pod can be in a zone. */
const mayHold = (zones: Zones, zone: string): boolean => zones.has(zone) || zones.has(undefined);

const listed = (zones: Zones): string => [...zones].join(", ");
