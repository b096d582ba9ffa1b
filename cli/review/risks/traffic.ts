import { readDuration } from "../../../policy/model/duration";
import type { Field } from "../../../policy/model/field";
import { selects } from "../../../policy/model/labels";
import { isKnown } from "../../../policy/model/unknown";
import type { Side } from "../side";
import { differing, type Facts, type RiskRule } from "./risk";

/** E5, C4: ejection may leave nobody to answer. */
export const emptyPool: RiskRule = {
    id: "ejection-empties-pool",
    title: "How many pods outlier detection may eject at once",
    *check(base, change) {
        for (const { object, before, after } of differing(ejections(base), ejections(change))) {
            if (after.left > 0 || (before && before.left <= 0)) continue;
            yield {
                severity: "medium",
                object,
                text: `outlier detection may eject all ${after.pods} pods of ${after.of} at once (maxEjectionPercent ${after.percent}): every request is answered 503 until one returns`,
            };
        }
    },
};

interface Ejection {
    readonly of: string;
    readonly pods: number;
    readonly percent: number;
    readonly left: number;
}

function ejections({ mesh }: Side): Facts<Ejection> {
    const facts = new Map<string, Ejection>();
    for (const rule of mesh.destinationRules) {
        if (rule.resolution.status !== "service") continue;
        const { service } = rule.resolution;
        for (const { field, subset } of rule.trafficPolicies) {
            const detection = field.get("outlierDetection");
            if (!detection.isSet) continue;
            const workloads = service.endpoints.filter(
                (one) => !subset || selects(subset.labels, one.labels) === "yes",
            );
            const pods = workloads.reduce((sum, { replicas }) => sum + (isKnown(replicas) ? replicas : NaN), 0);
            const percent = detection.get("maxEjectionPercent").number() ?? 10;
            const health = detection.get("minHealthPercent").number() ?? 0;
            if (!isKnown(percent) || !isKnown(health) || !(pods > 0)) continue;
            // Envoy ejects at least one pod whatever the percentage, and pays no regard to ejections below minHealthPercent.
            const ejected = Math.max(1, Math.floor((pods * percent) / 100));
            const left = health > 0 ? pods : pods - ejected;
            const name = isKnown(subset?.name) ? `${service.id}, subset ${subset?.name}` : service.id;
            facts.set(`${rule.id} ${field.path}`, { of: name, pods, percent, left });
        }
    }
    return facts;
}

interface RouteFact {
    readonly attempts: number;
    readonly perTry: number | undefined;
    readonly timeout: number | undefined;
    readonly fault: string;
    readonly destinations: Readonly<Record<string, number>>;
}

/** Istio tries a failed request twice more where a route says nothing. */
const DEFAULT_ATTEMPTS = 2;

/** What each HTTP route of a VirtualService does, by its name or else what it matches. */
function routes({ mesh }: Side): Facts<RouteFact> {
    const facts = new Map<string, RouteFact>();
    for (const virtualService of mesh.virtualServices)
        for (const { field, matches, destinations } of virtualService.httpRoutes) {
            if (field.get("redirect").isSet || field.get("directResponse").isSet) continue;
            const attempts = field.get("retries", "attempts").number() ?? DEFAULT_ATTEMPTS;
            const perTry = readDuration(field.get("retries", "perTryTimeout").text());
            const timeout = readDuration(field.get("timeout").text());
            const only = destinations.length === 1;
            const shares = destinations.map(({ host, subset, weight }): [string, number] => [
                [host, subset].filter(isKnown).join(" "),
                isKnown(weight) ? weight : only ? 100 : 0,
            ]);
            facts.set(`${virtualService.id} ${routeName(field, matches)}`, {
                attempts: isKnown(attempts) ? attempts : DEFAULT_ATTEMPTS,
                perTry: isKnown(perTry) ? perTry : undefined,
                timeout: isKnown(timeout) ? timeout : undefined,
                fault: field.get("fault").isSet ? JSON.stringify(field.get("fault").value) : "",
                destinations: Object.fromEntries(shares),
            });
        }
    return facts;
}

function routeName(field: Field, matches: readonly Field[]): string {
    const name = field.get("name").text();
    if (isKnown(name)) return `route ${name}`;
    return matches.length === 0 ? "route to everything" : `route ${JSON.stringify(matches.map(({ value }) => value))}`;
}

/** C3, T10, T11: the request ends before the tries that are declared. */
export const retriesCutOff: RiskRule = {
    id: "timeout-cuts-retries",
    title: "Whether all tries fit into a route's time-out",
    *check(base, change) {
        for (const { object, before, after } of differing(routes(base), routes(change))) {
            if (!cutOff(after) || (before && cutOff(before))) continue;
            const tries = Math.floor(after.timeout! / after.perTry!);
            yield {
                severity: "medium",
                object,
                text: `the time-out of ${after.timeout} ms ends a request after ${Math.max(1, tries)} of its ${after.attempts + 1} tries of ${after.perTry} ms each`,
            };
        }
    },
};

function cutOff({ attempts, perTry, timeout }: RouteFact): boolean {
    return (
        attempts > 0 &&
        perTry !== undefined &&
        timeout !== undefined &&
        timeout > 0 &&
        (attempts + 1) * perTry > timeout
    );
}

/** T11: retries multiply the load on what already fails, or are gone. */
export const retryLoad: RiskRule = {
    id: "retries-changed",
    title: "How many tries a request may take",
    *check(base, change) {
        for (const { object, before, after } of differing(routes(base), routes(change))) {
            if (!before || before.attempts === after.attempts) continue;
            if (after.attempts > before.attempts)
                yield {
                    severity: "low",
                    object,
                    text: `one request may become ${after.attempts + 1} (before ${before.attempts + 1}) when the service fails: as much more load on what is already failing`,
                };
            else
                yield {
                    severity: after.attempts === 0 ? "medium" : "low",
                    object,
                    text:
                        after.attempts === 0
                            ? `retries ${before.attempts} -> 0: clients see every failure of a single pod`
                            : `retries ${before.attempts} -> ${after.attempts}: clients see more of the failures of single pods`,
                };
        }
    },
};

/** T10: time-outs that are gone or much longer hold connections of a pool. */
export const timeoutGone: RiskRule = {
    id: "timeout-removed",
    title: "Whether a route still ends requests that take too long",
    *check(base, change) {
        for (const { object, before, after } of differing(routes(base), routes(change)))
            if (before?.timeout && !after.timeout)
                yield {
                    severity: "medium",
                    object,
                    text: `the time-out of ${before.timeout} ms is gone: a slow service holds its callers, and their connections, as long as it likes`,
                };
    },
};

/** E9: requests fail on purpose. */
export const faultInjected: RiskRule = {
    id: "fault-injected",
    title: "Faults that a route injects on purpose",
    *check(base, change) {
        for (const { object, before, after } of differing(routes(base), routes(change)))
            if (after.fault && after.fault !== (before?.fault ?? ""))
                yield { severity: "high", object, text: `requests are disturbed on purpose: ${after.fault}` };
    },
};

/** Percentage points of a destination's requests that one step of a canary moves at most (C9: 10 -> 50 -> 100). */
const STEP = 50;

/** C9: more of the requests go to another version at once than a step of the release has. */
export const trafficJump: RiskRule = {
    id: "traffic-jump",
    title: "How many requests change their destination at once",
    *check(base, change) {
        for (const { object, before, after } of differing(routes(base), routes(change))) {
            if (!before) continue;
            for (const [destination, share] of Object.entries(after.destinations)) {
                const old = before.destinations[destination] ?? 0;
                if (share - old > STEP)
                    yield {
                        severity: "medium",
                        object,
                        text: `${destination}: ${old} % -> ${share} % of the requests in one step; a release takes steps of at most ${STEP} points (C9)`,
                    };
            }
        }
    },
};
